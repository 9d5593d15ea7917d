/** One connection of the plain client: one request at a time, read by Node's own strict parser. */
import type net from 'node:net';
import { AppError } from '../core/errors.ts';
import { disconnected } from './disconnected.ts';
import { flatHeader } from './flat-headers.ts';
import { type Carrier, NO_HEADERS, type PlainRequest } from './plain-request.ts';
import { type ResponseParser, responseParser, WITH_BODY, WITHOUT_BODY } from './response-parser.ts';
import { giveBack, takeSpare } from './spare-buffers.ts';

/** Reads of all connections: a read is parsed, and its body copied, before the next one comes. Large bodies have others. */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);
/** How long before the time that the upstream named we hang up: no request shall meet its closing. */
const HINT_MARGIN_MS = 1_000;
/** Of what is no answer, so much is kept to tell what it is. */
const SAMPLE_BYTES = 16;
const EMPTY = Buffer.alloc(0);

/** Whose connection it is. */
export interface ConnectionOwner {
  readonly limits: { keepAliveMs: number; maxHeadBytes: number };
  /** After its answer it is free again. */
  release(connection: PlainConnection): void;
  /** It is closed. */
  forget(connection: PlainConnection): void;
}

/** See the file's header. */
export class PlainConnection implements Carrier {
  readonly onread: net.OnReadOpts;
  idleSinceMs = 0;
  keepAliveMs: number;
  readonly #owner: ConnectionOwner;
  readonly #parser: ResponseParser;
  #socket: net.Socket | undefined;
  #request: PlainRequest | undefined;
  /** The answer's last byte was read; what follows is nobody's. */
  #isComplete = false;
  #isInformation = false;
  #isReusable = true;
  /** Bytes of the body that are still to come, where its length says so and nobody keeps pieces of it; else 0. */
  #outstanding = 0;
  /** What the socket reads into, as long as nobody else has it. */
  #spare: Buffer | undefined;
  /** What came before anything was asked. */
  #unasked: Buffer | undefined;
  #isDestroyed = false;

