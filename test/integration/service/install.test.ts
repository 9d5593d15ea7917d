/** Installing and removing the service, on a machine of the test's own: its folders, and a record of its commands. */
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../../src/platform/exec.ts';
import { LaunchdManager } from '../../../src/service/launchd-manager.ts';
import type { ServiceMachine } from '../../../src/service/manager.ts';
import { lastingNodePath, servicePath } from '../../../src/service/program-path.ts';
import { SYSTEM_PLACE, SystemdManager, userPlace } from '../../../src/service/systemd-manager.ts';
import { launchAgent, launchDaemon } from '../../../src/service/units/launchd.ts';
import { systemUnits, userUnits } from '../../../src/service/units/systemd.ts';
import { needs } from '../../fixtures/needs.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';
import { cli } from '../cli/run-cli.ts';

const DATA_DIR = '/home/kim/.local/share/hostwise';
const PLAN = {
  program: ['/usr/bin/node', '/usr/lib/node_modules/hostwise/dist/main.js'],
  flags: ['--data-dir', DATA_DIR],
  dataDir: DATA_DIR,
  writable: [DATA_DIR],
  path: '/usr/bin:/bin',
  user: 'kim',
  hosts: ['127.0.0.1', '::1'],
  ports: { https: 443, http: 80 },
};
const OK: RunResult = { code: 0, stdout: '', stderr: '' };

interface TestMachine extends ServiceMachine {
  commands: string[];
  told: string[];
}

/** `answer` says what a command does; by default it works. */
async function machine(
  answer: (args: readonly string[]) => RunResult | undefined = () => undefined,
): Promise<TestMachine> {
  const root = await tempDir('hw-root');
  const commands: string[] = [];
  const told: string[] = [];
  return {
    root,
    commands,
    told,
    run: async (file, args) => {
      commands.push([file, ...args].join(' '));
      return answer(args) ?? OK;
    },
    tell: (line) => void told.push(line.replaceAll(root, '')),
  };
}

/** Every file below the root, links with where they lead. */
async function filesOf(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.map(async (entry) => {
    const file = path.join(entry.parentPath, entry.name);
    const name = path.relative(root, file);
    if (entry.isSymbolicLink()) return `${name} -> ${path.basename(await readlink(file))}`;
    return entry.isDirectory() ? [] : name;
  });
  return (await Promise.all(files)).flat().sort();
}

/** systemctl of this machine on the test's files: it enables and disables without a running manager. */
function enableFor(place: () => string, ...scope: string[]) {
  return (args: readonly string[]): RunResult | undefined => {
    const [verb, ...rest] = args.filter((arg) => arg !== '--user');
    if (verb !== 'enable' && verb !== 'disable') return undefined;
    const units = rest.filter((arg) => arg !== '--now');
    const { status, stdout, stderr } = spawnSync('systemctl', [...scope, `--root=${place()}`, verb, ...units], {
      encoding: 'utf8',
    });
    return { code: status, stdout, stderr };
  };
}

