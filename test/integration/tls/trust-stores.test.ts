/** Who trusts the CA, found out from real stores below a temporary home; and the printed commands, run as printed. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Authority, loadOrCreateAuthority } from '../../../src/tls/authority.ts';
import type { TrustOptions } from '../../../src/tls/trust/surroundings.ts';
import { type TrustReport, trustReport } from '../../../src/tls/trust/trust-report.ts';
import { needs, requireTool } from '../../fixtures/needs.ts';
import { makeTempDir, removeDir, tempDir } from '../../fixtures/temp-dir.ts';

const run = promisify(execFile);

let dir: string;
let authority: Authority;

beforeAll(async () => {
  dir = await makeTempDir("hw o'ca dir");
  authority = await loadOrCreateAuthority(dir, { domains: ['localhost'] });
});
afterAll(() => removeDir(dir));

/** A machine: an empty home and an empty system, with these programs. */
interface Machine {
  home: string;
  systemRoot: string;
  look(): Promise<TrustReport>;
}

async function machine(programs: Record<string, string>, options: TrustOptions = {}): Promise<Machine> {
  const root = await tempDir('hw my machine');
  const home = join(root, "home/o'neil");
  await mkdir(home, { recursive: true });
  const systemRoot = join(root, 'system');
  const given = { platform: 'linux' as const, isRoot: false, systemRoot, programs: new Map(Object.entries(programs)) };
  return { home, systemRoot, look: () => trustReport(authority, home, { ...given, ...options }) };
}

function withBrowser(): Record<string, string> {
  return { chromium: '/usr/bin/chromium', certutil: requireTool('certutil') };
}

function idsOf({ stores }: TrustReport): string[] {
  return stores.map(({ id }) => id);
}

/** As a user would paste them. */
async function paste(commands: readonly string[]): Promise<void> {
  for (const command of commands) await run('/bin/sh', ['-c', command], { timeout: 10_000 });
}

function commandsOf(report: TrustReport, id: string): string[] {
  return report.stores.find((store) => store.id === id)?.commands ?? [];
}

async function newDatabase(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await run(requireTool('certutil'), ['-N', '--empty-password', '-d', `sql:${folder}`]);
}

async function addTo(folder: string, name: string, flags: string, pemFile: string): Promise<void> {
  await run(requireTool('certutil'), ['-A', '-d', `sql:${folder}`, '-t', flags, '-n', name, '-i', pemFile]);
}

describe.skipIf(!needs('certutil'))("Chromium's store [needs certutil]", () => {
  it('trusts the CA after the printed commands, and not before', async () => {
    const { home, look } = await machine(withBrowser());
    const before = await look();
    expect(before.trusted).toBe(false);
    expect(commandsOf(before, 'chromium')[0]).toMatch(
      /^mkdir -p .*\.local\/share\/pki\/nssdb.* && .* \|\| certutil -N/,
    );
    await paste(commandsOf(before, 'chromium'));
    // Pasted once more by mistake: certutil must not ask for a password of the database that is there now.
    await paste(commandsOf(before, 'chromium'));
    const after = await look();
    expect(after).toEqual({
      stores: [expect.objectContaining({ id: 'chromium', trusted: true, commands: [] })],
      trusted: true,
    });
    expect((await readFile(join(home, '.local/share/pki/nssdb/cert9.db'))).length).toBeGreaterThan(0);
  });

  it('is the old folder where that is there, even empty', async () => {
    const { home, look } = await machine(withBrowser());
    await newDatabase(join(home, '.local/share/pki/nssdb'));
    await addTo(join(home, '.local/share/pki/nssdb'), authority.commonName, 'C,,', authority.rootFile);
    expect((await look()).trusted).toBe(true);
    await mkdir(join(home, '.pki/nssdb'), { recursive: true });
    const report = await look();
    expect(report.trusted).toBe(false);
    await paste(commandsOf(report, 'chromium'));
    expect((await look()).trusted).toBe(true);
  });

  it('is found by its database where no browser is on the PATH', async () => {
    const { home, look } = await machine({ certutil: requireTool('certutil') });
    expect(idsOf(await look())).toEqual([]);
    await newDatabase(join(home, '.pki/nssdb'));
    expect(idsOf(await look())).toEqual(['chromium']);
  });

  it('does not count a CA that is stored without trust, or another one of the same name', async () => {
    const { home, look } = await machine(withBrowser());
    const folder = join(home, '.pki/nssdb');
    await newDatabase(folder);
    await addTo(folder, authority.commonName, ',,', authority.rootFile);
    expect((await look()).trusted).toBe(false);

    const { home: home2, look: look2 } = await machine(withBrowser());
    const stranger = await loadOrCreateAuthority(await tempDir(), { domains: ['localhost'] });
    await newDatabase(join(home2, '.pki/nssdb'));
    await addTo(join(home2, '.pki/nssdb'), authority.commonName, 'C,,', stranger.rootFile);
    expect((await look2()).trusted).toBe(false);
  });

  it("counts the CA under a name that a browser's dialogue gave it", async () => {
    const { home, look } = await machine(withBrowser());
    await newDatabase(join(home, '.pki/nssdb'));
    await addTo(join(home, '.pki/nssdb'), `${authority.commonName} - imported`, 'CT,C,C', authority.rootFile);
    expect((await look()).trusted).toBe(true);
  });

  it('that is damaged is not trusted, and nothing breaks', async () => {
    const { home, look } = await machine(withBrowser());
    await mkdir(join(home, '.pki/nssdb'), { recursive: true });
    await writeFile(join(home, '.pki/nssdb/cert9.db'), 'no database');
    expect((await look()).trusted).toBe(false);
  });

  it('counts beside the one of a snap', async () => {
    const { home, look } = await machine(withBrowser());
    await newDatabase(join(home, 'snap/chromium/current/.pki/nssdb'));
    const report = await look();
    expect(idsOf(report)).toEqual(['chromium', 'chromium-snap']);
    await paste(report.stores.flatMap(({ commands }) => commands));
    expect((await look()).trusted).toBe(true);
  });
});

