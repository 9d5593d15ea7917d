/** The units as text, and what systemd itself says of them. */
import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { programOf } from '../../../src/service/program-path.ts';
import { launchAgent, launchDaemon, plistDataDir, plistWords } from '../../../src/service/units/launchd.ts';
import {
  type SystemPlan,
  systemUnits,
  type Unit,
  unitDataDir,
  unitWords,
  userUnits,
} from '../../../src/service/units/systemd.ts';
import { needs, requireTool } from '../../fixtures/needs.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';

const golden = (name: string): string => path.join('..', '..', 'fixtures', 'units', name);

const DATA_DIR = '/home/kim/.local/share/hostwise';
const PLAN: SystemPlan = {
  program: ['/usr/bin/node', '/usr/lib/node_modules/hostwise/dist/main.js'],
  flags: ['--data-dir', DATA_DIR],
  dataDir: DATA_DIR,
  writable: [DATA_DIR],
  path: '/usr/bin:/bin',
  user: 'kim',
  hosts: ['127.0.0.1', '::1'],
  ports: { https: 443, http: 80 },
};

/** Everything that the syntax of units gives a meaning to. */
const ODD = '/tmp/k.i m/100% "$HOME" \\n';

describe('the units', () => {
  it.each(systemUnits(PLAN))('for the machine: $name', async ({ name, text }) => {
    await expect(text).toMatchFileSnapshot(golden(name));
  });

  it('for the user', async () => {
    const units = userUnits(PLAN);
    expect(units.map(({ name }) => name)).toEqual(['hostwise.service']);
    await expect(units[0]?.text).toMatchFileSnapshot(golden('user.service'));
  });

  it('the launch agent', async () => {
    const agent = launchAgent({ ...PLAN, outputFile: `${DATA_DIR}/logs/output.log` });
    await expect(agent).toMatchFileSnapshot(golden('localhost.hostwise.plist'));
  });

  it('the launch daemon', async () => {
    const sockets = [
      { name: 'https', host: '127.0.0.1', port: 443 },
      { name: 'https', host: '::1', port: 443 },
    ];
    const daemon = launchDaemon({ ...PLAN, user: { uid: 501, gid: 20, home: '/Users/kim' }, sockets });
    await expect(daemon).toMatchFileSnapshot(golden('localhost.hostwise.daemon.plist'));
    expect(plistDataDir(daemon)).toBe(DATA_DIR);
    expect(programOf(plistWords(daemon))).toEqual(PLAN.program);
  });

  it('say for which data folder they are, whatever its name', () => {
    for (const dataDir of [DATA_DIR, ODD, '/a<b>&c', '/line\nbreak']) {
      expect(unitDataDir(systemUnits({ ...PLAN, dataDir })[2]?.text ?? '')).toBe(dataDir);
      expect(plistDataDir(launchAgent({ ...PLAN, dataDir, outputFile: '/x' }))).toBe(dataDir);
    }
    expect(unitDataDir('[Unit]\nDescription=of somebody else')).toBeUndefined();
    expect(plistDataDir('<plist/>')).toBeUndefined();
  });
});

describe('the program of a unit', () => {
  it.each([
    ['/usr/bin/node', '/usr/lib/hostwise/main.js'],
    [`${ODD}/node$1`, `${ODD}/100%%/main.js`],
    ['/a<b>&c/node', "/it's/\n/main.js"],
  ])('is read back from it: %j', (node, script) => {
    const plan = { ...PLAN, program: [node, '--no-warnings', script] };
    const service = systemUnits(plan)[2]?.text ?? '';
    for (const words of [unitWords(service), unitWords(userUnits(plan)[0]?.text ?? '')]) {
      expect(programOf(words)).toEqual([node, script]);
    }
    expect(programOf(plistWords(launchAgent({ ...plan, outputFile: '/x' })))).toEqual([node, script]);
  });

  it('is unknown in another text', () => {
    expect(programOf(unitWords('[Service]\nExecStart=/usr/bin/caddy run\n'))).toBeUndefined();
    expect(programOf(plistWords('<plist/>'))).toBeUndefined();
  });
});

async function writeUnits(units: readonly Unit[]): Promise<string[]> {
  const folder = await tempDir('hw-units');
  const files = units.map(({ name }) => path.join(folder, name));
  for (const [i, { text }] of units.entries()) await writeFile(files[i] ?? '', text);
  return files;
}

function analyze(...args: string[]): { status: number | null; output: string } {
  // A user's manager wants a folder for its sockets, which only a login makes.
  const env = { ...process.env, XDG_RUNTIME_DIR: os.tmpdir() };
  const { status, stdout, stderr } = spawnSync(requireTool('systemd-analyze'), args, { encoding: 'utf8', env });
  return { status, output: stdout + stderr };
}

describe.skipIf(!needs('systemd-analyze'))('systemd [needs systemd-analyze]', () => {
  /** What is there on the machine that judges: systemd looks for the program, the user and the folder. */
  async function realPlan(): Promise<SystemPlan> {
    const dataDir = path.join(await tempDir('hw-plan'), path.basename(ODD));
    await mkdir(dataDir);
    const flags = ['--data-dir', dataDir];
    return {
      ...PLAN,
      program: [process.execPath, ODD],
      flags,
      dataDir,
      writable: [dataDir],
      user: os.userInfo().username,
    };
  }

  it('takes the units without a word', async () => {
    const files = await writeUnits(systemUnits(await realPlan()));
    expect(analyze('verify', ...files)).toEqual({ status: 0, output: '' });
  });

  it('takes the user’s unit without a word', async () => {
    const files = await writeUnits(userUnits(await realPlan()));
    expect(analyze('verify', '--user', ...files)).toEqual({ status: 0, output: '' });
  });

  it('would not take a mistake in them', async () => {
    const [, , service] = systemUnits(await realPlan());
    const files = await writeUnits([{ name: 'hostwise.service', text: `${service?.text}Nonsense=yes\n` }]);
    expect(analyze('verify', ...files).output).toMatch(/Nonsense|hostwise-https\.socket/);
  });

  it('reads a path as it was meant, whatever stands in it', async () => {
    // systemd names a program that it does not find, as it understood it. Quotes it refuses in a program's name.
    const program = '/opt/k.i m/100% $HOME/node';
    const [, , service] = systemUnits({ ...(await realPlan()), program: [program] });
    const files = await writeUnits([{ name: 'hostwise.service', text: service?.text ?? '' }]);
    expect(analyze('verify', ...files).output).toContain(`Command ${program} is not executable`);
  });

  it('says that the service is well shut off: at most 2.5 of 10, where a bare one has 9.6', async () => {
    const units = systemUnits({ ...PLAN, user: 'nobody' });
    const files = await writeUnits(units.filter(({ name }) => name.endsWith('.service')));
    const { output } = analyze('security', '--offline=true', '--no-pager', ...files);
    const exposure = Number(/Overall exposure level for hostwise\.service: ([\d.]+)/.exec(output)?.[1]);
    expect(exposure).toBeGreaterThan(0);
    expect(exposure).toBeLessThanOrEqual(2.5);
    expect(analyze('security', '--offline=true', '--threshold=25', '--no-pager', ...files).status).toBe(0);
  });
});