describe('the service of the machine', () => {
  it('is written, enabled and started, sockets and all', async () => {
    const here = await machine();
    await new SystemdManager(here, SYSTEM_PLACE, systemUnits(PLAN)).install();
    expect(await filesOf(here.root)).toEqual([
      'etc/systemd/system/hostwise-http.socket',
      'etc/systemd/system/hostwise-https.socket',
      'etc/systemd/system/hostwise.service',
    ]);
    expect(here.commands).toEqual([
      'systemctl daemon-reload',
      'systemctl enable hostwise.service',
      'systemctl restart hostwise-https.socket hostwise-http.socket hostwise.service',
    ]);
    expect(await new SystemdManager(here, SYSTEM_PLACE).installedFor()).toBe(DATA_DIR);
  });

  it.skipIf(!needs('systemd-analyze'))(
    'is enabled by systemd as it says, and gone without a trace [needs systemd-analyze]',
    async () => {
      let root = '';
      const here = await machine(enableFor(() => root));
      root = here.root;
      await mkdir(path.join(root, 'etc/systemd/system'), { recursive: true });
      await writeFile(path.join(root, 'etc/systemd/system/other.service'), '[Service]\nExecStart=/bin/true\n');
      const before = await filesOf(root);
      const manager = new SystemdManager(here, SYSTEM_PLACE, systemUnits(PLAN));
      await manager.install();
      expect(await filesOf(root)).toEqual(
        [
          ...before,
          'etc/systemd/system/hostwise-http.socket',
          'etc/systemd/system/hostwise-https.socket',
          'etc/systemd/system/hostwise.service',
          'etc/systemd/system/multi-user.target.wants/hostwise.service -> hostwise.service',
          'etc/systemd/system/sockets.target.wants/hostwise-http.socket -> hostwise-http.socket',
          'etc/systemd/system/sockets.target.wants/hostwise-https.socket -> hostwise-https.socket',
        ].sort(),
      );
      expect(await manager.uninstall()).toBe(true);
      expect(await filesOf(root)).toEqual(before);
      expect(await readdir(path.join(root, 'etc/systemd/system'))).toEqual(['other.service']);
      expect(await manager.uninstall()).toBe(false);
    },
  );

  it('moves its sockets when it is installed again with other ports', async () => {
    const here = await machine();
    await new SystemdManager(here, SYSTEM_PLACE, systemUnits(PLAN)).install();
    here.commands.length = 0;
    await new SystemdManager(
      here,
      SYSTEM_PLACE,
      systemUnits({ ...PLAN, ports: { https: 8443, http: 8080 } }),
    ).install();
    expect(here.commands[0]).toBe('systemctl stop hostwise-https.socket hostwise-http.socket hostwise.service');
    expect(await readFile(path.join(here.root, 'etc/systemd/system/hostwise-https.socket'), 'utf8')).toContain(
      'ListenStream=[::1]:8443',
    );
  });

  it('that cannot start leaves nothing behind, and says what systemd said', async () => {
    const here = await machine(([verb]) =>
      verb === 'restart'
        ? { code: 1, stdout: '', stderr: 'Job for hostwise-https.socket failed.\nSee more.\n' }
        : undefined,
    );
    await expect(new SystemdManager(here, SYSTEM_PLACE, systemUnits(PLAN)).install()).rejects.toMatchObject({
      code: 'SERVICE_FAILED',
      message: expect.stringContaining('Job for hostwise-https.socket failed.'),
      hint: expect.stringContaining('journalctl -u hostwise'),
    });
    expect(await filesOf(here.root)).toEqual([]);
  });

  it('never touches a unit of somebody else', async () => {
    const here = await machine();
    const file = path.join(here.root, 'etc/systemd/system/hostwise.service');
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, '[Service]\nExecStart=/mine\n');
    const manager = new SystemdManager(here, SYSTEM_PLACE, systemUnits(PLAN));
    await expect(manager.install()).rejects.toMatchObject({ code: 'SERVICE_FAILED' });
    expect(await manager.uninstall()).toBe(false);
    expect(await filesOf(here.root)).toEqual(['etc/systemd/system/hostwise.service']);
    expect(await readFile(file, 'utf8')).toContain('/mine');
  });
});

describe('the service of a user', () => {
  it('goes where that user’s manager looks, and leaves no empty folder', async () => {
    const here = await machine();
    const place = userPlace('/home/k i m/.config');
    const manager = new SystemdManager(here, place, userUnits(PLAN));
    await manager.install();
    expect(await filesOf(here.root)).toEqual(['home/k i m/.config/systemd/user/hostwise.service']);
    expect(here.commands).toEqual([
      'systemctl --user daemon-reload',
      'systemctl --user enable hostwise.service',
      'systemctl --user restart hostwise.service',
    ]);
    expect(manager.startCommand).toBe('systemctl --user start hostwise.service');
    expect(await manager.uninstall()).toBe(true);
    expect(await readdir(path.join(here.root, 'home/k i m/.config'))).toEqual([]);
  });
});

