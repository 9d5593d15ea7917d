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

/** Of a body that may have to be sent twice, no more is kept. */
const MAX_KEPT_BYTES = 64 * 1024;

/** The beginning of a body that went to an upstream of which it is not known how it is spoken to. */
export class KeptBody {
  chunks: Buffer[] = [];
  hasEnded = false;
  /** Until an answer comes. */
  isKeeping = true;
  #bytes = 0;

  /** Everything that was taken from the client is here: it can be sent again. */
  get isWhole(): boolean {
    return this.isKeeping && this.#bytes <= MAX_KEPT_BYTES;
  }

  add(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.isWhole) this.chunks.push(chunk);
    else this.chunks = [];
  }

  /** An answer came, or none will: nothing is sent again. */
  release(): void {
    this.isKeeping = false;
    this.chunks = [];
  }
}

/** Lazy view of a client's body. */
export class RequestBody extends Readable {
  readonly #source: Readable;
  readonly #onBytes: (length: number) => void;
  readonly #kept: KeptBody | undefined;
  #attached = false;

  /**
   * @param onBytes told of each piece's length
   * @param kept what an earlier view took from the client, to be sent again; this one adds to it
   */
  constructor(source: Readable, onBytes: (length: number) => void, kept?: KeptBody) {
    super({ highWaterMark: 64 * 1024 });
    this.#source = source;
    this.#kept = kept;
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
      this.#source.resume();
      return;
    }
    this.#attached = true;
    for (const chunk of this.#kept?.chunks ?? []) this.push(chunk);
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
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#source.off('data', this.#onData);
    this.#source.off('end', this.#onEnd);
    this.#source.off('close', this.#onClose);
    // The rest is read and thrown away, so that an early response can still reach an HTTP/1.1 client.
    if (this.#kept?.isWhole) this.#source.pause();
    else if (this.#attached) this.#source.resume();
    callback(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#onBytes(chunk.length);
    this.#kept?.add(chunk);
    if (!this.push(chunk)) this.#source.pause();
  };
  readonly #onEnd = (): void => {
    this.push(null);
  };
  readonly #onClose = (): void => {
    if (!this.#source.readableEnded) this.destroy(new Error('The client left before its request was complete'));
  };
}
