/**
 * A log file that does not grow for ever: past its size it becomes `name.1`, what was `name.1` becomes `name.2`, and
 * the oldest goes. Whoever follows it by name sees another file there and begins at its start.
 */
import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as nextRound } from 'node:timers/promises';
import { systemCode } from '../core/errors.ts';

/** How much is kept. */
export interface RotationLimits {
  /** Size at which a new file is begun; default 5 MiB. One line more than that may be in it. */
  maxBytes?: number;
  /** Older files beside the present one; default 3. */
  keep?: number;
}

const DEFAULT_MAX_BYTES = 5 * 1024 * 1024;
const DEFAULT_KEEP = 3;
/** Of lines that cannot be written (a full disk) no more than this waits in memory; the rest is dropped. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** See the file's header. The file is made at the first line, 0600, in a folder that is made 0700 when it is missing. */
export class RotatingFile {
  readonly #file: string;
  readonly #maxBytes: number;
  readonly #keep: number;
  #handle: FileHandle | undefined;
  /** Of the present file. */
  #bytes = 0;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;

  constructor(file: string, limits: RotationLimits = {}) {
    this.#file = file;
    this.#maxBytes = limits.maxBytes ?? DEFAULT_MAX_BYTES;
    this.#keep = limits.keep ?? DEFAULT_KEEP;
  }

  /** Append a line. Never throws and never waits for the disk. */
  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) return;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#writing ??= this.#writeAll();
  }

  /** Bring everything to the file; for the end. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#handle?.close().catch(() => {});
    this.#handle = undefined;
  }

  async #writeAll(): Promise<void> {
    // Lines of one turn go out together.
    await nextRound();
    while (this.#waiting.length > 0) {
      try {
        this.#handle ??= await this.#open();
        if (this.#bytes >= this.#maxBytes) await this.#rotate();
        await this.#handle.appendFile(this.#nextPiece());
      } catch {
        // A log that cannot be written is no reason to stop serving: what waits is lost, and the next line tries again.
        this.#waiting = [];
        this.#waitingBytes = 0;
        await this.#handle?.close().catch(() => {});
        this.#handle = undefined;
      }
    }
    // In the same turn as the last look: a line that comes now begins anew.
    this.#writing = undefined;
  }

  /** As many lines as the present file takes. */
  #nextPiece(): Buffer {
    let count = 0;
    let bytes = 0;
    while (count < this.#waiting.length && this.#bytes + bytes < this.#maxBytes) {
      bytes += this.#waiting[count++]?.length ?? 0;
    }
    this.#bytes += bytes;
    this.#waitingBytes -= bytes;
    return Buffer.concat(this.#waiting.splice(0, count), bytes);
  }

  async #open(): Promise<FileHandle> {
    await mkdir(path.dirname(this.#file), { recursive: true, mode: 0o700 });
    const handle = await open(this.#file, 'a', 0o600);
    this.#bytes = (await handle.stat()).size;
    return handle;
  }

  /** Where the files cannot be renamed (their folder is gone), the present one goes on. */
  async #rotate(): Promise<void> {
    this.#bytes = 0;
    try {
      for (let age = this.#keep - 1; age >= 1; age--) await move(`${this.#file}.${age}`, `${this.#file}.${age + 1}`);
      await rename(this.#file, `${this.#file}.1`);
    } catch {
      return;
    }
    await this.#handle?.close();
    this.#handle = await this.#open();
  }
}

async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}
