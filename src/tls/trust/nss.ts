/**
 * NSS databases (cert9.db), which Chromium and Firefox on Linux read instead of the system's store. They are read and
 * written with certutil, which most machines do not have: then the commands begin with its installation.
 */
import { X509Certificate } from 'node:crypto';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { run } from '../../platform/exec.ts';
import { rootLine, shellLine } from './shell-quote.ts';
import type { TrustStore, TrustSurroundings } from './store.ts';

/** Takes 5 to 20 ms; longer when the database is locked or on a slow disk. */
const CERTUTIL_LIMITS = { timeoutMs: 5_000, maxBytes: 1024 * 1024 };
/** Certificates of one name that are looked at. */
const MAX_SAME_NAME = 4;

/** Package managers and how they install certutil; the first that is there counts. */
const INSTALLERS: readonly (readonly string[])[] = [
  ['apt-get', 'install', '-y', 'libnss3-tools'],
  ['dnf', 'install', '-y', 'nss-tools'],
  ['yum', 'install', '-y', 'nss-tools'],
  ['zypper', '--non-interactive', 'install', 'mozilla-nss-tools'],
  ['pacman', '-S', '--needed', '--noconfirm', 'nss'],
  ['apk', 'add', 'nss-tools'],
];

/** Programs that are looked for. */
export const NSS_PROGRAMS: readonly string[] = ['certutil', ...INSTALLERS.flatMap(([manager]) => manager ?? [])];

/** Which database, and how its store is called. */
export interface NssDatabase {
  id: string;
  title: string;
  folder: string;
  /** Would a browser read it if it were made? */
  wanted: boolean;
}

/** The store in one database. */
export async function nssStore(database: NssDatabase, surroundings: TrustSurroundings): Promise<TrustStore> {
  const { folder, id, title, wanted } = database;
  const { caName, programs } = surroundings;
  const certutil = programs.get('certutil');
  const isThere = await databaseExists(folder);
  return {
    id,
    title,
    kind: 'browser',
    present: async () => isThere || wanted,
    isTrusted: async (_rootPem, fingerprint) =>
      certutil !== undefined && isThere && holds(certutil, folder, caName, fingerprint),
    commands: (rootFile) => [
      ...(certutil === undefined ? installLines(surroundings) : []),
      ...(isThere ? [] : [newDatabaseLine(folder)]),
      shellLine('certutil', '-A', '-d', `sql:${folder}`, '-t', 'C,,', '-n', caName, '-i', rootFile),
    ],
  };
}

/** Is there a database in this folder? An empty folder is none yet. */
export async function databaseExists(folder: string): Promise<boolean> {
  return access(path.join(folder, 'cert9.db')).then(
    () => true,
    () => false,
  );
}

/**
 * A browser may make the database between the look and the paste: over an existing one, certutil would ask for a
 * password, and without a terminal ask for ever.
 */
function newDatabaseLine(folder: string): string {
  const isThere = shellLine('test', '-e', path.join(folder, 'cert9.db'));
  const create = shellLine('certutil', '-N', '--empty-password', '-d', `sql:${folder}`);
  return `${shellLine('mkdir', '-p', folder)} && ${isThere} || ${create}`;
}

function installLines({ programs, isRoot }: TrustSurroundings): string[] {
  const words = INSTALLERS.find(([manager]) => manager !== undefined && programs.has(manager));
  if (words) return [rootLine(isRoot, ...words)];
  return ['# Install "certutil" first: it is in the package libnss3-tools, nss-tools or mozilla-nss-tools'];
}

/**
 * Is the root there under any name that contains its own (the browsers' import dialogues add words), and trusted
 * for servers? Being in the database alone means nothing.
 */
async function holds(certutil: string, folder: string, caName: string, fingerprint: string): Promise<boolean> {
  const list = await run(certutil, ['-L', '-d', `sql:${folder}`], CERTUTIL_LIMITS);
  if (list.code !== 0) return false;
  const names = trustedNames(list.stdout).filter((name) => name.includes(caName));
  for (const name of names.slice(0, MAX_SAME_NAME)) {
    const { code, stdout } = await run(certutil, ['-L', '-d', `sql:${folder}`, '-a', '-n', name], CERTUTIL_LIMITS);
    if (code === 0 && fingerprintsOf(stdout).includes(fingerprint)) return true;
  }
  return false;
}

/** Names in certutil's table whose first flag has C: a CA that may vouch for servers. */
export function trustedNames(table: string): string[] {
  const names: string[] = [];
  for (const line of table.split('\n')) {
    const match = /^(.*\S)\s+([a-zA-Z]*),[a-zA-Z]*,[a-zA-Z]*\s*$/.exec(line);
    if (match?.[1] !== undefined && match[2]?.includes('C')) names.push(match[1]);
  }
  return names;
}

/** SHA-256 of every certificate in a text, lower-case hex; what is no certificate is skipped. */
export function fingerprintsOf(pems: string): string[] {
  const blocks = pems.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((pem) => {
    try {
      return [new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase()];
    } catch {
      return [];
    }
  });
}
