/**
 * A request body that can be given to a client library without being lost: nothing is taken from the client before
 * the upstream asks for bytes, and when the library destroys it after a failed dial the client's side stays intact.
 */
import { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { setImmediate as nextRound } from 'node:timers/promises';

/**
 * Has something of a client's body come together with its head? Nothing is taken from it.
 * Waits for one round of the event loop at most: Node tells of a head before it reads on.
 */
export async function hasBegun(source: Readable): Promise<boolean> {
  if (source.readableLength > 0 || source.readableEnded) return true;
  // HTTP/2 hands out nothing before it is asked. HTTP/1.1 does, and would take being asked for a promise to read on.
  if (!(source instanceof IncomingMessage)) source.read(0);
  await nextRound();
  return source.readableLength > 0 || source.readableEnded;
}

/** Of a body that may have to be sent twice, so much is kept; before more is taken, that has to be settled. */
const KEPT_BYTES = 64 * 1024;

/** The beginning of a body that went to an upstream of which it is not known how it is spoken to. */
export class KeptBody {
  chunks: Buffer[] = [];
  /** Everything that was taken from the client is here: it can be sent again. */
  isWhole = true;
  #bytes = 0;

  /** @returns false: no more should be taken */
  add(chunk: Buffer): boolean {
    if (!this.isWhole) return true;
    this.#bytes += chunk.length;
    this.chunks.push(chunk);
    return this.#bytes < KEPT_BYTES;
  }

  /** An answer came, or none will: nothing is sent again. */
  release(): void {
    this.isWhole = false;
    this.chunks = [];
  }
}

/** For a view of a body that may have to be sent again. */
export interface Keeping {
  /** What an earlier view took from the client, to be sent again; this one adds to it. */
  kept: KeptBody;
  /** Asked when it is full. @returns false: it is sent again, by another view. Never rejects */
  settles(): Promise<boolean>;
}

/** Lazy view of a client's body. */
export class RequestBody extends Readable {
  readonly #source: Readable;
  readonly #onBytes: (length: number) => void;
  readonly #keeping: Keeping | undefined;
  #attached = false;
  /** Until it is settled, nothing is taken, whoever asks for it. */
  #isHeld = false;

  /** @param onBytes told of each piece's length */
  constructor(source: Readable, onBytes: (length: number) => void, keeping?: Keeping) {
    super({ highWaterMark: 64 * 1024 });
    this.#source = source;
    this.#keeping = keeping;
    this.#onBytes = onBytes;
    // Told in the next tick, when whoever asked may have turned away (undici, of a request that it gave up meanwhile).
    this.on('error', () => {});
  }

  /** A byte was asked for: the request cannot be repeated any more. */
  get started(): boolean {
    return this.#attached;
  }

  override _read(): void {
    if (this.#attached) {
      if (!this.#isHeld) this.#source.resume();
      return;
    }
    this.#attached = true;
    for (const chunk of this.#keeping?.kept.chunks ?? []) this.push(chunk);
    // An empty HTTP/2 body may have ended before anybody could listen.
    if (this.#source.readableEnded) {
      this.push(null);
      return;
    }
    if (this.#source.destroyed) {
      this.destroy(new Error('The client left before its request was complete'));
      return;
    }
    this.#source.on('data', this.#onData);
    this.#source.on('end', this.#onEnd);
    this.#source.on('close', this.#onClose);
    // An earlier view may have stopped it.
    this.#source.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#source.off('data', this.#onData);
    this.#source.off('end', this.#onEnd);
    this.#source.off('close', this.#onClose);
    // The rest is read and thrown away, so that an early response can still reach an HTTP/1.1 client.
    if (this.#keeping?.kept.isWhole) this.#source.pause();
    else if (this.#attached) this.#source.resume();
    callback(error);
  }

  async #settle({ kept, settles }: Keeping): Promise<void> {
    if (this.#isHeld) return;
    this.#isHeld = true;
    if (!(await settles()) || this.destroyed) return;
    kept.release();
    this.#isHeld = false;
    this.#source.resume();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#onBytes(chunk.length);
    if (this.#keeping?.kept.add(chunk) === false) void this.#settle(this.#keeping);
    if (!this.push(chunk) || this.#isHeld) this.#source.pause();
  };
  readonly #onEnd = (): void => {
    this.push(null);
  };
  readonly #onClose = (): void => {
    if (!this.#source.readableEnded) this.destroy(new Error('The client left before its request was complete'));
  };
}
