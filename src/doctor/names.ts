/**
 * Which programs find our names: browsers by their own rule, others by the system's resolver, and those with a resolver
 * of their own (musl) by /etc/hosts and DNS alone.
 */
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import path from 'node:path';
import { namesIn } from '../core/hosts-block.ts';
import { hostsText } from '../platform/hosts-file.ts';
import { type LookUp, lookUpAll } from '../platform/look-up.ts';
import { asksResolved, myhostnameLine, PACKAGE_MANAGERS } from '../platform/name-sources.ts';
import { findPrograms } from '../tls/trust/find-programs.ts';
import type { Check, Finding } from './check.ts';
import type { DoctorMachine } from './machine.ts';

/** A resolver waits 5 s for a name server that is silent (resolv.conf(5)). */
const LOOK_UP_TIMEOUT_MS = 6_000;
/** Looked up one by one where not all names are known; more say nothing new. */
const MAX_NAMES = 30;

/** See the file's header. */
export const names: Check = {
  id: 'names',
  title: 'Names',
  look: async (machine) => {
    const { domains } = machine.settings;
    const known = (await machine.hostnames()).slice(0, MAX_NAMES);
    const probes = domains.map((domain) => `hostwise-${randomBytes(4).toString('hex')}.${domain}`);
    const asked = [...probes, ...known];
    const answers = new Map(
      (await lookUpAll(asked, LOOK_UP_TIMEOUT_MS)).map((answer, i) => [asked[i] ?? '', answer] as const),
    );
    const hosts = await hostsText(path.join(machine.systemRoot, '/etc/hosts'));
    const findings = await Promise.all(
      domains.map((domain, i) => {
        const below = known.filter((name) => name.endsWith(`.${domain}`));
        const [all, each] = [answers.get(probes[i] ?? ''), below.map((name) => ({ name, ...answers.get(name) }))];
        return systemFinding(domain, all ?? { addresses: [] }, each.map(toNamed), machine);
      }),
    );
    return [...browsers(domains, machine), ...findings, ...(await ownResolvers(known, hosts, machine))];
  },
};

interface NamedLookUp extends LookUp {
  name: string;
}

function toNamed({ name, addresses = [], error }: { name: string; addresses?: string[]; error?: string }): NamedLookUp {
  return { name, addresses, ...(error === undefined ? {} : { error }) };
}

/** Chromium and Firefox answer for localhost themselves, curl too; Safari asks the system. */
function browsers(domains: readonly string[], { platform }: DoctorMachine): Finding[] {
  const others = domains.filter((domain) => domain !== 'localhost').map((domain) => `*.${domain}`);
  const asking = others.length > 0 ? `; for ${others.join(', ')} they ask the system` : '';
  const safari = platform === 'darwin' ? '; Safari asks the system' : '';
  const detail = `Chromium, Firefox and curl know *.localhost by themselves, on 127.0.0.1 and ::1${asking}${safari}`;
  return [{ id: 'names.browser', title: 'Names in browsers', state: 'ok', detail }];
}

/** getaddrinfo, by a real look-up: of a name that nobody can have written down, then of those that are in use. */
async function systemFinding(
  domain: string,
  any: LookUp,
  known: readonly NamedLookUp[],
  machine: DoctorMachine,
): Promise<Finding> {
  const isLocal = domain === 'localhost';
  const named = {
    id: isLocal ? 'names.system' : `names.system.${domain}`,
    title: isLocal ? 'Names in other programs' : `Names below ${domain}`,
  };
  const foreign = [any, ...known].flatMap(({ addresses }) => addresses).find((address) => !isLoopback(address));
  if (foreign !== undefined) {
    const detail = `names below ${domain} lead to ${foreign}, not to this machine: a name server answers for them`;
    return { ...named, state: 'problem', detail, ...(await fixFor(domain, machine)) };
  }
  if (any.addresses.length > 0) {
    return { ...named, state: 'ok', detail: `the system finds every *.${domain} (${familiesOf([any])})` };
  }
  const missing = known.filter(({ addresses }) => addresses.length === 0).map(({ name }) => name);
  const because = any.error === undefined ? '' : ` (${any.error})`;
  if (known.length > 0 && missing.length === 0) {
    const detail = `the system finds the names in use (${known.length}, over ${familiesOf(known)}), others not`;
    return { ...named, state: 'ok', detail };
  }
  const part = missing.length === known.length ? `*.${domain}` : `${missing.length} of ${known.length} names in use`;
  const who = isLocal ? 'Node, Python, git and most programs' : 'browsers and all other programs';
  return {
    ...named,
    state: isLocal ? 'advice' : 'problem',
    detail: `${who} do not find ${part}${because}`,
    ...(await fixFor(domain, machine)),
  };
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
}