  constructor(owner: ConnectionOwner) {
    this.#owner = owner;
    this.keepAliveMs = owner.limits.keepAliveMs;
    this.onread = {
      // Asked once before the first read, and after each.
      buffer: () => this.#nextBuffer(),
      callback: (length, buffer) => this.#read(length, buffer as Buffer),
    };
    this.#parser = responseParser(owner.limits.maxHeadBytes, {
      begin: () => {
        // An answer behind the answer, or to no request at all.
        if (this.#isComplete || !this.#request) this.#isReusable = false;
      },
      head: (status, message, headers, isUpgrade, keepsAlive) =>
        this.#head(status, message, headers, isUpgrade, keepsAlive),
      body: (piece) => this.#body(piece),
      end: (trailers) => this.#end(trailers),
    });
  }

  get isUsable(): boolean {
    return !this.#isDestroyed && this.#isReusable;
  }

  /** Closed, or idle for too long. */
  isOutdated(nowMs: number): boolean {
    return !this.isUsable || nowMs - this.idleSinceMs > this.keepAliveMs;
  }

  open(socket: net.Socket): void {
    this.#socket = socket;
    socket.on('error', (error) => this.#broke(error));
    socket.on('end', () => this.#ended());
    socket.on('close', () => {
      this.#broke(disconnected());
      // Not before: until its handle is closed something could be read into it.
      if (this.#spare) giveBack(this.#spare);
      this.#spare = undefined;
      this.#owner.forget(this);
    });
    if (this.#isDestroyed) socket.destroy();
  }

  start(request: PlainRequest): void {
    this.#isComplete = false;
    this.#outstanding = 0;
    this.#request = request;
    request.handler.onRequestStart?.(request, undefined);
    // Nobody waits for it any more, so nothing was sent.
    if (request.isOver) {
      this.#request = undefined;
      this.#owner.release(this);
      return;
    }
    request.connection = this;
    if (this.#isDestroyed) this.#broke(disconnected());
    // It spoke first: not an HTTP server.
    else if (!this.#isReusable)
      this.#break(unreadable(notHttp('The upstream spoke before it was asked'), this.#unasked ?? EMPTY));
    else this.#socket?.write(request.head, 'latin1');
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** Its request is over before its answer is. */
  giveUp(error: Error): void {
    this.#request = undefined;
    this.#isReusable = false;
    this.#break(error);
  }

  destroy(): void {
    this.#break(disconnected());
  }

  #nextBuffer(): Buffer {
    if (this.#isDestroyed || this.#outstanding < READ_BUFFER.length) return READ_BUFFER;
    this.#spare ??= takeSpare();
    return this.#spare ?? READ_BUFFER;
  }

  #read(length: number, buffer: Buffer): boolean {
    // Nothing was asked: whatever it says, it could be taken for the answer to the next request.
    if (!this.#request) {
      this.#isReusable = false;
      this.#unasked ??= Buffer.from(buffer.subarray(0, Math.min(length, SAMPLE_BYTES)));
      // A fresh connection is kept until its request can be told.
      if (this.#socket) this.destroy();
      return true;
    }
    const bytes = length === buffer.length ? buffer : buffer.subarray(0, length);
    const result = buffer === READ_BUFFER ? this.#parser.execute(bytes) : this.#readLarge(bytes);
    if (this.#isDestroyed) return true;
    if (typeof result !== 'number') this.#isReusable = false;
    if (this.#isComplete) this.#finish();
    else if (typeof result !== 'number') this.#break(unreadable(result, buffer.subarray(0, length)));
    return true;
  }

  /** The middle or the end of a large body, in a buffer that belongs to whoever writes it. */
  #readLarge(bytes: Buffer): number | Error {
    this.#body(bytes.length <= this.#outstanding ? bytes : bytes.subarray(0, this.#outstanding));
    // It sees where the body ends, and what is behind it.
    return this.#isDestroyed ? bytes.length : this.#parser.skim(bytes);
  }

  #head(status: number, message: string, headers: string[], isUpgrade: boolean, keepsAlive: boolean): number {
    const request = this.#request;
    if (!request || this.#isComplete || request.isOver) return WITHOUT_BODY;
    if (isUpgrade || status === 101) {
      this.#break(new AppError('UPSTREAM_BROKE', 'It changed the protocol unasked'));
      return WITHOUT_BODY;
    }
    if (status >= 200 && !this.#mayKeepAlive(status, headers, keepsAlive)) this.#isReusable = false;
    request.rawHeaders = headers;
    this.#outstanding = status === 200 || status === 206 ? Number(flatHeader(headers, 'content-length') ?? 0) : 0;
    try {
      request.handler.onResponseStart?.(request, status, NO_HEADERS, message);
    } catch (error) {
      // A head that cannot be sent on.
      this.#break(error as Error);
    }
    this.#isInformation = status < 200;
    return status < 200 || status === 204 || status === 304 ? WITHOUT_BODY : WITH_BODY;
  }

  #mayKeepAlive(status: number, headers: readonly string[], keepsAlive: boolean): boolean {
    if (!keepsAlive) return false;
    const hasNoBody = status === 204 || status === 304;
    this.keepAliveMs = this.#owner.limits.keepAliveMs;
    for (let i = 0; i + 1 < headers.length; i += 2) {
      const name = headers[i] ?? '';
      const value = headers[i + 1] ?? '';
      if (name.length === 10 && name.toLowerCase() === 'keep-alive') {
        const hint = /\btimeout=(\d+)/i.exec(value)?.[1];
        if (hint) this.keepAliveMs = Math.min(this.keepAliveMs, Number(hint) * 1000 - HINT_MARGIN_MS);
      }
      // Some send a body all the same, which would be read as the next answer.
      if (hasNoBody && isFraming(name, value)) return false;
    }
    return this.keepAliveMs > 0;
  }

  #body(piece: Buffer): void {
    const request = this.#request;
    this.#outstanding = Math.max(0, this.#outstanding - piece.length);
    if (!request || this.#isComplete || request.isOver) return;
    // From here on it is for the one who writes it to give it back.
    if (this.#spare?.buffer === piece.buffer) this.#spare = undefined;
    try {
      request.handler.onResponseData?.(request, piece);
    } catch (error) {
      this.#break(error as Error);
    }
  }

  #end(trailers: string[]): void {
    if (this.#isInformation) {
      this.#isInformation = false;
      return;
    }
    if (!this.#request || this.#isComplete) return;
    this.#request.rawTrailers = trailers;
    this.#isComplete = true;
  }

  /** The answer is complete and all that was read has been looked at. */
  #finish(): void {
    const request = this.#request;
    this.#request = undefined;
    if (request?.paused) this.resume();
    request?.succeed();
    if (this.#isReusable) this.#owner.release(this);
    else this.destroy();
  }

  /** The upstream has said all that it will say: for an answer without a length this is its end. */
  #ended(): void {
    this.#isReusable = false;
    if (!this.#request) return;
    const error = this.#parser.finish();
    if (this.#isComplete) this.#finish();
    else this.#broke(error instanceof Error && hasBegun(this.#request) ? error : disconnected());
  }

  #break(error: Error): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.#socket?.destroy();
    this.#broke(error);
    // Never from within the parser's own events.
    setImmediate(() => this.#parser.close());
  }

  #broke(error: Error): void {
    const request = this.#request;
    this.#request = undefined;
    request?.fail(error);
    this.#break(error);
  }
}

function hasBegun({ rawHeaders }: PlainRequest): boolean {
  return rawHeaders !== null;
}

function isFraming(name: string, value: string): boolean {
  const lower = name.toLowerCase();
  return lower === 'transfer-encoding' || (lower === 'content-length' && value.trim() !== '0');
}

/** As node:http names what could not be read. */
function unreadable(error: Error, bytes: Buffer): Error {
  return Object.assign(error, { rawPacket: Buffer.from(bytes.subarray(0, SAMPLE_BYTES)) });
}

function notHttp(message: string): Error {
  return Object.assign(new Error(message), { code: 'HPE_INVALID_CONSTANT' });
}
