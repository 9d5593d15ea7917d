/** HTTP/2 connections to one incarnation of an upstream, for gRPC alone. */
import http2 from 'node:http2';
import type { Duplex } from 'node:stream';

/** The upstream's SETTINGS, its first word, come with the connection; a server of another protocol may say nothing. */
const SETTINGS_TIMEOUT_MS = 2_000;
/** A connection without a call is closed. */
const IDLE_MS = 5 * 60_000;
/** Connections at once: more calls than their upstream allows on all of them wait. */
const MAX_SESSIONS = 16;
/** As towards clients: large enough for fast streams on loopback. */
const WINDOW_BYTES = 1024 * 1024;

/** What was dialled does not speak HTTP/2; nothing of a request was sent. */
export class NotHttp2Error extends Error {
  constructor(cause: unknown) {
    super('The upstream does not speak HTTP/2', { cause });
    this.name = 'NotHttp2Error';
  }
}

/** See the file's header. Opens nothing before the first call. */
export class H2Sessions {
  readonly #open: () => Promise<Duplex>;
  readonly #scheme: 'http' | 'https';
  /** With the number of their calls. */
  readonly #sessions = new Map<http2.ClientHttp2Session, number>();
  #opening: Promise<http2.ClientHttp2Session> | undefined;
  #isClosed = false;

  /** @param open a proven connection, over TLS for `https` */
  constructor(scheme: 'http' | 'https', open: () => Promise<Duplex>) {
    this.#scheme = scheme;
    this.#open = open;
  }

  /**
   * Begin a call.
   * @param headers without `:scheme`
   * @throws {DialError} it cannot be reached · {NotHttp2Error} it speaks something else · {Error} of Node's: fields that
   * it refuses to send, or a session that ends in this moment
   */
  async request(headers: http2.OutgoingHttpHeaders): Promise<http2.ClientHttp2Stream> {
    const session = this.#free() ?? (await this.#another());
    const stream = session.request({ ...headers, ':scheme': this.#scheme }, { endStream: false });
    this.#sessions.set(session, (this.#sessions.get(session) ?? 0) + 1);
    stream.once('close', () => {
      const calls = this.#sessions.get(session);
      if (calls === undefined) return;
      this.#sessions.set(session, calls - 1);
      if (this.#isClosed && calls === 1) session.close();
    });
    return stream;
  }

  #free(): http2.ClientHttp2Session | undefined {
    for (const [session, calls] of this.#sessions) {
      if (calls < (session.remoteSettings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY)) return session;
    }
    if (this.#sessions.size < MAX_SESSIONS) return undefined;
    // Node queues what the upstream does not allow yet.
    return [...this.#sessions].sort(([, a], [, b]) => a - b)[0]?.[0];
  }

  /** Calls that come together share one new connection. */
  #another(): Promise<http2.ClientHttp2Session> {
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #connect(): Promise<http2.ClientHttp2Session> {
    const socket = await this.#open();
    const session = http2.connect(`${this.#scheme}://localhost`, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: WINDOW_BYTES },
      strictSingleValueFields: false,
    } as http2.ClientSessionOptions);
    try {
      await firstSettings(session);
    } catch (error) {
      session.destroy();
      socket.destroy();
      throw new NotHttp2Error(error);
    }
    session.setLocalWindowSize(WINDOW_BYTES * 4);
    session.on('error', () => {});
    const forget = (): void => void this.#sessions.delete(session);
    session.once('goaway', forget);
    session.once('close', forget);
    session.setTimeout(IDLE_MS, () => {
      if ((this.#sessions.get(session) ?? 0) > 0) return;
      forget();
      session.close();
    });
    if (!this.#isClosed && !session.destroyed) this.#sessions.set(session, 0);
    return session;
  }

  /** No new connections; calls under way go on. */
  close(): void {
    this.#isClosed = true;
    for (const [session, calls] of this.#sessions) if (calls === 0) session.close();
  }

  /** At once; calls under way break. */
  destroy(): void {
    this.#isClosed = true;
    for (const session of this.#sessions.keys()) session.destroy();
    this.#sessions.clear();
  }
}

/** Resolves when the other side has shown that it speaks HTTP/2. */
function firstSettings(session: http2.ClientHttp2Session): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('It said nothing')), SETTINGS_TIMEOUT_MS);
    session.once('remoteSettings', () => {
      clearTimeout(timer);
      resolve();
    });
    session.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    session.once('close', () => {
      clearTimeout(timer);
      reject(new Error('It hung up'));
    });
  });
}
