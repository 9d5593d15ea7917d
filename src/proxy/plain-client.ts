/**
 * The short way to one upstream, for the most frequent request: a GET without a body. Keep-alive connections, Node's own
 * strict parser, back-pressure; what it saves is in bench/proxy/README.md. Everything else goes by undici's pool.
 */
import type net from 'node:net';
import { disconnected } from './disconnected.ts';
import { fieldLines } from './field-lines.ts';
import { type ConnectionOwner, PlainConnection } from './plain-connection.ts';
import type { PlainRequest } from './plain-request.ts';
import { HAS_RESPONSE_PARSER } from './response-parser.ts';

/** How often idle connections are looked at. */
const SWEEP_MS = 500;
/** What undici's pool takes, too. */
export interface PlainClientLimits {
  maxConnections: number;
  keepAliveMs: number;
  maxHeadBytes: number;
}

/** Opens a proven connection that gives what it reads to `onread`. */
export type Dial = (onread: net.OnReadOpts) => Promise<net.Socket>;

/** See the file's header. */
export class PlainClient implements ConnectionOwner {
  readonly limits: PlainClientLimits;
  readonly #dial: Dial;
  readonly #connections = new Set<PlainConnection>();
  /** Free, and looked at by the event loop since: what came unasked has been noticed. Newest last. */
  #idle: PlainConnection[] = [];
  /** Free since the last {@link #assign}. */
  #resting: PlainConnection[] = [];
  #waiting: PlainRequest[] = [];
  #dialling = 0;
  #isScheduled = false;
  #isClosed = false;
  #sweeper: NodeJS.Timeout | undefined;

  constructor(limits: PlainClientLimits, dial: Dial) {
    this.limits = limits;
    this.#dial = dial;
  }

  /**
   * undefined: this request must go another way.
   * @param fields flat, with `Host` first
   * @param forwarding lines of what the upstream is told of the client
   */
  static headOf(path: string, fields: readonly string[], forwarding: string | undefined): string | undefined {
    if (!HAS_RESPONSE_PARSER || forwarding === undefined || !TARGET.test(path)) return undefined;
    const lines = fieldLines(fields);
    return lines && `GET ${path} HTTP/1.1\r\n${lines}Connection: keep-alive\r\n${forwarding}\r\n`;
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
  release(connection: PlainConnection): void {
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
  forget(connection: PlainConnection): void {
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
      const connection = new PlainConnection(this);
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
  #startOn(connection: PlainConnection): void {
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

/** No space and no control character (RFC 9112 section 3.2). */
const TARGET = /^[\x21-\x7e\x80-\xff]+$/;
