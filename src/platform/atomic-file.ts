/**
 * Replace a file as a whole: a reader, a crash or a full disk sees the old content or the new one, never a part.
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import path from 'node:path';

/** How to write. */
export interface AtomicFileOptions {
  /** Permission bits of the file; default 0600, as everything that we write is its user's alone. */
  mode?: number;
  /** Whose file it is to be; default the folder's owner (below), else whoever writes. */
  owner?: { uid: number; gid: number };
}

/** Tells one version of a file from the next: a replaced or an edited file has another stamp. */
export interface FileStamp {
  ino: bigint;
  mtimeNs: bigint;
  size: bigint;
}

/**
 * Write `data` to a new file in the same folder, bring it to the disk and rename it over `file`. Under sudo, in a
 * folder of another user, the file is given to that user, who could not read it otherwise.
 * Writes to one file at a time are the caller's duty: of two at once either may win.
 * @returns the stamp of the file written
 * @throws the system's error, with the temporary file removed and `file` as it was
 */
export async function writeFileAtomic(
  file: string,
  data: string | Uint8Array,
  options: AtomicFileOptions = {},
): Promise<FileStamp> {
  const folder = path.dirname(file);
  const temporary = path.join(folder, `${temporaryPrefix(file)}${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
  // 'wx': a file or a symbolic link that somebody put there is never written through.
  const handle = await open(temporary, 'wx', options.mode ?? 0o600);
  try {
    const stamp = await fill(handle, folder, data, options);
    await rename(temporary, file);
    await syncFolder(folder);
    return stamp;
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
}

async function fill(
  handle: FileHandle,
  folder: string,
  data: string | Uint8Array,
  { mode = 0o600, owner }: AtomicFileOptions,
): Promise<FileStamp> {
  try {
    if (owner) await handle.chown(owner.uid, owner.gid);
    else await giveToFolderOwner(handle, folder);
    // After the owner, whose change clears bits; and the umask has cut the mode of open().
    await handle.chmod(mode);
    await handle.writeFile(data);
    await handle.sync();
    return stampOf(await handle.stat({ bigint: true }));
  } finally {
    await handle.close();
  }
}

async function giveToFolderOwner(handle: FileHandle, folder: string): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = await stat(folder);
  if (uid !== 0) await handle.chown(uid, gid);
}

/** The rename itself is on the disk only when the folder is. Some file systems cannot; the file is whole either way. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // EINVAL, EPERM, EACCES: a folder that may not be read or synced.
  }
}

/** The stamp of a file's present version; undefined when there is no such file. */
export async function fileStamp(file: string): Promise<FileStamp | undefined> {
  try {
    return stampOf(await stat(file, { bigint: true }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Is this the same version of a file? */
export function sameStamp(a: FileStamp | undefined, b: FileStamp | undefined): boolean {
  return a?.ino === b?.ino && a?.mtimeNs === b?.mtimeNs && a?.size === b?.size;
}

function stampOf({ ino, mtimeNs, size }: FileStamp): FileStamp {
  return { ino, mtimeNs, size };
}

/** A writer that was killed leaves its temporary file; one this old belongs to nobody any more. */
const STALE_AFTER_MS = 60_000;

/** Remove the temporary files that killed writers of `file` left. Never rejects. */
export async function removeStaleTemporaries(file: string, nowMs: number = Date.now()): Promise<void> {
  const folder = path.dirname(file);
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names) {
    if (!name.startsWith(temporaryPrefix(file)) || !/\d+-[0-9a-f]{12}\.tmp$/.test(name)) continue;
    const left = path.join(folder, name);
    const age = await stat(left).then(
      ({ mtimeMs }) => nowMs - mtimeMs,
      () => 0,
    );
    if (age > STALE_AFTER_MS) await unlink(left).catch(() => {});
  }
}

function temporaryPrefix(file: string): string {
  return `.${path.basename(file)}.`;
}
