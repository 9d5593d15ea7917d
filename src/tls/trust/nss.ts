/**
 * NSS databases (cert9.db), which Chromium and Firefox on Linux read instead of the system's store. They are read and
 * written with certutil, which most machines do not have: then the commands begin with its installation.
 */
import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { rootLine, shellLine } from '../../core/shell-quote.ts';
import { fingerprintsIn, OUR_NAME_PATTERN, OUR_NAME_START, ourRootsIn } from './our-roots.ts';
import {
  failureText,
  type RootCertificate,
  runAsUser,
  type StoredRoot,
  type StoreOutcome,
  type TrustStore,
  type TrustSurroundings,
} from './store.ts';

/** Takes 5 to 20 ms; longer when the database is locked or on a slow disk. */
const CERTUTIL_LIMITS = { timeoutMs: 5_000, maxBytes: 1024 * 1024 };
/** Names with ours in them that are looked at: old CAs pile up, but not so many. */
const MAX_NAMES = 24;

/** Package managers and how they install certutil; the first that is there counts. */
const INSTALLERS: readonly (readonly string[])[] = [
  ['apt-get', 'install', '-y', 'libnss3-tools'],
  ['dnf', 'install', '-y', 'nss-tools'],
  ['yum', 'install', '-y', 'nss-tools'],
  ['zypper', '--non-interactive', 'install', 'mozilla-nss-tools'],
  ['pacman', '-S', '--needed', '--noconfirm', 'nss'],
  ['apk', 'add', 'nss-tools'],
  ['brew', 'install', 'nss'],
];

/** Programs that are looked for. */
export const NSS_PROGRAMS: readonly string[] = ['certutil', ...INSTALLERS.flatMap(([manager]) => manager ?? [])];

/** Which database, and how its store is called. */
export interface NssDatabase extends Pick<TrustStore, 'id' | 'title' | 'kind' | 'afterwards'> {
  folder: string;
  /** Would a browser read it if it were made? */
  wanted: boolean;
}

