/**
 * Reading manifests and git's files safely: other people's directories hold anything under any name.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** Larger than any manifest that a person wrote. */
export const MAX_FILE_BYTES = 256 * 1024;

/**
 * Text of a regular file, without a byte order mark.
 * @returns undefined where it is missing, unreadable, larger than `maxBytes`, or no regular file (a named pipe would
 * hang the reader, a link to itself is refused by the kernel)
 */
export function readSmallFile(path: string, maxBytes = MAX_FILE_BYTES): string | undefined {
  let file: number | undefined;
  try {
    // Opening a named pipe waits for its writer unless told otherwise.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(file);
    if (!stats.isFile() || stats.size > maxBytes) return undefined;
    const buffer = Buffer.alloc(stats.size);
    let length = 0;
    for (let count = -1; count !== 0 && length < buffer.length; length += count) {
      count = readSync(file, buffer, length, buffer.length - length, null);
    }
    return buffer.toString('utf8', 0, length).replace(/^\uFEFF/, '');
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
