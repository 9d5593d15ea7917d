/** Files of an installation: written whole, never over somebody else's, and removed without a trace. */
import { mkdir, readFile, rmdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { AppError, messageOf, systemCode } from '../core/errors.ts';
import { writeFileAtomic } from '../platform/atomic-file.ts';
import type { ServiceFile } from './manager.ts';

/** The text of a file; undefined when there is none. */
export async function textOf(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}

/**
 * Write it, unless what is there is not ours.
 * @throws {AppError} SERVICE_FAILED
 */
export async function writeServiceFile(
  { path: file, text }: ServiceFile,
  isOurs: (text: string) => boolean,
): Promise<void> {
  const before = await textOf(file);
  if (before !== undefined && !isOurs(before)) {
    throw new AppError('SERVICE_FAILED', `"${file}" was not written by hostwise, and is left as it is`, {
      hint: 'Move it away, then try again',
    });
  }
  try {
    await mkdir(path.dirname(file), { recursive: true });
    // Service managers read it as another user; it holds no secret.
    await writeFileAtomic(file, text, { mode: 0o644 });
  } catch (error) {
    throw new AppError('SERVICE_FAILED', `"${file}" cannot be written: ${messageOf(error)}`, { cause: error });
  }
}

/** @throws {AppError} SERVICE_FAILED when it is there and stays */
export async function removeServiceFile(file: string): Promise<void> {
  try {
    await unlink(file);
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return;
    throw new AppError('SERVICE_FAILED', `"${file}" cannot be removed: ${messageOf(error)}`, { cause: error });
  }
}

/** Folders that are empty now; others stay. Inner ones first. */
export async function removeEmptyFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders) await rmdir(folder).catch(() => {});
}