function familiesOf(lookUps: readonly LookUp[]): string {
  const all = lookUps.flatMap(({ addresses }) => addresses);
  const families = [...(all.some(isIPv4) ? ['IPv4'] : []), ...(all.some((one) => !isIPv4(one)) ? ['IPv6'] : [])];
  return families.join(' and ');
}

/** nss-myhostname knows all names, but of localhost only; lines in the hosts file know any, but one by one. */
async function fixFor(domain: string, machine: DoctorMachine): Promise<Pick<Finding, 'fix'>> {
  const fix = domain === 'localhost' && machine.platform === 'linux' ? await myhostname(machine) : undefined;
  return { fix: fix ?? hostsLine(machine) };
}

function hostsLine(machine: DoctorMachine): string {
  return machine.rootLine('doctor', '--hosts', 'write');
}

const LIBRARY = 'libnss_myhostname.so.2';
const LIBRARY_FOLDERS = ['/lib', '/usr/lib', '/lib64', '/usr/lib64'];

async function myhostname(machine: DoctorMachine): Promise<string | undefined> {
  const programs = await findPrograms(PACKAGE_MANAGERS, machine.env.PATH ?? '');
  const isMusl = await hasMuslOnly(machine);
  if (isMusl) return undefined;
  return myhostnameLine({
    hasLibrary: await hasLibrary(machine.systemRoot),
    programs: new Set(programs.keys()),
    isRoot: machine.isRoot,
  });
}

/** Debian has a folder for each architecture, the others have none. */
async function hasLibrary(systemRoot: string): Promise<boolean> {
  for (const folder of LIBRARY_FOLDERS) {
    const listed = await readdir(path.join(systemRoot, folder)).catch((): string[] => []);
    if (listed.includes(LIBRARY)) return true;
    for (const inner of listed.filter((name) => name.endsWith('-linux-gnu') || name.includes('-linux-gnuea'))) {
      const deeper = await readdir(path.join(systemRoot, folder, inner)).catch((): string[] => []);
      if (deeper.includes(LIBRARY)) return true;
    }
  }
  return false;
}

/** Alpine and the like: there is no nsswitch to have a source in. */
async function hasMuslOnly({ systemRoot }: DoctorMachine): Promise<boolean> {
  const listed = await readdir(path.join(systemRoot, '/lib')).catch((): string[] => []);
  const isMusl = listed.some((name) => name.startsWith('ld-musl-'));
  const nsswitch = await readFile(path.join(systemRoot, '/etc/nsswitch.conf'), 'utf8').catch(() => '');
  return isMusl && nsswitch === '';
}

/**
 * musl (Alpine, many static programs) and Go's own resolver know no plug-ins: the hosts file, then DNS. Told by files,
 * since a look-up would need a program of that kind.
 */
async function ownResolvers(known: readonly string[], hosts: string, machine: DoctorMachine): Promise<Finding[]> {
  if (machine.platform !== 'linux') return [];
  const named = { id: 'names.musl', title: 'Names in musl programs' };
  const resolvConf = await readFile(path.join(machine.systemRoot, '/etc/resolv.conf'), 'utf8').catch(() => '');
  if (asksResolved(resolvConf)) {
    return [{ ...named, state: 'ok', detail: 'systemd-resolved answers them for *.localhost' }];
  }
  const written = namesIn(hosts);
  const missing = known.filter((name) => !written.has(name));
  if (known.length > 0 && missing.length === 0) {
    return [{ ...named, state: 'ok', detail: `the names in use (${known.length}) are in the hosts file` }];
  }
  // Few have a program of that kind: nothing to mend, but to be known. Where musl is the system, the line above asks.
  if (await hasMuslOnly(machine)) return [];
  const detail = `the few with a resolver of their own (static ones) know only what the hosts file has: ${hostsLine(machine)}`;
  return [{ ...named, state: 'ok', detail }];
}
