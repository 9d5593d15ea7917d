/** The token for programs that can read the data folder but do not come over loopback as our user. */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { writeFileAtomic } from '../platform/atomic-file.ts';
import { readRegularFile } from '../platform/regular-file.ts';

/** File in the data folder, 0600. */
const TOKEN_FILE = 'api-token';
/** 32 random bytes as base64url. */
const TOKEN_FORM = /^[\w-]{43}$/;
/** A token, its line break, and an editor's taste. */
const MAX_TOKEN_BYTES = 1_024;

/** Read the token, or make one. A file with anything else in it, or what is no file, is replaced. */
export async function apiToken(dataDir: string): Promise<string> {
  const file = path.join(dataDir, TOKEN_FILE);
  const existing = await readRegularFile(file, MAX_TOKEN_BYTES).then(
    (text) => text.trim(),
    () => '',
  );
  if (TOKEN_FORM.test(existing)) return existing;
  const token = randomBytes(32).toString('base64url');
  await writeFileAtomic(file, `${token}\n`, { mode: 0o600 });
  return token;
}
