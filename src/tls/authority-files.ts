/**
 * The CA on disk: `root.pem`, `intermediate.pem` and `intermediate.key` in one folder that appears as a whole.
 * The key is worth an attack, so it is read only from a file that nobody else can read or could have put there.
 */
import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lchown, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError, messageOf, systemCode } from '../core/errors.ts';
import { shellLine } from '../core/shell-quote.ts';
import type { AuthorityFiles } from './make-authority.ts';

/** Our files have 1 KiB; more is not ours. */
const MAX_FILE_BYTES = 64 * 1024;
/** A link is not followed, and a FIFO with no writer does not hold the start. Absent on Windows. */
const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Names in the folder; only the key is a secret. */
export const FILE_NAMES = {
  rootPem: 'root.pem',
  intermediatePem: 'intermediate.pem',
  intermediateKeyPem: 'intermediate.key',
} as const satisfies Record<keyof AuthorityFiles, string>;

/**
 * Read the CA.
 * @returns null when there is none: no folder, or an empty one
 * @throws {AppError} TLS_CA_UNREADABLE when a file is missing, cannot be read, or is open to others
 */
export async function readAuthorityFiles(folder: string): Promise<AuthorityFiles | null> {
  const names = await listFolder(folder);
  if (names.length === 0) return null;
  const owners = await allowedOwners(folder);
  await checkFolder(folder, owners);
  const [rootPem, intermediatePem, intermediateKeyPem] = await Promise.all([
    readOwnFile(path.join(folder, FILE_NAMES.rootPem), owners, false),
    readOwnFile(path.join(folder, FILE_NAMES.intermediatePem), owners, false),
    readOwnFile(path.join(folder, FILE_NAMES.intermediateKeyPem), owners, true),
  ]);
  return { rootPem, intermediatePem, intermediateKeyPem };
}

/**
 * Write a new CA: into a folder beside, then renamed, so that a crash leaves all of it or nothing.
 * @param makeRoom called when the files are on the disk: takes away the CA that is in the way
 * @returns false when another process was first; its CA stands
 * @throws {AppError} DATA_DIR_UNUSABLE
 */
export async function writeAuthorityFiles(
  folder: string,
  files: AuthorityFiles,
  makeRoom: () => Promise<void> = async () => {},
): Promise<boolean> {
  const temporary = `${folder}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await mkdir(path.dirname(folder), { recursive: true, mode: 0o700 });
    await mkdir(temporary, { mode: 0o700 });
    const owner = await ownerToBe(path.dirname(folder));
    for (const key of ['rootPem', 'intermediatePem', 'intermediateKeyPem'] as const) {
      await writeNewFile(path.join(temporary, FILE_NAMES[key]), files[key], owner);
    }
    if (owner) await lchown(temporary, owner.uid, owner.gid);
    await syncFolder(temporary);
    await makeRoom();
    await rename(temporary, folder);
    await syncFolder(path.dirname(folder));
    return true;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    const code = systemCode(error);
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw new AppError('DATA_DIR_UNUSABLE', `The CA cannot be written to "${folder}": ${messageOf(error)}`, {
      hint: 'Make the data folder writable, or use another one with --data-dir',
      cause: error,
    });
  }
}

/** What else there is to say. */
interface Unreadable {
  cause?: unknown;
  /** Default: how to start over. */
  hint?: string;
  /** The shell line that mends it, where there is one beside a new CA. */
  command?: string;
  /** The clock of this machine says that it is not valid yet, or no more. */
  clock?: 'early' | 'late';
}

/** The error for a CA that is there and cannot be used: it names the file and the way out. */
export function unreadable(
  file: string,
  problem: string,
  { cause, hint = startOver(file), ...facts }: Unreadable = {},
): AppError {
  return new AppError('TLS_CA_UNREADABLE', `The CA file "${file}" cannot be used: ${problem}`, {
    hint,
    data: { file, ...facts },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** A CA is never replaced silently: people trusted this one, and would wonder why the browser warns again. */
function startOver(file: string): string {
  const folder = path.dirname(file);
  return `${shellLine('mv', folder, `${folder}.old`)}, then start again: that makes a new CA, which has to be trusted anew`;
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw unreadable(path.join(folder, FILE_NAMES.rootPem), messageOf(error), { cause: error });
  }
}

async function checkFolder(folder: string, owners: readonly number[] | null): Promise<void> {
  if (owners === null) return;
  const { uid, mode } = await stat(folder);
  if (!owners.includes(uid)) throw foreignOwner(folder, uid);
  if ((mode & 0o022) !== 0) {
    const command = shellLine('chmod', '700', folder);
    throw unreadable(folder, 'others may write into it', { hint: command, command });
  }
}

/** Everything is checked on the open file: a check by path could meet another file than the read. */
async function readOwnFile(file: string, owners: readonly number[] | null, secret: boolean): Promise<string> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, READ_FLAGS);
    checkFile(file, await handle.stat(), owners, secret);
    return await handle.readFile('utf8');
  } catch (error) {
    throw error instanceof AppError ? error : unreadable(file, reasonOf(error), { cause: error });
  } finally {
    await handle?.close();
  }
}

function checkFile(file: string, found: Stats, owners: readonly number[] | null, secret: boolean): void {
  if (!found.isFile()) throw unreadable(file, 'it is not a regular file');
  if (owners && !owners.includes(found.uid)) throw foreignOwner(file, found.uid);
  if (owners && (found.mode & (secret ? 0o077 : 0o022)) !== 0) throw openToOthers(file, found.mode);
  if (found.size === 0) throw unreadable(file, 'it is empty');
  if (found.size > MAX_FILE_BYTES) throw unreadable(file, `it has ${found.size} bytes`);
}

function reasonOf(error: unknown): string {
  const code = systemCode(error);
  if (code === 'ENOENT') return 'it is missing';
  if (code === 'ELOOP') return 'it is a symbolic link';
  return messageOf(error);
}

function openToOthers(file: string, mode: number): AppError {
  const command = shellLine('chmod', '600', file);
  const hint = `If nobody else can have used it: ${command}; otherwise ${startOver(file)}`;
  return unreadable(file, `other users may read or write it (mode ${(mode & 0o777).toString(8)})`, { hint, command });
}

function foreignOwner(file: string, uid: number): AppError {
  const hint = 'Start hostwise as that user, or use another --data-dir';
  return unreadable(file, `it belongs to another user (uid ${uid})`, { hint });
}

/** Who may own the files: we, and under sudo in a user's folder that user. null: this system has no owners. */
async function allowedOwners(folder: string): Promise<readonly number[] | null> {
  const own = process.geteuid?.();
  if (own === undefined) return null;
  const dataDirOwner = await ownerToBe(path.dirname(folder));
  return dataDirOwner ? [own, dataDirOwner.uid] : [own];
}

/** Root in a user's data folder (sudo with the user's HOME) gives the files to that user, who needs them tomorrow. */
async function ownerToBe(dataDir: string): Promise<{ uid: number; gid: number } | null> {
  if (process.geteuid?.() !== 0) return null;
  const { uid, gid } = await stat(dataDir);
  return uid === 0 ? null : { uid, gid };
}

/** 'wx': a file or link that somebody put there is never written through, and the mode holds from the first byte. */
async function writeNewFile(file: string, text: string, owner: { uid: number; gid: number } | null): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    if (owner) await handle.chown(owner.uid, owner.gid);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The names are on the disk only when the folder is; some file systems cannot sync one. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
