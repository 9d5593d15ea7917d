/** Reading a file that anybody may have replaced: by a named pipe, which never ends, a device, or gigabytes. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Opening a named pipe waits for its writer unless told otherwise. Windows has no such flag. */
export const READ_AT_ONCE = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Text of a regular file.
 * @throws the system's error, or one that says that it is no regular file, or larger than `maxBytes`
 */
export async function readRegularFile(file: string, maxBytes: number): Promise<string> {
  const handle = await open(file, READ_AT_ONCE);
  try {
    // On the open file: a check by path could meet another file than the read.
    const stats = await handle.stat();
    if (!stats.isFile()) throw new Error('it is no regular file');
    if (stats.size > maxBytes) throw new Error(`it has ${stats.size} bytes, and more than ${maxBytes} are not read`);
    return (await readWhole(handle, stats.size)).toString('utf8');
  } finally {
    await handle.close();
  }
}

/** As many bytes as there were when it was looked at: one that grows meanwhile is not followed. */
async function readWhole(handle: FileHandle, size: number): Promise<Buffer> {
  const bytes = Buffer.alloc(size);
  let length = 0;
  while (length < size) {
    const { bytesRead } = await handle.read(bytes, length, size - length, null);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}
