/**
 * `hostwise trust` and `untrust` on the real stores of a Linux machine, judged by the programs that read them. The home
 * is a temporary one; /etc and /usr/local are copies, in a mount namespace of the command's own.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cp, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { rotateAuthority } from '../../../src/tls/authority.ts';
import type { TrustOptions } from '../../../src/tls/trust/surroundings.ts';
import { trustEverywhere, untrustEverywhere } from '../../../src/tls/trust/trust-everywhere.ts';
import { rootOf } from '../../../src/tls/trust/trust-report.ts';
import { developerEnv } from '../../fixtures/dev-server.ts';
import { needs, requireTool } from '../../fixtures/needs.ts';
import { COMPILE_CACHE, MAIN } from '../../fixtures/program.ts';
import { tempDir } from '../../fixtures/temp-dir.ts';
import { startTlsStand, type TlsStand } from '../../fixtures/tls-stand.ts';
import { waitFor } from '../../fixtures/wait-for.ts';

const run = promisify(execFile);
/** Debian's program builds Java's store, too, and Firefox takes its time; both on a loaded machine. */
const LIMIT_MS = 90_000;

let home: string;
let dataDir: string;
let stand: TlsStand;

beforeEach(async () => {
  home = join(await tempDir('hw-trust'), "my o'home.d");
  dataDir = join(home, 'data');
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  stand = await startTlsStand(dataDir);
  onTestFinished(() => stand.close());
});

function environment(more: Record<string, string | undefined> = {}): NodeJS.ProcessEnv {
  return developerEnv({
    ...COMPILE_CACHE,
    HOME: home,
    HOSTWISE_DATA_DIR: dataDir,
    XDG_CONFIG_HOME: undefined,
    XDG_DATA_HOME: undefined,
    JAVA_HOME: undefined,
    SUDO_UID: undefined,
    SUDO_GID: undefined,
    SUDO_USER: undefined,
    CURL_CA_BUNDLE: undefined,
    SSL_CERT_FILE: undefined,
    ...more,
  });
}

/** The folders that the commands change; each is laid over with a copy of itself. */
const CHANGED = ['/etc', '/usr/local/share'];
/** Debian's hook that builds Java's store anew whenever the system's changes: most of the time of `trust`. */
const JAVA_HOOK = '/etc/ca-certificates/update.d/jks-keystore';

/**
 * A machine like this one, whose system folders are copies.
 * @param withJava whether Java's store is built, too, where there is Java
 * @returns a way to run shell lines in it
 */
