/** Folders, disks and users as nobody wants them: a clear message, nothing destroyed, nothing left running. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { developerEnv } from '../../fixtures/dev-server.ts';
import { startHostwise } from '../../fixtures/hostwise-process.ts';
import { needs } from '../../fixtures/needs.ts';
import { COMPILE_CACHE, MAIN } from '../../fixtures/program.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';
import { type CliResult, cli } from '../cli/run-cli.ts';

const FREE_PORTS = ['--https-port', '0', '--http-port', '0'];

describe('bad surroundings', () => {
  it.skipIf(!needs('root'))(
    'a read-only data folder: start says so, nothing is left running [needs root]',
    async () => {
      const dataDir = path.join(await tempDir('hw-ro'), 'data');
      await mkdir(dataDir, { mode: 0o500 });
      await chmod(path.dirname(dataDir), 0o755);
      // Root may write everywhere; the folder's owner may not.
      await chown(dataDir, NOBODY, NOBODY);
      const { stderr, code } = await asNobody(['start', ...FREE_PORTS, '--data-dir', dataDir]);
      expect(stderr).toMatch(/^hostwise: The data folder ".*" cannot be used: /);
      expect(code).toBe(1);
      expect(await readdir(dataDir)).toEqual([]);
    },
  );

  it.skipIf(!needs('root'))(
    'HOME unset and a user that nobody knows: start asks for a data folder [needs root]',
    async () => {
      const { stderr, code } = await asNobody(['start', ...FREE_PORTS], 54_321);
      expect(stderr).toMatch(/^hostwise: HOME is not set .*\n.*--data-dir/);
      expect(code).toBe(1);
    },
  );

  it('HOME unset: the user database knows the folder', async () => {
    const options = { env: { HOME: undefined, HOSTWISE_DATA_DIR: undefined, XDG_DATA_HOME: await tempDir('hw-xdg') } };
    const { stdout, code } = await cli(['status', '--json'], options);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({ running: false, dataDir: path.join(options.env.XDG_DATA_HOME, 'hostwise') });
  });
});

describe('two on one data folder', () => {
  it('the second says so and changes nothing of the first', async () => {
    const first = await startHostwise();
    onTestFinished(() => first.stop());
    // The first one makes that folder when it has started.
    const files = async (): Promise<string[]> => (await readdir(first.dataDir)).filter((name) => name !== 'compiled');
    const before = await files();
    const { code, stdout, stderr } = await cli(['run', ...FREE_PORTS], { dataDir: first.dataDir });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^hostwise: hostwise is already running with this data folder\n.*hostwise stop/);
    expect(await files()).toEqual(before);
    expect((await cli(['status'], { dataDir: first.dataDir })).code).toBe(0);
  });
});

describe.skipIf(!needs('root'))('sudo with the HOME of a third user [needs root]', () => {
  it.each([
    ['start', ...FREE_PORTS],
    ['trust'],
    ['doctor'],
    ['setup', '--provider', 'none', '--no-trust', '--service', 'none'],
  ])('%s says so and touches nothing there', async (...args) => {
    const home = path.join(await tempDir('hw-third'), 'third');
    await mkdir(home, { mode: 0o755 });
    await chown(home, 1234, 1234);
    const env = { HOME: home, HOSTWISE_DATA_DIR: undefined, XDG_DATA_HOME: undefined, ...SUDO };
    const { code, stdout, stderr } = await cli(args, { env });
    expect(code).toBe(1);
    expect(stdout + stderr).toContain(`HOME is "${home}", which is not the home of nobody`);
    expect(stdout + stderr).toContain('sudo with -H');
    expect(await readdir(home)).toEqual([]);
  });

  it('with the HOME of the caller, what is made is the caller’s', async () => {
    const home = path.join(await tempDir('hw-own'), 'own');
    await mkdir(home, { mode: 0o755 });
    await chown(home, NOBODY, NOBODY);
    const env = { HOME: home, HOSTWISE_DATA_DIR: undefined, XDG_DATA_HOME: undefined, ...SUDO };
    expect((await cli(['ca', 'path'], { env })).code).toBe(0);
    for (const name of ['.local/share/hostwise', '.local/share/hostwise/ca/intermediate.key']) {
      expect((await stat(path.join(home, name))).uid).toBe(NOBODY);
    }
  });
});

/** In a mount namespace, with `$WORK/data` on a disk of 256 KiB. */
function onSmallDisk(script: string, work: string): { status: number | null; stdout: string; stderr: string } {
  const mounted = `mkdir $WORK/data; mount -t tmpfs -o size=256k,mode=700 tmpfs $WORK/data
    hw() { $NODE $MAIN "$@"; }
    trap 'hw stop >/dev/null 2>&1' EXIT
    fill() { dd if=/dev/zero of=$WORK/data/fill bs=1k 2>/dev/null || true; }`;
  return spawnSync('unshare', ['--mount', 'sh', '-ec', `${mounted}\n${script}`], {
    encoding: 'utf8',
    env: developerEnv({
      ...COMPILE_CACHE,
      NODE: process.execPath,
      MAIN,
      WORK: work,
      HOME: work,
      HOSTWISE_DATA_DIR: path.join(work, 'data'),
      DOCKER_HOST: `unix://${work}/none`,
    }),
    timeout: 80_000,
  });
}