/** The store in one database, which `install` makes where it is missing. */
export async function nssStore(database: NssDatabase, surroundings: TrustSurroundings): Promise<TrustStore> {
  const { folder, wanted, ...names } = database;
  const wasThere = await databaseExists(folder);
  const certutil = surroundings.programs.get('certutil');
  const opened = certutil === undefined ? undefined : new Database(certutil, folder, surroundings);
  return {
    ...names,
    present: async () => wasThere || wanted,
    isTrusted: async (fingerprint) => (await databaseExists(folder)) && (await opened?.trusts(fingerprint)) === true,
    ours: async () => ((await databaseExists(folder)) ? (opened?.ours() ?? namesInFile(folder)) : []),
    install: (root) => (opened ? opened.add(root) : Promise.resolve(withoutCertutil(surroundings))),
    uninstall: async (fingerprint) => {
      if (!(await databaseExists(folder))) return { done: true };
      return opened ? opened.remove(fingerprint) : withoutCertutil(surroundings);
    },
    commands: (root) => [
      ...(certutil === undefined ? installLines(surroundings) : []),
      ...(wasThere ? [] : [newDatabaseLine(folder)]),
      shellLine('certutil', ...additionWords(folder, root)),
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
 * Without certutil: the database keeps names as they are, so the file itself says whether one of ours may be in it.
 * Which certificate that is, is not known; a removed one may still be found.
 */
async function namesInFile(folder: string): Promise<StoredRoot[]> {
  const text = await readFile(path.join(folder, 'cert9.db'), 'latin1').catch(() => '');
  const names = new Set(text.match(new RegExp(OUR_NAME_PATTERN, 'g')));
  return [...names].map((name) => ({ name, fingerprint: '' }));
}

function withoutCertutil(surroundings: TrustSurroundings): StoreOutcome {
  return { done: false, reason: 'the program certutil is missing', commands: installLines(surroundings) };
}

/** One database, asked and changed by certutil as its user. */
class Database {
  readonly #certutil: string;
  readonly #folder: string;
  readonly #surroundings: TrustSurroundings;

  constructor(certutil: string, folder: string, surroundings: TrustSurroundings) {
    this.#certutil = certutil;
    this.#folder = folder;
    this.#surroundings = surroundings;
  }

  /** Is the root there, and trusted for servers? Being in the database alone means nothing. */
  async trusts(fingerprint: string): Promise<boolean> {
    for (const name of await this.#names(true)) {
      if (fingerprintsIn(await this.#export(name)).includes(fingerprint)) return true;
    }
    return false;
  }

  async ours(): Promise<StoredRoot[]> {
    const { known } = this.#surroundings;
    const found = await Promise.all((await this.#names(false)).map(async (name) => this.#export(name)));
    return ourRootsIn(found.join('\n'), known);
  }

  async add(root: RootCertificate): Promise<StoreOutcome> {
    const words = additionWords(this.#folder, root);
    const made = (await databaseExists(this.#folder)) ? undefined : await this.#create();
    const failed = made ?? (await this.#run(words));
    if (failed.code === 0) return { done: true };
    return { done: false, reason: failureText(failed), commands: [shellLine('certutil', ...words)] };
  }

  /** certutil removes by name, so a name that a stranger's certificate shares is left to the user. */
  async remove(fingerprint: string): Promise<StoreOutcome> {
    for (const name of await this.#names(false)) {
      const found = fingerprintsIn(await this.#export(name));
      if (!found.includes(fingerprint)) continue;
      const words = ['-D', '-d', `sql:${this.#folder}`, '-n', name];
      const commands = [shellLine('certutil', ...words)];
      if (found.some((other) => other !== fingerprint)) {
        return { done: false, reason: `another certificate is called "${name}", too`, commands };
      }
      const removed = await this.#run(words);
      if (removed.code !== 0) return { done: false, reason: failureText(removed), commands };
    }
    return { done: true };
  }

  /** @returns what failed, if anything did */
  async #create(): Promise<Awaited<ReturnType<TrustSurroundings['run']>> | undefined> {
    const folder = await runAsUser(this.#surroundings, 'mkdir', ['-p', this.#folder], CERTUTIL_LIMITS);
    if (folder.code !== 0) return folder;
    const created = await this.#run(['-N', '--empty-password', '-d', `sql:${this.#folder}`]);
    return created.code === 0 ? undefined : created;
  }

  /** The browsers' import dialogues add words to the name of a certificate. */
  async #names(trustedOnly: boolean): Promise<string[]> {
    const list = await this.#run(['-L', '-d', `sql:${this.#folder}`]);
    if (list.code !== 0) return [];
    const names = tableNames(list.stdout).filter(({ isTrusted }) => isTrusted || !trustedOnly);
    return [...new Set(names.map(({ name }) => name))]
      .filter((name) => name.includes(OUR_NAME_START))
      .slice(0, MAX_NAMES);
  }

  async #export(name: string): Promise<string> {
    const { code, stdout } = await this.#run(['-L', '-d', `sql:${this.#folder}`, '-a', '-n', name]);
    return code === 0 ? stdout : '';
  }

  #run(words: readonly string[]): ReturnType<TrustSurroundings['run']> {
    return runAsUser(this.#surroundings, this.#certutil, words, CERTUTIL_LIMITS);
  }
}

function additionWords(folder: string, { name, file }: RootCertificate): string[] {
  return ['-A', '-d', `sql:${folder}`, '-t', 'C,,', '-n', name, '-i', file];
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
  // Homebrew refuses to run as root.
  if (words?.[0] === 'brew') return [shellLine(...words)];
  if (words) return [rootLine(isRoot, ...words)];
  return ['# Install "certutil" first: it is in the package libnss3-tools, nss-tools or mozilla-nss-tools'];
}

/** Names in certutil's table; trusted is a CA that may vouch for servers: its first flag has C. */
export function tableNames(table: string): { name: string; isTrusted: boolean }[] {
  return table.split('\n').flatMap((line) => {
    const match = /^(.*\S)\s+([a-zA-Z]*),[a-zA-Z]*,[a-zA-Z]*\s*$/.exec(line);
    // The head of the table says what the flags are.
    if (match?.[1] === undefined || line.trim() === 'SSL,S/MIME,JAR/XPI') return [];
    return [{ name: match[1], isTrusted: match[2]?.includes('C') === true }];
  });
}