async function machine(withJava = false): Promise<(script: string, env?: Record<string, string>) => Promise<string>> {
  const copies = await tempDir('hw-system');
  const mounts = await Promise.all(
    CHANGED.map(async (folder, index) => {
      const copy = join(copies, String(index));
      await cp(folder, copy, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
      return `mount --bind ${copy} ${folder}`;
    }),
  );
  return async (script, env = {}) => {
    const withoutJava = withJava ? [] : [`rm -f ${JAVA_HOOK}`];
    const inside = `${[...mounts, ...withoutJava].join(' && ')} && { ${script}\n}`;
    const args = ['--mount', '--propagation', 'private', 'sh', '-c', inside];
    const result = await run('unshare', args, { env: environment(env), timeout: LIMIT_MS }).catch(
      (error: { stdout: string; stderr: string }) => error,
    );
    return result.stdout + result.stderr;
  };
}

function hostwise(...args: string[]): string {
  return ["'", process.execPath, "' '", MAIN, "' ", args.join(' ')].join('');
}

describe.skipIf(!needs('namespaces') || !needs('curl') || !needs('certutil'))(
  'the system [needs namespaces, curl, certutil]',
  () => {
    it(
      'trusts after `trust`, once, and not any more after `untrust`',
      async () => {
        const shell = await machine(true);
        const ask = `curl -sS --noproxy '*' --resolve shop.localhost:${stand.port}:127.0.0.1 https://shop.localhost:${stand.port}/`;
        expect(await shell(ask)).toMatch(/self-signed|unable to get/);

        const first = await shell(hostwise('trust'));
        expect(first).toMatch(/This system .* trusts it now/);
        expect(await shell(ask)).toBe('hello shop.localhost');
        expect(await shell(hostwise('trust'))).toMatch(/This system .* trusts it already/);
        const anchors = await shell('ls /usr/local/share/ca-certificates | grep -c hostwise');
        expect(anchors.trim()).toBe('1');

        expect(await shell(hostwise('untrust'))).toMatch(/This system .* trusts it no more/);
        expect(await shell(ask)).toMatch(/self-signed|unable to get/);
        expect(await shell('find /usr/local/share/ca-certificates /etc/ssl -iname "*hostwise*"')).toBe('');
      },
      LIMIT_MS,
    );

    it(
      'under sudo gets the CA, and so do the stores of the user who called it, whose files stay theirs',
      async () => {
        const uid = 54_321;
        await run('chown', ['-R', `${uid}:${uid}`, join(home, '..')]);
        const shell = await machine();
        const sudo = { SUDO_UID: String(uid), SUDO_GID: String(uid), SUDO_USER: 'dev' };
        const said = await shell(`${hostwise('trust')}`, sudo);
        expect(said).toMatch(/This system .* trusts it now/);
        expect(said).toMatch(/Chromium.* trusts it now/);
        const store = join(home, '.local/share/pki/nssdb');
        for (const name of await readdir(store)) expect((await stat(join(store, name))).uid, name).toBe(uid);
        expect(await shell(hostwise('untrust'), sudo)).toMatch(/Chromium.* trusts it no more/);
      },
      LIMIT_MS,
    );

    it(
      'gets nothing where only a user asks: the one command that would is printed',
      async () => {
        const uid = 54_322;
        await run('chown', ['-R', `${uid}:${uid}`, join(home, '..')]);
        const shell = await machine();
        const said = await shell(`setpriv --reuid ${uid} --regid ${uid} --clear-groups ${hostwise('trust')}`);
        expect(said).toMatch(/This system .*only root may do this/);
        expect(said).toContain('sudo update-ca-certificates');
        // A store that fails does not keep the others.
        expect(said).toMatch(/Chromium.* trusts it now/);
      },
      LIMIT_MS,
    );
  },
);

describe.skipIf(!needs('certutil'))('a proxy that runs [needs certutil]', () => {
  it(
    'knows at once what `trust` and `untrust` have changed',
    async () => {
      await run('chown', ['-R', '54323:54323', join(home, '..')]);
      const hostwise = async (...words: string[]): Promise<string> => {
        const args = ['--reuid', '54323', '--regid', '54323', '--clear-groups', process.execPath, MAIN, ...words];
        const { stdout } = await run('setpriv', args, { env: environment() }).catch(
          (error: { stdout: string }) => error,
        );
        return stdout;
      };
      const chromium = async (): Promise<boolean | undefined> => {
        const { trust } = JSON.parse(await hostwise('status', '--json')) as {
          trust: { stores: { title: string; trusted: boolean }[] };
        };
        return trust.stores.find(({ title }) => title.startsWith('Chromium'))?.trusted;
      };
      onTestFinished(async () => void (await hostwise('stop')));
      await hostwise('start', '--https-port', '0', '--http-port', '0', '--resolve', 'names');
      expect(await chromium()).toBe(false);
      await hostwise('trust');
      expect(await chromium()).toBe(true);
      await hostwise('untrust');
      expect(await chromium()).toBe(false);
    },
    LIMIT_MS,
  );
});

describe.skipIf(!needs('certutil'))('an NSS database [needs certutil]', () => {
  it.each(['.pki/nssdb', '.local/share/pki/nssdb'])(
    'in %s loses the CA and those before it at `untrust`, and keeps those of others',
    async (folder) => {
      const store = join(home, folder);
      await mkdir(store, { recursive: true });
      const certutil = requireTool('certutil');
      await run(certutil, ['-N', '--empty-password', '-d', `sql:${store}`]);
      const stranger = join(home, 'stranger.pem');
      await writeStrangersCa(stranger);
      await run(certutil, ['-A', '-d', `sql:${store}`, '-t', 'C,,', '-n', 'hostwise of a stranger', '-i', stranger]);
      const names = async (): Promise<string> => (await run(certutil, ['-L', '-d', `sql:${store}`])).stdout;

      const options: TrustOptions = { platform: 'linux', isRoot: false, systemRoot: await tempDir('hw-system') };
      await trustEverywhere(rootOf(stand.authority), home, options);
      const next = await rotateAuthority(dataDir, { domains: ['localhost'], nameConstraints: true });
      await trustEverywhere(rootOf(next), home, options);
      expect((await names()).match(/hostwise(?! of a stranger)/g)).toHaveLength(2);
      await untrustEverywhere(home, options);
      expect(await names()).toMatch(/hostwise of a stranger/);
      expect(await names()).not.toMatch(/hostwise(?! of a stranger)/);
    },
    LIMIT_MS,
  );
});

async function writeStrangersCa(file: string): Promise<void> {
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '9'];
  await run(requireTool('openssl'), [
    ...args,
    '-subj',
    '/CN=hostwise of a stranger',
    '-keyout',
    '/dev/null',
    '-out',
    file,
  ]);
}