describe.skipIf(!needs('namespaces'))('a full disk [needs namespaces]', () => {
  it('while it runs: a route is refused with the reason, the file stays whole, and with room again it is written', async () => {
    const work = await tempDir('hw-full');
    const { stdout, stderr, status } = onSmallDisk(
      `hw start --https-port 0 --http-port 0 >/dev/null
      hw routes set first 10.1.2.3:80 >/dev/null
      cp $WORK/data/mappings.json $WORK/before.json
      fill
      hw routes set second 10.1.2.4:80 > $WORK/second.txt 2>&1 && echo ok || echo refused
      cmp $WORK/data/mappings.json $WORK/before.json && echo whole
      ls -A $WORK/data | grep -c 'tmp$' || true
      hw status >/dev/null && echo up
      rm $WORK/data/fill
      hw routes set third 10.1.2.5:80 >/dev/null
      cp $WORK/data/mappings.json $WORK/after.json
      hw stop >/dev/null`,
      work,
    );
    expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: '', stdout: 'refused\nwhole\n0\nup\n' });
    expect(await readFile(path.join(work, 'second.txt'), 'utf8')).toMatch(/no space left|disk is full/i);
    const after = JSON.parse(await readFile(path.join(work, 'after.json'), 'utf8')) as object;
    expect(Object.keys(after)).toEqual(expect.arrayContaining(['first.localhost', 'third.localhost']));
  }, 90_000);

  it('at the first start: it says so, and leaves no half CA', async () => {
    const work = await tempDir('hw-full');
    const { stdout, status } = onSmallDisk(
      `fill
      hw run --https-port 0 --http-port 0 > $WORK/run.txt 2>&1 || echo $?
      hw ca path > $WORK/ca.txt 2>&1 || echo $?
      hw start --https-port 0 --http-port 0 > $WORK/start.txt 2>&1 || echo $?
      ls -A $WORK/data`,
      work,
    );
    expect({ status, stdout: stdout.replace(/^logs\n/m, '') }).toEqual({ status: 0, stdout: '1\n1\n1\nfill\n' });
    for (const name of ['run', 'ca', 'start']) {
      const said = await readFile(path.join(work, `${name}.txt`), 'utf8');
      expect(said).toMatch(/^hostwise: .*(?:no space left|disk is full)/i);
    }
  }, 90_000);
});

/** The user that owns nothing. */
const NOBODY = 65_534;

/** As sudo sets them, called by that user. */
const SUDO = { SUDO_UID: String(NOBODY), SUDO_GID: String(NOBODY), SUDO_USER: 'nobody' };

/** As another user, without any variable of ours. */
async function asNobody(args: readonly string[], uid = NOBODY): Promise<CliResult> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    uid,
    gid: uid,
    cwd: '/',
    env: { PATH: process.env.PATH, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const result: CliResult = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    result.stdout += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    result.stderr += String(chunk);
  });
  const [code] = await once(child, 'close');
  return { ...result, code };
}
