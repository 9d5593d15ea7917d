/**
 * The times of one HTTP/2 session. Node closes an idle one gracefully, but waits for ever for a head that stops in the
 * middle, and for a client that does not hang up (measured on Node 26).
 */
import type http2 from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { ListenerLimits } from './listener-limits.ts';

/** See the file's header. */
export class SessionClock {
  readonly #session: http2.ServerHttp2Session;
  readonly #socket: TLSSocket;
  readonly #closingMs: number;
  /** Whose head came whole. */
  #streams = 0;
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
  }

  /** A stream is over, in whatever way. To be handed around as it is. */
  readonly ended = (): void => {
    this.#streams--;
    if (this.#isClosing) this.#hangUp();
  };

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
