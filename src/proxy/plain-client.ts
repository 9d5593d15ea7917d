/**
 * The short way to one upstream, for the most frequent request: a GET without a body. Keep-alive connections, Node's own
 * strict parser, back-pressure; what it saves is in bench/proxy/README.md. Everything else goes by undici's pool.
 */
import type net from 'node:net';
import type { Dispatcher } from 'undici';
import { disconnected } from './disconnected.ts';
import {
  HAS_RESPONSE_PARSER,
  type ResponseParser,
  responseParser,
  WITH_BODY,
  WITHOUT_BODY,
} from './response-parser.ts';

/** Reads of all connections: a read is parsed, and its body copied, before the next one comes. */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);
/** How often idle connections are looked at. */
const SWEEP_MS = 500;
/** How long before the time that the upstream named we hang up: no request shall meet its closing. */
const HINT_MARGIN_MS = 1_000;

/** Of what is no answer, so much is kept to tell what it is. */
const SAMPLE_BYTES = 16;
const EMPTY = Buffer.alloc(0);

const NO_HEADERS = Object.freeze({});

/** What undici's pool takes, too. */
export interface PlainClientLimits {
  maxConnections: number;
  keepAliveMs: number;
  maxHeadBytes: number;
}

/** Opens a proven connection that gives what it reads to `onread`. */
export type Dial = (onread: net.OnReadOpts) => Promise<net.Socket>;

/** A request, told of by undici's events: where a request comes from is the same to the one who waits for its answer. */
export class PlainRequest implements Dispatcher.DispatchController {
  readonly head: string;
  readonly handler: Dispatcher.DispatchHandler;
  aborted = false;
  paused = false;
  reason: Error | null = null;
  rawHeaders: string[] | null = null;
  rawTrailers: string[] | null = null;
  /** While it is under way. */
  connection: Connection | undefined = undefined;
  isOver = false;

  constructor(head: string, handler: Dispatcher.DispatchHandler) {
    this.head = head;
    this.handler = handler;
  }

  abort(reason: Error): void {
    if (this.isOver) return;
    this.aborted = true;
    this.reason = reason;
    this.connection?.giveUp(reason);
    this.fail(reason);
  }
  pause(): void {
    if (this.isOver) return;
    this.paused = true;
    this.connection?.pause();
  }
  resume(): void {
    if (this.isOver) return;
    this.paused = false;
    this.connection?.resume();
  }
  /** Its answer is complete. */
  succeed(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.connection = undefined;
    try {
      this.handler.onResponseEnd?.(this, NO_HEADERS);
    } catch (error) {
      // Trailers that cannot be sent on.
      this.handler.onResponseError?.(this, error as Error);
    }
  }
  /** No answer, or half of one. */
  fail(error: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.connection = undefined;
    this.handler.onResponseError?.(this, error);
  }
}

/** See the file's header. */
export class PlainClient {
  readonly limits: PlainClientLimits;
  readonly #dial: Dial;
  readonly #connections = new Set<Connection>();
  /** Free, and looked at by the event loop since: what came unasked has been noticed. Newest last. */
  #idle: Connection[] = [];
  /** Free since the last {@link #assign}. */
  #resting: Connection[] = [];
  #waiting: PlainRequest[] = [];
  #dialling = 0;
  #isScheduled = false;
  #isClosed = false;
  #sweeper: NodeJS.Timeout | undefined;

  constructor(limits: PlainClientLimits, dial: Dial) {
    this.limits = limits;
    this.#dial = dial;
  }

  /** undefined: this request must go another way. @param headers flat, with `Host` first */
  static headOf(path: string, headers: readonly string[]): string | undefined {
    if (!HAS_RESPONSE_PARSER || !TARGET.test(path)) return undefined;
    let head = `GET ${path} HTTP/1.1\r\n`;
    for (let i = 0; i + 1 < headers.length; i += 2) {
      const name = headers[i] ?? '';
      const value = headers[i + 1] ?? '';
      if (!NAME.test(name) || FORBIDDEN_IN_VALUE.test(value)) return undefined;
      head += `${name}: ${value}\r\n`;
      if (i === 0) head += 'Connection: keep-alive\r\n';
    }
    return `${head}\r\n`;
  }

  /** Send it as soon as there is a connection. How it ends is told to its handler. */
  send(request: PlainRequest): void {
    this.#waiting.push(request);
    this.#schedule();
  }