describe.skipIf(!needs('firefox-esr') || !needs('certutil') || !needs('namespaces'))(
  'Firefox [needs firefox-esr, certutil, namespaces]',
  () => {
    it(
      'opens our names after `trust`, without a warning, and refuses example.com from the same CA',
      async () => {
        const shell = await machine();
        const profile = await firefoxProfile();
        expect(await shell(hostwise('trust'))).toMatch(/Firefox, profile "default" trusts it now/);
        await browse(profile, ['example.com', 'shop.localhost', 'a.b.localhost', '127.0.0.1'], async () => {
          await waitFor('all three were opened', () => stand.visited.size >= 3, LIMIT_MS / 2);
        });
        expect([...stand.visited].sort()).toEqual(['127.0.0.1', 'a.b.localhost', 'shop.localhost']);
        expect(await shell(hostwise('untrust'))).toMatch(/Firefox, profile "default" trusts it no more/);
      },
      LIMIT_MS,
    );

    it(
      'learns it from a policy where it was never opened',
      async () => {
        const shell = await machine();
        await shell('rm -rf /etc/firefox');
        const said = await shell(hostwise('trust'));
        expect(said).toMatch(/Firefox, every profile .* trusts it now/);
        const policy = await shell('cat /etc/firefox/policies/policies.json');
        expect(JSON.parse(policy).policies.Certificates.Install).toHaveLength(1);
        expect(await shell(hostwise('untrust'))).toMatch(/Firefox, every profile .* trusts it no more/);
        expect(await shell('ls -d /etc/firefox')).toMatch(/No such file/);
        // What is not ours keeps the folder.
        await shell(`${hostwise('trust')}; touch /etc/firefox/policies/mine; ${hostwise('untrust')}`);
        expect(await shell('ls /etc/firefox/policies')).toBe('mine\n');
      },
      LIMIT_MS,
    );
  },
);

/** A profile that Firefox has opened before, with a name for loopback that is not ours, and nothing that calls home. */
async function firefoxProfile(): Promise<string> {
  const root = join(home, '.config/mozilla/firefox');
  const profile = join(root, 'abc.default');
  await mkdir(profile, { recursive: true });
  await writeFile(join(root, 'profiles.ini'), '[Profile0]\nName=default\nIsRelative=1\nPath=abc.default\nDefault=1\n');
  await run(requireTool('certutil'), ['-N', '--empty-password', '-d', `sql:${profile}`]);
  const settings = {
    'network.dns.localDomains': 'example.com',
    'app.normandy.enabled': false,
    'app.update.enabled': false,
    'browser.safebrowsing.downloads.remote.enabled': false,
    'browser.shell.checkDefaultBrowser': false,
    'datareporting.policy.dataSubmissionEnabled': false,
    'network.captive-portal-service.enabled': false,
    'network.connectivity-service.enabled': false,
    'services.settings.server': 'data:,',
    'toolkit.telemetry.enabled': false,
  };
  const lines = Object.entries(settings).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`);
  await writeFile(join(profile, 'user.js'), lines.join('\n'));
  return profile;
}

async function browse(profile: string, hosts: readonly string[], meanwhile: () => Promise<void>): Promise<void> {
  const urls = hosts.map((host) => `https://${host}:${stand.port}/`);
  const args = ['--headless', '--no-remote', '--profile', profile, ...urls];
  const firefox = spawn(requireTool('firefox-esr'), args, { env: environment(), stdio: 'ignore', detached: true });
  try {
    await meanwhile();
  } finally {
    await endGroup(firefox);
  }
}

/** Firefox's helpers are in its process group. */
async function endGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-child.pid, 'SIGKILL');
  await ended;
}
