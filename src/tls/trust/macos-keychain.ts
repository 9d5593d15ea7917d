/**
 * The login keychain of macOS: Safari, Chrome and Firefox read it.
 * Unverified: written from Apple's manual, not yet run on a Mac.
 */
import path from 'node:path';
import { run } from '../../platform/exec.ts';
import { shellLine } from './shell-quote.ts';
import type { TrustStore, TrustSurroundings } from './store.ts';

/** Without a user interface (SSH) it may hang. */
const SECURITY_LIMITS = { timeoutMs: 5_000, maxBytes: 64 * 1024 };

/** The keychain of the user who owns `home`. @param rootFile PEM that is checked against it */
export function macosKeychain({ home }: TrustSurroundings, rootFile: string): TrustStore {
  const keychain = path.posix.join(home, 'Library/Keychains/login.keychain-db');
  return {
    id: 'keychain',
    title: 'Login keychain (Safari, Chrome, Firefox, curl)',
    kind: 'system',
    present: async () => true,
    // -L: no network; -p ssl: as a server's certificate would be judged.
    isTrusted: async () =>
      (await run('security', ['verify-cert', '-c', rootFile, '-L', '-p', 'ssl'], SECURITY_LIMITS)).code === 0,
    commands: (file) => [shellLine('security', 'add-trusted-cert', '-r', 'trustRoot', '-k', keychain, file)],
  };
}