  /** No new connections; requests under way finish. */
  close(): void {
    this.#isClosed = true;
    for (const connection of [...this.#idle, ...this.#resting]) connection.destroy();
  }

  /** At once; requests under way break. */
  destroy(): void {
    this.close();
    for (const connection of this.#connections) connection.destroy();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const request of waiting) request.fail(disconnected());
  }

  /** After its answer a connection is free again. */
  release(connection: Connection): void {
    if (!connection.isUsable || (this.#isClosed && this.#waiting.length === 0)) {
      connection.destroy();
      return;
    }
    connection.idleSinceMs = performance.now();
    this.#resting.push(connection);
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS).unref();
    this.#schedule();
  }

  /** It is closed. */
  forget(connection: Connection): void {
    this.#connections.delete(connection);
    if (this.#waiting.length > 0) this.#schedule();
  }

  /**
   * In the loop's check phase, behind the reads: a connection on which something came unasked, or that was closed, has
   * been noticed by then, and no request meets it (undici does the same, GHSA-35p6-xmwp-9g52). Once per turn of the
   * loop, however many requests came in it.
   */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#assign();
    });
  }

  #assign(): void {
    const waiting = this.#waiting;
    const nowMs = performance.now();
    let next = 0;
    while (next < waiting.length) {
      const connection = this.#idle.pop();
      if (connection === undefined) break;
      if (connection.isOutdated(nowMs)) {
        connection.destroy();
        continue;
      }
      const request = waiting[next++];
      if (request && !request.isOver) connection.start(request);
      else this.#idle.push(connection);
    }
    this.#waiting = next === 0 ? waiting : waiting.slice(next);
    const rested = this.#resting;
    this.#resting = [];
    this.#idle = this.#idle.length === 0 ? rested : [...this.#idle, ...rested];
    if (this.#waiting.length === 0) return;
    if (this.#idle.length > 0) this.#schedule();
    this.#dialFor(this.#waiting.length - this.#idle.length - this.#dialling);
  }

  #dialFor(count: number): void {
    const room = this.limits.maxConnections - this.#connections.size - this.#dialling;
    for (let i = Math.min(count, room); i > 0; i--) {
      this.#dialling++;
      const connection = new Connection(this);
      this.#dial(connection.onread).then(
        (socket) => {
          this.#dialling--;
          this.#connections.add(connection);
          connection.open(socket);
          this.#startOn(connection);
        },
        (error: Error) => {
          this.#dialling--;
          connection.destroy();
          this.#nextWaiting()?.fail(error);
          if (this.#waiting.length > 0) this.#schedule();
        },
      );
    }
  }

  /** A fresh connection has sent nothing yet, so nothing stale can be on it. */
  #startOn(connection: Connection): void {
    const request = this.#nextWaiting();
    if (request) connection.start(request);
    else this.release(connection);
  }

  #nextWaiting(): PlainRequest | undefined {
    for (;;) {
      const request = this.#waiting.shift();
      if (request === undefined || !request.isOver) return request;
    }
  }

  #sweep(): void {
    const nowMs = performance.now();
    this.#idle = this.#idle.filter((connection) => {
      if (!connection.isOutdated(nowMs)) return true;
      connection.destroy();
      return false;
    });
    if (this.#connections.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }
}

/** One connection, one request at a time. */
class Connection {
  readonly onread: net.OnReadOpts;
  idleSinceMs = 0;
  keepAliveMs: number;
  readonly #client: PlainClient;
  readonly #parser: ResponseParser;
  #socket: net.Socket | undefined;
  #request: PlainRequest | undefined;
  /** The answer's last byte was read; what follows is nobody's. */
  #isComplete = false;
  #isInformation = false;
  #isReusable = true;
  /** What came before anything was asked. */
  #unasked: Buffer | undefined;
  #isDestroyed = false;

  constructor(client: PlainClient) {
    this.#client = client;
    this.keepAliveMs = client.limits.keepAliveMs;
    this.onread = { buffer: READ_BUFFER, callback: (length, buffer) => this.#read(length, buffer as Buffer) };
    this.#parser = responseParser(client.limits.maxHeadBytes, {
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
      this.#client.forget(this);
    });
    if (this.#isDestroyed) socket.destroy();
  }

  start(request: PlainRequest): void {
    this.#isComplete = false;
    this.#request = request;
    request.handler.onRequestStart?.(request, undefined);
    // Nobody waits for it any more, so nothing was sent.
    if (request.isOver) {
      this.#request = undefined;
      this.#client.release(this);
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

  #read(length: number, buffer: Buffer): boolean {
    // Nothing was asked: whatever it says, it could be taken for the answer to the next request.
    if (!this.#request) {
      this.#isReusable = false;
      this.#unasked ??= Buffer.from(buffer.subarray(0, Math.min(length, SAMPLE_BYTES)));
      // A fresh connection is kept until its request can be told.
      if (this.#socket) this.destroy();
      return true;
    }
    const result = this.#parser.execute(length === buffer.length ? buffer : buffer.subarray(0, length));
    if (this.#isDestroyed) return true;
    if (typeof result !== 'number') this.#isReusable = false;
    if (this.#isComplete) this.#finish();
    else if (typeof result !== 'number') this.#break(unreadable(result, buffer.subarray(0, length)));
    return true;
  }

  #head(status: number, message: string, headers: string[], isUpgrade: boolean, keepsAlive: boolean): number {
    const request = this.#request;
    if (!request || this.#isComplete || request.isOver) return WITHOUT_BODY;
    if (isUpgrade || status === 101) {
      this.#break(notHttp('The upstream changed the protocol unasked'));
      return WITHOUT_BODY;
    }
    if (status >= 200 && !this.#mayKeepAlive(status, headers, keepsAlive)) this.#isReusable = false;
    request.rawHeaders = headers;
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
    this.keepAliveMs = this.#client.limits.keepAliveMs;
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
    if (!request || this.#isComplete || request.isOver) return;
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
    if (this.#isReusable) this.#client.release(this);
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

/** RFC 9110 section 5.6.2. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110 section 5.5. */
const FORBIDDEN_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
/** No space and no control character (RFC 9112 section 3.2). */
const TARGET = /^[\x21-\x7e\x80-\xff]+$/;

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
