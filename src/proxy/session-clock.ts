/**
 * The times of one HTTP/2 session. Node closes an idle one gracefully, but waits for ever for a head that stops in the
 * middle, and for a client that does not hang up (measured on Node 26).
 */
import http2 from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { ListenerLimits } from './listener-limits.ts';

/** In a GOAWAY: no stream is refused yet (RFC 9113 section 6.8). */
const MAX_STREAM_ID = 2 ** 31 - 1;

/** See the file's header. */
export class SessionClock {
  readonly #session: http2.ServerHttp2Session;
  readonly #socket: TLSSocket;
  readonly #closingMs: number;
  /** Whose head came whole. */
  #streams = 0;
  readonly #beganAtMs = performance.now();
  #wasAsked = false;
  #endsAfterFirst = false;
  #isClosing = false;

  /** Begins to count. @param socket below the session */
  constructor(
    session: http2.ServerHttp2Session,
    socket: TLSSocket,
    { firstByteMs, sessionIdleMs, closingMs }: Readonly<ListenerLimits>,
  ) {
    this.#session = session;
    this.#socket = socket;
    this.#closingMs = closingMs;
    const beginning = setTimeout(() => socket.destroy(), firstByteMs);
    session.once('remoteSettings', () => clearTimeout(beginning));
    session.once('close', () => clearTimeout(beginning));
    session.setTimeout(sessionIdleMs, () => this.close());
  }

  /** Nothing is asked on it now. */
  get isIdle(): boolean {
    return this.#streams === 0;
  }

  /** A stream whose head came whole; call {@link ended} when it is over. */
  began(): void {
    this.#streams++;
    this.#wasAsked = true;
    if (!this.#endsAfterFirst) return;
    this.#endsAfterFirst = false;
    this.#announceEnd();
  }

  /** A stream is over, in whatever way. To be handed around as it is. */
  readonly ended = (): void => {
    this.#streams--;
    if (this.#isClosing) this.#hangUp();
  };

  /**
   * {@link close}, and what the client sent before it could know is answered. A session that was just made and asked
   * nothing yet is told after its first request: told before, a client would send none.
   * @param freshMs age up to which a session was just made
   */
  retire(freshMs: number): void {
    if (!this.#wasAsked && performance.now() - this.#beganAtMs < freshMs) this.#endsAfterFirst = true;
    else if (this.isIdle) this.close();
    else this.#announceEnd();
  }

  /** The graceful end of RFC 9113 section 6.8: streams that are on their way are taken until the client has read of it. */
  #announceEnd(): void {
    if (this.#session.closed || this.#session.destroyed) return;
    this.#session.goaway(http2.constants.NGHTTP2_NO_ERROR, MAX_STREAM_ID);
    const isSent = this.#session.ping((error) => {
      if (error === null) this.close();
    });
    if (!isSent) this.close();
  }

  /** No new streams; the connection ends with the last one that is under way. */
  close(): void {
    this.#session.close();
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#hangUp();
  }

  #hangUp(): void {
    if (this.#streams > 0) return;
    const timer = setTimeout(() => this.#socket.destroy(), this.#closingMs);
    this.#socket.once('close', () => clearTimeout(timer));
  }
}