describe('the launch agent', () => {
  const TEXT = launchAgent({ ...PLAN, outputFile: `${DATA_DIR}/logs/output.log` });
  const PLACE = { home: '/Users/kim', uid: 501 };
  const FILE = 'Users/kim/Library/LaunchAgents/localhost.hostwise.plist';

  it('replaces the one before, also while that is still on its way out', async () => {
    let left = 2;
    const here = await machine(([verb]) =>
      verb === 'bootstrap' && left-- > 0
        ? { code: 5, stdout: '', stderr: 'Bootstrap failed: 5: Input/output error' }
        : undefined,
    );
    const manager = new LaunchdManager(here, PLACE, TEXT, 1);
    await manager.install();
    expect(await readFile(path.join(here.root, FILE), 'utf8')).toBe(TEXT);
    expect(await manager.installedFor()).toBe(DATA_DIR);
    const bootstrap = `launchctl bootstrap gui/501 ${path.join(here.root, FILE)}`;
    expect(here.commands).toEqual(['launchctl bootout gui/501/localhost.hostwise', ...Array(3).fill(bootstrap)]);
    expect(await manager.uninstall()).toBe(true);
    expect(await filesOf(here.root)).toEqual([]);
    expect(await manager.uninstall()).toBe(false);
  });

  it('that launchd refuses leaves nothing behind', async () => {
    const here = await machine(([verb]) =>
      verb === 'bootstrap' ? { code: 125, stdout: '', stderr: 'Domain does not support' } : undefined,
    );
    await expect(new LaunchdManager(here, PLACE, TEXT, 1).install()).rejects.toMatchObject({
      code: 'SERVICE_FAILED',
      message: expect.stringContaining('Domain does not support'),
    });
    expect(await filesOf(here.root)).toEqual([]);
  });
});

describe('the launch daemon', () => {
  it('is the machine’s: its file, its domain, its lines, and no trace of it afterwards', async () => {
    const here = await machine();
    const user = { uid: 501, gid: 20, home: '/Users/kim' };
    const text = launchDaemon({ ...PLAN, user, sockets: [{ name: 'https', host: '127.0.0.1', port: 443 }] });
    const manager = new LaunchdManager(here, 'daemon', text, 1);
    expect({ needsRoot: manager.needsRoot, runBy: manager.runBy }).toEqual({
      needsRoot: true,
      runBy: 'launchd-daemon',
    });
    expect(manager.startCommand).toBe('sudo launchctl kickstart system/localhost.hostwise');
    await manager.install();
    const file = path.join(here.root, 'Library/LaunchDaemons/localhost.hostwise.plist');
    expect(await readFile(file, 'utf8')).toBe(text);
    expect(await manager.program()).toEqual(PLAN.program);
    expect(here.commands.at(-1)).toBe(`launchctl bootstrap system ${file}`);
    await mkdir(path.join(here.root, 'var/log'), { recursive: true });
    await writeFile(path.join(here.root, 'var/log/hostwise.output.log'), 'last words');
    expect(await manager.uninstall()).toBe(true);
    expect(await filesOf(here.root)).toEqual([]);
  });
});

describe('the path of node', () => {
  it('is a link that outlives the version where one leads to this very node', async () => {
    const folder = await tempDir('hw-node');
    const [same, other] = [path.join(folder, 'node'), path.join(folder, 'other')];
    await symlink(process.execPath, same);
    await symlink('/bin/sh', other);
    expect(await lastingNodePath(process.execPath, [path.join(folder, 'none'), other, same])).toBe(same);
    expect(await lastingNodePath(process.execPath, [other])).toBe(process.execPath);
  });

  it('comes first for the programs that the service runs', () => {
    expect(servicePath('/home/kim/.nvm/v26/bin/node')).toMatch(/^\/home\/kim\/\.nvm\/v26\/bin:.*:\/usr\/bin:/);
    expect(
      servicePath('/usr/bin/node')
        .split(':')
        .filter((one) => one === '/usr/bin'),
    ).toHaveLength(1);
  });
});

describe('hostwise service', () => {
  it('uninstall with nothing installed says so', async () => {
    const env = { HOME: await tempDir('hw-home') };
    expect(await cli(['service', 'uninstall'], { env })).toMatchObject({
      code: 0,
      stdout: 'No service of hostwise is installed\n',
    });
  });

  it('is told apart from a wrong call', async () => {
    expect((await cli(['service', 'remove'])).code).toBe(2);
    expect((await cli(['service', 'install', '--resolve', 'maybe'])).code).toBe(2);
  });
});
