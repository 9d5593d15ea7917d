/**
 * mappings.json on the disk: read with a size limit, moved aside when it is corrupt, replaced as a whole.
 */
import { lstat, open, realpath, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { AppError, messageOf, systemCode } from '../core/errors.ts';
import {
  type FileStamp,
  fileStamp,
  removeStaleTemporaries,
  sameStamp,
  writeFileAtomic,
} from '../platform/atomic-file.ts';
import { makeFolder } from '../platform/paths.ts';
import { readRegularFile } from '../platform/regular-file.ts';
import { type MappingFile, parseMappingFile } from './mapping-file.ts';

/** 16 MiB are 30,000 mappings; more is not ours or not meant. */
export const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** One reader and writer of one file. It remembers which version it saw last, so that edits by others are noticed. */
export class MappingDisk {
  readonly file: string;
  #seen: FileStamp | undefined;
  /** A corrupt file that could not be moved aside yet: nothing may be written over it. */
  #mustMove = false;

  private constructor(file: string) {
    this.file = file;
  }

  /** A symbolic link of our own (dotfiles kept elsewhere) is followed; one that somebody else made is replaced. */
  static async at(file: string): Promise<MappingDisk> {
    await removeStaleTemporaries(file);
    const link = await lstat(file).catch(() => undefined);
    const followed = link?.isSymbolicLink() && link.uid === process.geteuid?.();
    return new MappingDisk(followed ? await realpath(file).catch(() => file) : file);
  }

  /**
   * Has somebody else changed the file since we last read or wrote it? A file that is gone says nothing: its editor may
   * be about to put it back, and a forgotten mapping cannot be. Cost: one stat.
   */
  async isChanged(): Promise<boolean> {
    const stamp = await fileStamp(this.file);
    return stamp !== undefined && !sameStamp(this.#seen, stamp);
  }

  /**
   * Read the file; none is an empty one. A corrupt one is moved to `<file>.corrupt-<time>` after what can be read of
   * it was read.
   * @throws {AppError} ROUTE_STORE_UNREADABLE: over 16 MiB, no regular file, no permission
   */
  async read(): Promise<MappingFile> {
    const stamp = await fileStamp(this.file).catch((error: unknown) => {
      throw this.#unreadable(messageOf(error), error);
    });
    const text = stamp ? await this.#text() : '';
    const parsed = parseMappingFile(text);
    this.#seen = stamp;
    if (parsed.corrupt) parsed.warnings.unshift(await this.#moveAside(parsed.entries.size));
    else if (stamp && text.trim() === '') parsed.warnings.unshift(`The mappings file "${this.file}" was empty`);
    return parsed;
  }

  async #text(): Promise<string> {
    try {
      return await readRegularFile(this.file, MAX_FILE_BYTES);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return '';
      throw this.#unreadable(messageOf(error), error);
    }
  }

  /** @returns the warning that says so */
  async #moveAside(readable: number): Promise<string> {
    const what = `The mappings file "${this.file}" is not JSON; ${readable} mappings could still be read`;
    try {
      const kept = await moveToFreeName(this.file);
      this.#seen = undefined;
      this.#mustMove = false;
      return `${what}, the file is kept as "${path.basename(kept)}"`;
    } catch (error) {
      this.#mustMove = true;
      return `${what}. It could not be moved aside (${messageOf(error)}), so nothing is written`;
    }
  }

  /**
   * Replace the file.
   * @throws {AppError} ROUTE_STORE_UNWRITABLE, with the file as it was
   */
  async write(data: Uint8Array): Promise<void> {
    try {
      if (data.length > MAX_FILE_BYTES) throw new Error(`it would have ${data.length} bytes: remove some mappings`);
      if (this.#mustMove) {
        await moveToFreeName(this.file);
        this.#mustMove = false;
      }
      this.#seen = await this.#replace(data);
    } catch (error) {
      throw new AppError('ROUTE_STORE_UNWRITABLE', `Cannot write "${this.file}": ${messageOf(error)}`, {
        hint: 'The mapping works until hostwise stops. Check the free space and the permissions of the folder',
        cause: error,
      });
    }
  }

  async #replace(data: Uint8Array): Promise<FileStamp> {
    try {
      return await writeFileAtomic(this.file, data, { mode: 0o600 });
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      // The folder went away, or HOSTWISE_CACHE_FILE names one that was never made.
      await makeFolder(path.resolve(path.dirname(this.file)));
      return writeFileAtomic(this.file, data, { mode: 0o600 });
    }
  }

  #unreadable(reason: string, cause?: unknown): AppError {
    return new AppError('ROUTE_STORE_UNREADABLE', `Cannot read the mappings file "${this.file}": ${reason}`, {
      hint: 'Move it away or repair it, or name another one: --cache-file FILE',
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** Rename to `<file>.corrupt-<time>`, never over a file that is there. */
async function moveToFreeName(file: string): Promise<string> {
  const time = new Date().toISOString().replace(/[:.]/g, '-');
  for (let attempt = 0; ; attempt++) {
    const target = `${file}.corrupt-${time}${attempt === 0 ? '' : `-${attempt}`}`;
    try {
      // The name is taken with an empty file first: rename() alone would replace what is there.
      await (await open(target, 'wx', 0o600)).close();
    } catch (error) {
      if (systemCode(error) === 'EEXIST' && attempt < 100) continue;
      throw error;
    }
    try {
      await rename(file, target);
      return target;
    } catch (error) {
      await unlink(target).catch(() => {});
      throw error;
    }
  }
}
