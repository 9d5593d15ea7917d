/** What one client may cost: times, sizes and counts of the listener. A flood or a slow client meets these, not the apps. */

/** See {@link LISTENER_LIMITS} for what each is. */
export interface ListenerLimits {
  maxConnections: number;
  firstByteMs: number;
  headersMs: number;
  checkMs: number;
  sessionIdleMs: number;
  keepAliveMs: number;
  closingMs: number;
  maxHeadBytes: number;
  maxHeaderFields: number;
  maxWaiting: number;
  maxStreams: number;
  maxRejectedStreams: number;
  streamResetBurst: number;
  streamResetsPerSecond: number;
  windowBytes: number;
}

/** The limits of the program; tests have shorter ones. */
export const LISTENER_LIMITS: Readonly<ListenerLimits> = Object.freeze({
  /**
   * Of all clients together, since all of them come from this machine. An idle one costs 16 KB (plain) to 50 KB (TLS).
   */
  maxConnections: 10_000,
  /** A client that connects and says nothing, does not finish its handshake, or begins no HTTP/2 behind it. */
  firstByteMs: 10_000,
  /** Request heads that dribble in (slowloris). */
  headersMs: 30_000,
  /** How often Node looks for such clients. */
  checkMs: 1_000,
  /** An HTTP/2 session on which nothing moves is closed gracefully: a silent stream on it goes on. */
  sessionIdleMs: 10 * 60_000,
  /** An HTTP/1.1 connection between two requests. Above Chromium's reuse window, so that it rarely meets a close. */
  keepAliveMs: 65_000,
  /** A client that was told the end and does not hang up. */
  closingMs: 5_000,
  /** Bytes of a request's head, in either version: cookies of many apps on one domain add up. */
  maxHeadBytes: 64 * 1024,
  /** Fields of an HTTP/2 head; those of HTTP/1.1 are limited by their bytes. */
  maxHeaderFields: 2_000,
  /** Requests that an HTTP/1.1 client sends ahead, before it has the answers; no browser does. */
  maxWaiting: 1_000,
  /**
   * Streams of one HTTP/2 session at once. Chromium never has more than 256, but Node counts those that were reset until
   * it gets round to them: a page that cancels its modules and asks for others at once would be refused at 256.
   */
  maxStreams: 1_000,
  /** Streams above that in one go, each of which is refused; with Node's 100 the whole session ends too soon. */
  maxRejectedStreams: 1_000,
  /**
   * HMR cancels by the thousand: Node's default of 1,000 resets kills a browser's session. Each costs 50 us and more, and
   * all that come at once are dealt with before anything else.
   */
  streamResetBurst: 3_000,
  streamResetsPerSecond: 500,
  /** Of an HTTP/2 stream. Large enough for fast uploads on loopback; the default 64 KiB halves them. */
  windowBytes: 1024 * 1024,
});

/** Files that are open for other things than clients and the apps behind them. */
const OWN_FILES = 200;

/**
 * The limits of the program where so many files may be open: each client may need a connection to its app, too.
 * @param openFiles undefined where it is not known
 */
export function limitsFor(openFiles: number | undefined): ListenerLimits {
  if (openFiles === undefined) return LISTENER_LIMITS;
  const room = Math.max(16, Math.floor((openFiles - OWN_FILES) / 2));
  return { ...LISTENER_LIMITS, maxConnections: Math.min(LISTENER_LIMITS.maxConnections, room) };
}