describe('without certutil', () => {
  it.each([
    [{ 'apt-get': '/usr/bin/apt-get' }, 'sudo apt-get install -y libnss3-tools'],
    [{ dnf: '/usr/bin/dnf' }, 'sudo dnf install -y nss-tools'],
    [{ pacman: '/usr/bin/pacman' }, 'sudo pacman -S --needed --noconfirm nss'],
    [{ zypper: '/usr/bin/zypper' }, 'sudo zypper --non-interactive install mozilla-nss-tools'],
  ])('the commands begin with its installation: %j', async (managers, line) => {
    const { look } = await machine({ chromium: '/usr/bin/chromium', ...managers });
    const report = await look();
    expect(report.trusted).toBe(false);
    expect(commandsOf(report, 'chromium')[0]).toBe(line);
  });

  it('names the packages where no package manager is known, as a comment that can be pasted', async () => {
    const { look } = await machine({ chromium: '/usr/bin/chromium' });
    expect(commandsOf(await look(), 'chromium')[0]).toMatch(/^# .*libnss3-tools/);
  });

  it('its installation is said once for several stores', async () => {
    const { home, look } = await machine({ chromium: '/usr/bin/chromium', 'apt-get': '/usr/bin/apt-get' });
    await profile(home, '.mozilla/firefox', 'abc.default', true);
    const lines = (await look()).stores.flatMap(({ commands }) => commands);
    expect(lines.filter((line) => line.includes('apt-get'))).toHaveLength(1);
  });
});

/** A Firefox profile; `used` ones have a database. */
async function profile(home: string, root: string, name: string, used: boolean): Promise<string> {
  const folder = join(home, root, name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(home, root, 'profiles.ini'), `[Profile0]\nName=default\nIsRelative=1\nPath=${name}\n`);
  if (used) await writeFile(join(folder, 'cert9.db'), '');
  return folder;
}

describe('Firefox profiles', () => {
  it.each(['.config/mozilla/firefox', '.mozilla/firefox', 'snap/firefox/common/.mozilla/firefox'])(
    'are found in %s once they were used',
    async (root) => {
      const { home, look } = await machine({});
      await profile(home, root, 'abc.default', false);
      expect(idsOf(await look())).toEqual([]);
      await profile(home, root, 'abc.default', true);
      expect(idsOf(await look())).toEqual(['firefox:abc.default']);
    },
  );

  it.skipIf(!needs('certutil'))('count like every other browser [needs certutil]', async () => {
    const { home, look } = await machine(withBrowser());
    await newDatabase(await profile(home, '.mozilla/firefox', 'my profile', false));
    const before = await look();
    expect(idsOf(before)).toEqual(['chromium', 'firefox:my profile']);
    await paste(commandsOf(before, 'chromium'));
    expect((await look()).trusted).toBe(false);
    await paste(commandsOf(before, 'firefox:my profile'));
    expect((await look()).trusted).toBe(true);
  });
});

describe("the system's store", () => {
  const systems: [string, string, string, RegExp][] = [
    ['Debian', '/usr/local/share/ca-certificates', '/etc/ssl/certs/ca-certificates.crt', /\.crt$/],
    ['Fedora', '/etc/pki/ca-trust/source/anchors', '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', /\.pem$/],
    ['Arch', '/etc/ca-certificates/trust-source/anchors', '/etc/ca-certificates/extracted/tls-ca-bundle.pem', /\.crt$/],
    ['openSUSE', '/etc/pki/trust/anchors', '/var/lib/ca-certificates/ca-bundle.pem', /\.pem$/],
  ];

  it.each(systems)('on %s decides where there is no browser', async (_name, anchors, bundle, ending) => {
    const { systemRoot, look } = await machine({});
    await mkdir(join(systemRoot, anchors), { recursive: true });
    await mkdir(join(systemRoot, dirname(bundle)), { recursive: true });
    await writeFile(join(systemRoot, bundle), '# nothing yet\n');
    const before = await look();
    expect(before.trusted).toBe(false);
    const [install, update] = commandsOf(before, 'system');
    expect(install).toMatch(/^sudo install -m 644 /);
    expect(install).toContain(` ${anchors}/hostwise-CA-`);
    expect(install).toMatch(ending);
    expect(update).toMatch(/^sudo (update-ca-|trust )/);

    // What the update does: a bundle with other certificates and comments around, in lines of its own length.
    const body = authority.rootPem.replaceAll('\n', '\r\n');
    await writeFile(join(systemRoot, bundle), `# other\r\n${authority.intermediatePem}\n# ours\n${body}`);
    expect((await look()).trusted).toBe(true);
  });

  it('is not believed for an anchor that is not yet in the bundle', async () => {
    const { systemRoot, look } = await machine({});
    const anchors = join(systemRoot, '/usr/local/share/ca-certificates');
    await mkdir(anchors, { recursive: true });
    await mkdir(join(systemRoot, '/etc/ssl/certs'), { recursive: true });
    await writeFile(join(systemRoot, '/etc/ssl/certs/ca-certificates.crt'), authority.intermediatePem);
    await copyFile(authority.rootFile, join(anchors, 'hostwise.crt'));
    expect((await look()).trusted).toBe(false);
  });

  it('needs no sudo for root', async () => {
    const { systemRoot, look } = await machine({}, { isRoot: true });
    await mkdir(join(systemRoot, '/usr/local/share/ca-certificates'), { recursive: true });
    expect(commandsOf(await look(), 'system')[1]).toBe('update-ca-certificates');
  });

  it('does not speak for a browser that has its own', async () => {
    const { systemRoot, look } = await machine({ chromium: '/usr/bin/chromium' });
    await mkdir(join(systemRoot, '/usr/local/share/ca-certificates'), { recursive: true });
    await mkdir(join(systemRoot, '/etc/ssl/certs'), { recursive: true });
    await writeFile(join(systemRoot, '/etc/ssl/certs/ca-certificates.crt'), authority.rootPem);
    const report = await look();
    expect(report.stores.map(({ id, trusted }) => [id, trusted])).toEqual([
      ['system', true],
      ['chromium', false],
    ]);
    expect(report.trusted).toBe(false);
  });
});

describe('the real machine', () => {
  it('can be asked: a CA that was made just now is trusted by nobody', async () => {
    const report = await trustReport(authority, await tempDir());
    expect(report.trusted).toBe(false);
    for (const { trusted, commands } of report.stores) {
      expect(trusted).toBe(false);
      expect(commands.length).toBeGreaterThan(0);
    }
  });

  it('has nothing to ask on a platform that we do not know', async () => {
    expect(await trustReport(authority, dir, { platform: 'aix' })).toEqual({ stores: [], trusted: false });
  });
});
