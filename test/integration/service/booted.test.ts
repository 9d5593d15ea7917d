/**
 * The service on a machine of its own: a real systemd, booted in namespaces, with empty folders in the place of the
 * machine's units. What the unit shuts off is shut off for real, and the ports are 443 and 80.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { developerEnv } from '../../fixtures/dev-server.ts';
import { needs } from '../../fixtures/needs.ts';
import { MAIN } from '../../fixtures/program.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

/** nobody: a user that is on every Debian, with no right to anything. */
const USER = { uid: 65_534, name: 'nobody' };

/** Our units want the usual targets; without their `.wants` these start nothing of the machine's. */
const BOOT = `
for d in /run /etc/systemd/system /usr/lib/systemd/system/*.target.wants; do [ -d "$d" ] && mount -t tmpfs tmpfs "$d"; done
ip link set lo up
printf '[Unit]\\nDefaultDependencies=no\\n' > /etc/systemd/system/quiet.target
exec env container=other /lib/systemd/systemd --system --unit=quiet.target --log-target=null`;

interface Inside {
  code: number;
  output: string;
}

/** A command on that machine. */
type RunInside = (...command: readonly string[]) => Promise<Inside>;

async function bootMachine(env: Record<string, string>): Promise<RunInside> {
  const flags = ['--mount', '--net', '--pid', '--cgroup', '--uts', '--ipc', '--fork', '--kill-child', '--mount-proc'];
  const unshare = spawn('unshare', [...flags, 'sh', '-c', BOOT], { stdio: 'ignore' });
  onTestFinished(() => end(unshare));
  const children = `/proc/${unshare.pid}/task/${unshare.pid}/children`;
  const pid = await waitFor('the first process', async () => (await readFile(children, 'utf8')).trim());
  const inside: RunInside = (...command) =>
    new Promise((resolve) => {
      const args = ['-t', pid, '-m', '-p', '-n', '-u', '-i', '-C', ...command];
      const options = { env: developerEnv(env), timeout: 60_000, killSignal: 'SIGKILL' as const };
      const child = execFile('nsenter', args, options, (_, stdout, stderr) =>
        resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
      );
    });
  await waitFor('systemd', async () =>
    /^(?:running|degraded)/.test((await inside('systemctl', 'is-system-running')).output),
  );
  return inside;
}

/** Its first process gone, all of them are. */
async function end(unshare: ChildProcess): Promise<void> {
  if (unshare.exitCode !== null || unshare.signalCode !== null) return;
  unshare.kill('SIGKILL');
  await once(unshare, 'exit');
}

it.skipIf(!needs('namespaces') || !needs('systemd-analyze'))(
  'under systemd: installed, asked, restarted by its user, stopped, started, gone [needs namespaces, systemd-analyze]',
  async () => {
    const folder = await tempDir('hw-boot');
    await chmod(folder, 0o755);
    const dataDir = path.join(folder, 'data dir%');
    await mkdir(dataDir, { mode: 0o700 });
    await chown(dataDir, USER.uid, USER.uid);
    const inside = await bootMachine({
      SUDO_UID: String(USER.uid),
      SUDO_GID: String(USER.uid),
      SUDO_USER: USER.name,
      HOSTWISE_DATA_DIR: dataDir,
    });
    const hostwise: RunInside = (...args) => inside(process.execPath, MAIN, ...args);
    const asUser: RunInside = (...args) =>
      inside(
        'setpriv',
        `--reuid=${USER.uid}`,
        `--regid=${USER.uid}`,
        '--clear-groups',
        process.execPath,
        MAIN,
        ...args,
      );
    const visit = async (url: string): Promise<string> =>
      (await inside('curl', '-sk', '-o', '/dev/null', '-w', '%{http_code}', url)).output;
    const before = await inside('ls', '-R', '/etc/systemd/system');

    const installed = await hostwise('service', 'install');
    expect(installed).toMatchObject({ code: 0, output: expect.stringContaining('runs as a service of systemd') });
    for (const url of ['http://127.0.0.1/', 'http://[::1]/', 'https://zzz.localhost/']) {
      // 421: an address is no name of ours; 404: nobody has this name. Both are hostwise's own words.
      expect(await visit(url)).toMatch(/^(?:421|404)$/);
    }
    const status = JSON.parse((await asUser('status', '--json')).output) as Record<string, unknown>;
    expect(status).toMatchObject({ running: true, runBy: 'systemd', ports: { https: 443, http: 80 }, lastError: null });
    const inProc = await inside('cat', `/proc/${status.pid}/status`);
    expect(inProc.output).toMatch(/^Uid:\t65534\t65534\t65534\t65534$/m);
    expect(inProc.output).toMatch(/^CapBnd:\t0+$/m);
    expect(inProc.output).toMatch(/^NoNewPrivs:\t1$/m);
    expect(inProc.output).toMatch(/^Seccomp:\t2$/m);

    expect((await asUser('restart')).code).toBe(0);
    const after = JSON.parse((await asUser('status', '--json')).output) as Record<string, unknown>;
    expect(after).toMatchObject({ running: true, runBy: 'systemd' });
    expect(after.pid).not.toBe(status.pid);

    const refused = await asUser('stop');
    expect(refused.code).toBe(1);
    expect(refused.output).toContain('sudo systemctl stop hostwise-https.socket hostwise-http.socket hostwise.service');
    expect((await hostwise('stop')).code).toBe(0);
    expect(await visit('http://127.0.0.1/')).toBe('000');
    expect((await hostwise('start')).code).toBe(0);
    expect(await visit('http://127.0.0.1/')).toMatch(/^4/);

    expect((await asUser('service', 'uninstall')).code).toBe(1);
    expect((await hostwise('service', 'uninstall')).code).toBe(0);
    expect(await visit('http://127.0.0.1/')).toBe('000');
    expect(await inside('ls', '-R', '/etc/systemd/system')).toEqual(before);
  },
  180_000,
);
