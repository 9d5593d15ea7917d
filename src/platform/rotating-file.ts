/**
 * A log file that does not grow for ever: past its size it becomes `name.1`, what was `name.1` becomes `name.2`, and
 * the oldest goes. Whoever follows it by name sees another file there and begins at its start.
 */
import { mkdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { destination } from 'pino';

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
  #stream: ReturnType<typeof destination> | undefined;
  #bytes = 0;

  constructor(file: string, limits: RotationLimits = {}) {
    this.#file = file;
    this.#maxBytes = limits.maxBytes ?? DEFAULT_MAX_BYTES;
    this.#keep = limits.keep ?? DEFAULT_KEEP;
  }

  /** Append a line. Never throws and never blocks on the disk, but for three renames in five million bytes. */
  write(line: string): void {
    const stream = this.#open();
    if (stream === undefined) return;
    if (this.#bytes >= this.#maxBytes) this.#rotate(stream);
    this.#bytes += Buffer.byteLength(line);
    stream.write(line);
  }

  /** Bring everything to the file; for the end. */
  close(): Promise<void> {
    const stream = this.#stream;
    if (stream === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      stream.once('close', () => resolve());
      stream.once('error', () => resolve());
      stream.end();
    });
  }

  #open(): ReturnType<typeof destination> | undefined {
    if (this.#stream) return this.#stream;
    try {
      mkdirSync(path.dirname(this.#file), { recursive: true, mode: 0o700 });
      this.#bytes = statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
    } catch {
      // A log that cannot be written is no reason to stop serving.
      return undefined;
    }
    this.#stream = destination({
      dest: this.#file,
      sync: false,
      append: true,
      mode: 0o600,
      maxLength: MAX_WAITING_BYTES,
    });
    this.#stream.on('error', () => {});
    return this.#stream;
  }

  /** What is still on its way goes to the file that it was written to. */
  #rotate(stream: ReturnType<typeof destination>): void {
    this.#bytes = 0;
    try {
      for (let age = this.#keep - 1; age >= 1; age--) move(`${this.#file}.${age}`, `${this.#file}.${age + 1}`);
      move(this.#file, `${this.#file}.1`);
      stream.reopen();
    } catch {
      // The folder is gone or full: the present file goes on.
    }
  }
}

function move(from: string, to: string): void {
  if (statSync(from, { throwIfNoEntry: false })) renameSync(from, to);
}
