/**
 * The keychains of macOS, which Safari, Chrome and Firefox read: the user's login keychain, for root the system's.
 * Unverified: written from Apple's manual and mkcert's sources, not yet run on a Mac (docs/unverified-trust.md).
 */
import path from 'node:path';
import { rootLine, shellLine } from '../../core/shell-quote.ts';
import { OUR_NAME_START, ourRootsIn, sha1In } from './our-roots.ts';
import {
  failureText,
  type RootCertificate,
  runAsUser,
  type StoredRoot,
  type StoreOutcome,
  type TrustStore,
  type TrustSurroundings,
} from './store.ts';

/** Without a user interface (SSH) it may hang. */
const LOOK_LIMITS = { timeoutMs: 5_000, maxBytes: 1024 * 1024 };
/** macOS asks for a password or a finger. */
const CHANGE_LIMITS = { timeoutMs: 120_000, maxBytes: 64 * 1024 };
const SYSTEM_KEYCHAIN = '/Library/Keychains/System.keychain';
const SECURITY = 'security';

/**
 * Both keychains. The login keychain is the one to install into; the system's is used by root (sudo) instead, and for
 * everybody else only emptied.
 * @param rootFile PEM that is checked against them; '' where there is none
 */
export function macosKeychains(surroundings: TrustSurroundings, rootFile: string): TrustStore[] {
  const login = path.posix.join(surroundings.home, 'Library/Keychains/login.keychain-db');
  const isRoot = surroundings.isRoot;
  return [
    keychainStore(surroundings, rootFile, { file: login, isSystem: false, isUsed: !isRoot }),
    keychainStore(surroundings, rootFile, { file: SYSTEM_KEYCHAIN, isSystem: true, isUsed: isRoot }),
  ];
}

interface Keychain {
  file: string;
  isSystem: boolean;
  isUsed: boolean;
}

function keychainStore(surroundings: TrustSurroundings, rootFile: string, keychain: Keychain): TrustStore {
  const { file, isSystem, isUsed } = keychain;
  const { isRoot } = surroundings;
  const change = (words: readonly string[]): ReturnType<TrustSurroundings['run']> =>
    isSystem
      ? surroundings.run(SECURITY, words, CHANGE_LIMITS)
      : runAsUser(surroundings, SECURITY, words, CHANGE_LIMITS);
  const line = (words: readonly string[]): string =>
    isSystem ? rootLine(isRoot, SECURITY, ...words) : shellLine(SECURITY, ...words);
  const pems = (): Promise<string> => readKeychain(surroundings, file);
  return {
    id: isUsed ? 'keychain' : isSystem ? 'keychain-system' : 'keychain-login',
    title: isSystem
      ? 'System keychain (Safari, Chrome, Firefox, curl)'
      : 'Login keychain (Safari, Chrome, Firefox, curl)',
    kind: isUsed ? 'system' : 'unused',
    present: async () => true,
    isTrusted: async () =>
      // As the user, whose trust settings count. -L: no network; -p ssl: as a server's certificate would be judged.
      (await runAsUser(surroundings, SECURITY, ['verify-cert', '-c', rootFile, '-L', '-p', 'ssl'], LOOK_LIMITS))
        .code === 0,
    ours: async (): Promise<StoredRoot[]> => ourRootsIn(await pems(), surroundings.known),
    install: async (root) => {
      const words = additionWords(keychain, root);
      return outcome(await change(words), [line(words)]);
    },
    uninstall: async (fingerprint) => remove(await pems(), fingerprint, keychain, change, line),
    commands: (root) => [line(additionWords(keychain, root))],
  };
}

function additionWords({ file, isSystem }: Keychain, root: RootCertificate): string[] {
  return ['add-trusted-cert', ...(isSystem ? ['-d'] : []), '-r', 'trustRoot', '-k', file, root.file];
}

/** By SHA-1, which is what `security` takes: a common name would be ambiguous. -t: the trust settings, too. */
async function remove(
  pems: string,
  fingerprint: string,
  { file }: Keychain,
  change: (words: readonly string[]) => ReturnType<TrustSurroundings['run']>,
  line: (words: readonly string[]) => string,
): Promise<StoreOutcome> {
  for (const sha1 of sha1In(pems, fingerprint)) {
    const words = ['delete-certificate', '-Z', sha1.toUpperCase(), '-t', file];
    const result = outcome(await change(words), [line(words)]);
    if (!result.done) return result;
  }
  return { done: true };
}

/** Every certificate with our name in it, as PEM. */
async function readKeychain(surroundings: TrustSurroundings, file: string): Promise<string> {
  const words = ['find-certificate', '-a', '-c', OUR_NAME_START.trim(), '-p', file];
  const found = await runAsUser(surroundings, SECURITY, words, LOOK_LIMITS);
  return found.code === 0 ? found.stdout : '';
}

function outcome(result: Awaited<ReturnType<TrustSurroundings['run']>>, commands: string[]): StoreOutcome {
  return result.code === 0 ? { done: true } : { done: false, reason: failureText(result), commands };
}
