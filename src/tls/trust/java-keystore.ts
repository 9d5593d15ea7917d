/**
 * Java's own store, where JAVA_HOME says which Java is meant. It is lost at each upgrade of the JDK, which is why the
 * store is asked anew each time.
 */
import { access, constants, stat } from 'node:fs/promises';
import path from 'node:path';
import { rootLine } from '../../core/shell-quote.ts';
import { fingerprintOfDer, ourRootsIn } from './our-roots.ts';
import {
  failureText,
  type RootCertificate,
  type StoreOutcome,
  type TrustStore,
  type TrustSurroundings,
} from './store.ts';

/** Programs that are looked for. */
export const JAVA_PROGRAMS: readonly string[] = ['keytool'];
/** A Java machine takes a second to start. */
const KEYTOOL_LIMITS = { timeoutMs: 30_000, maxBytes: 4 * 1024 * 1024 };
/** Everybody knows it: the store holds no secrets. */
const PASSWORD = 'changeit';
/** Of a JDK and JRE, and of a JDK 8. */
const KEYSTORES = ['lib/security/cacerts', 'jre/lib/security/cacerts'];

/** Debian's Java packages copy the system's roots here when the system's store changes, and forget to remove them. */
const DEBIAN_KEYSTORE = '/etc/ssl/certs/java/cacerts';

/** The store of JAVA_HOME where that is set, and Debian's own copy of the system's store, which is only emptied. */
export async function javaKeystores(surroundings: TrustSurroundings): Promise<TrustStore[]> {
  const { systemRoot, programs } = surroundings;
  const stores = await ofJavaHome(surroundings);
  const debian = await firstFile([path.join(systemRoot, DEBIAN_KEYSTORE)]);
  const keytool = programs.get('keytool');
  if (debian === undefined || keytool === undefined) return stores;
  const java = new JavaKeystore(keytool, debian, surroundings);
  return [
    ...stores,
    storeOf(java, { id: 'java-debian', title: 'Java’s copy of the system’s store', kind: 'unused' }, surroundings),
  ];
}

async function ofJavaHome(surroundings: TrustSurroundings): Promise<TrustStore[]> {
  const { javaHome } = surroundings;
  if (javaHome === undefined || !path.isAbsolute(javaHome)) return [];
  const keystore = await firstFile(KEYSTORES.map((relative) => path.join(javaHome, relative)));
  const keytool = await firstFile([path.join(javaHome, 'bin/keytool'), path.join(javaHome, 'bin/keytool.exe')]);
  if (keystore === undefined || keytool === undefined) return [];
  const java = new JavaKeystore(keytool, keystore, surroundings);
  return [storeOf(java, { id: 'java', title: `Java in ${javaHome}`, kind: 'runtime' }, surroundings)];
}

function storeOf(
  java: JavaKeystore,
  names: Pick<TrustStore, 'id' | 'title' | 'kind'>,
  { known }: TrustSurroundings,
): TrustStore {
  return {
    ...names,
    afterwards: 'restart Java programs',
    present: async () => true,
    isTrusted: async (fingerprint) => (await java.entries()).some((entry) => entry.fingerprint === fingerprint),
    ours: async () => {
      const pems = (await java.entries()).map(({ pem }) => pem);
      return ourRootsIn(pems.join('\n'), known);
    },
    install: (root) => java.change(java.additionWords(root)),
    uninstall: (fingerprint) => java.remove(fingerprint),
    commands: (root) => [java.line(java.additionWords(root))],
  };
}

interface Entry {
  alias: string;
  pem: string;
  fingerprint: string;
}

class JavaKeystore {
  readonly #keytool: string;
  readonly #file: string;
  readonly #surroundings: TrustSurroundings;

  constructor(keytool: string, file: string, surroundings: TrustSurroundings) {
    this.#keytool = keytool;
    this.#file = file;
    this.#surroundings = surroundings;
  }

  additionWords({ name, file }: RootCertificate): string[] {
    return ['-importcert', '-noprompt', '-trustcacerts', '-alias', name.toLowerCase(), '-file', file, ...this.#place()];
  }

  async remove(fingerprint: string): Promise<StoreOutcome> {
    for (const { alias } of (await this.entries()).filter((entry) => entry.fingerprint === fingerprint)) {
      const removed = await this.change(['-delete', '-alias', alias, ...this.#place()]);
      if (!removed.done) return removed;
    }
    return { done: true };
  }

  /** keytool writes the file in place, so its owner stays; a user's own Java (sdkman) is changed as that user. */
  async change(words: readonly string[]): Promise<StoreOutcome> {
    const commands = [this.line(words)];
    const { user, run, isRoot } = this.#surroundings;
    const owner = await stat(this.#file).then(
      ({ uid }) => uid,
      () => undefined,
    );
    if (!isRoot && !(await isWritable(this.#file))) return { done: false, reason: 'only root may do this', commands };
    const limits = user && owner === user.uid ? { ...KEYTOOL_LIMITS, user } : KEYTOOL_LIMITS;
    const result = await run(this.#keytool, words, { ...limits, env: ENGLISH });
    return result.code === 0 ? { done: true } : { done: false, reason: failureText(result), commands };
  }

  line(words: readonly string[]): string {
    return rootLine(this.#surroundings.isRoot, this.#keytool, ...words);
  }

  async entries(): Promise<Entry[]> {
    const words = ['-list', '-rfc', ...this.#place()];
    const { code, stdout } = await this.#surroundings.run(this.#keytool, words, { ...KEYTOOL_LIMITS, env: ENGLISH });
    return code === 0 ? keystoreEntries(stdout) : [];
  }

  #place(): string[] {
    return ['-keystore', this.#file, '-storepass', PASSWORD];
  }
}

/** `Alias name:` is in the user's language otherwise. */
const ENGLISH = { JAVA_TOOL_OPTIONS: '-Duser.language=en' };

/** The certificates in `keytool -list -rfc`. */
export function keystoreEntries(text: string): Entry[] {
  const parts = text.split(/^Alias name: /m).slice(1);
  return parts.flatMap((part) => {
    const alias = part.slice(0, part.indexOf('\n')).trim();
    const pem = /-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/.exec(part);
    if (alias === '' || pem?.[1] === undefined) return [];
    return [{ alias, pem: pem[0], fingerprint: fingerprintOfDer(Buffer.from(pem[1], 'base64')) }];
  });
}

async function firstFile(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) if (await isThere(file, constants.R_OK)) return file;
  return undefined;
}

function isWritable(file: string): Promise<boolean> {
  return isThere(file, constants.W_OK);
}

async function isThere(file: string, mode: number): Promise<boolean> {
  return access(file, mode).then(
    () => true,
    () => false,
  );
}
