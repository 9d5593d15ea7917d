/** Reads a log file from near its end, and goes on as it grows, also when it is rotated. */
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { systemCode } from '../core/errors.ts';

/** How to follow. */
export interface FollowOptions {
  /** Lines of what is there already. */
  lastLines: number;
  /** Go on until this is aborted; absent: end where the file ends. */
  until?: AbortSignal;
}

/** A person does not see the difference; the machine does nothing but one stat. */
const LOOK_AGAIN_MS = 200;
const CHUNK_BYTES = 64 * 1024;
/** Enough for the last lines that anybody reads. */
const MAX_BACKLOG_BYTES = 8 * 1024 * 1024;

/** Lines without their line breaks. A file that is not there yet is empty. @throws the system's error */
export async function* followFile(file: string, { lastLines, until }: FollowOptions): AsyncGenerator<string> {
  let handle = await openIfThere(file);
  try {
    let position = 0;
    let rest = Buffer.alloc(0);
    if (handle) {
      const tail = await readTail(handle);
      position = tail.end;
      const lines = splitLines(tail.bytes);
      rest = lines.rest;
      yield* lines.whole.slice(lastLines === 0 ? lines.whole.length : -lastLines);
    }
    while (until && !until.aborted) {
      const bytes = handle ? await readFrom(handle, position) : Buffer.alloc(0);
      if (bytes.length > 0) {
        position += bytes.length;
        const lines = splitLines(Buffer.concat([rest, bytes]));
        rest = lines.rest;
        yield* lines.whole;
        continue;
      }
      const next = await replacement(file, handle, position);
      if (next) {
        // What the rotated file still got between our last read and the look.
        if (handle) yield* splitLines(Buffer.concat([rest, await readFrom(handle, position)])).whole;
        await handle?.close();
        handle = next;
        position = 0;
        rest = Buffer.alloc(0);
      } else await delay(LOOK_AGAIN_MS, undefined, { signal: until }).catch(() => {});
    }
  } finally {
    await handle?.close();
  }
}

/** Another file of that name, or the same one begun anew. */
async function replacement(
  file: string,
  handle: FileHandle | undefined,
  position: number,
): Promise<FileHandle | undefined> {
  const next = await openIfThere(file);
  if (!next) return undefined;
  const [now, before] = await Promise.all([next.stat(), handle?.stat()]);
  if (before && now.ino === before.ino && now.size >= position) {
    await next.close();
    return undefined;
  }
  return next;
}

async function openIfThere(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, 'r');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function readTail(handle: FileHandle): Promise<{ bytes: Buffer; end: number }> {
  const { size } = await handle.stat();
  const start = Math.max(0, size - MAX_BACKLOG_BYTES);
  const bytes = await readFrom(handle, start, size - start);
  return { bytes, end: start + bytes.length };
}

async function readFrom(handle: FileHandle, start: number, limit = CHUNK_BYTES): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  while (length < limit) {
    const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, limit - length));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, start + length);
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    length += bytesRead;
  }
  return Buffer.concat(chunks);
}

/** A line is whole when its line break is there; bytes, so that no character is cut. */
function splitLines(bytes: Buffer): { whole: string[]; rest: Buffer<ArrayBuffer> } {
  const end = bytes.lastIndexOf(0x0a) + 1;
  const whole = end === 0 ? [] : bytes.toString('utf8', 0, end - 1).split('\n');
  return { whole, rest: Buffer.from(bytes.subarray(end)) };
}
