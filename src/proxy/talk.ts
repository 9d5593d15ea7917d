/**
 * How one incarnation of an upstream talks: plain HTTP, or TLS. Nobody says so beforehand; it is found out from how its
 * first request is answered, and holds until another process listens there.
 */
import { systemCode } from '../core/errors.ts';
import type { Upstream } from '../core/upstream.ts';
import { NotHttp2Error } from './h2-sessions.ts';
import { DialError } from './retry.ts';

/** Who listens behind a published port, or a fixed address, may change unseen: it is asked again after this time. */
const ASK_AGAIN_MS = 5_000;
/** Where nothing has been said so far: how long a first request waits before it is asked why, and then for the answer. */
export interface Patience {
  askAfterMs: number;
  answerWithinMs: number;
}
/** Servers that compile at the first request may take longer than that, but answer others meanwhile. */
export const PATIENCE: Patience = { askAfterMs: 5_000, answerWithinMs: 10_000 };
/** TLS record type of an alert (RFC 8446 section 5.1): what some TLS servers answer to plain text. */
const TLS_ALERT_BYTE = 0x15;
/** What every answer begins with (RFC 9112 section 4). */
const FIRST_WORD = 'HTTP/';

/** See the file's header. */
export class Talk {
  speaks: 'http' | 'tls' = 'http';
  /** It has answered as it was spoken to. */
  isProven = false;
  /** When it did last, or when an answer or a tunnel of its broke off; by performance.now(). */
  lastSeenMs: number | undefined;
  /** It has answered a request with a body, and not by `100 Continue` unasked, for which undici hangs up. */
  takesBodies = false;
  /** Questions that are under way, shared by all first requests: is it TLS? Is it HTTP? */
  askingTls: Promise<boolean> | undefined;
  askingHttp: Promise<boolean> | undefined;
  #askedAtMs: number | undefined;
  #foreign: { error: unknown; untilMs: number } | undefined;
  #refusedHttp2AtMs: number | undefined;
  readonly #changesUnseen: boolean;

  constructor({ proof }: Pick<Upstream, 'proof'>) {
    this.#changesUnseen = proof.kind === 'fixed' || proof.kind === 'container';
  }

  /** Spoken to in plain text, may it still turn out to speak TLS? One harmless question an incarnation. */
  get isOpen(): boolean {
    if (this.speaks === 'tls') return false;
    if (!this.#changesUnseen) return !this.isProven && this.#askedAtMs === undefined;
    return this.#askedAtMs === undefined || performance.now() - this.#askedAtMs >= ASK_AGAIN_MS;
  }

  /** The same, after a failure like this. */
  mayBeTls(error: unknown): boolean {
    return this.isOpen && (saysTls(error) || hungUp(error));
  }

  /** It answers. */
  answers(): void {
    this.isProven = true;
    this.lastSeenMs = performance.now();
  }

  /** What it said a moment ago, if by all it ever said it speaks no HTTP: then nothing more is sent to it. */
  get foreign(): unknown {
    if (this.#foreign === undefined || this.isProven || performance.now() >= this.#foreign.untilMs) return undefined;
    return this.#foreign.error;
  }

  /** A failure like this, where nothing was understood before, shows that it speaks no HTTP. */
  failed(error: unknown): void {
    if (this.isProven || error === this.#foreign?.error || !isOtherProtocol(error)) return;
    this.#foreign = { error, untilMs: performance.now() + ASK_AGAIN_MS };
  }

  /** Has it refused HTTP/2, so that gRPC is sent as HTTP/1.1? Its own words then say what is wrong. */
  get refusesHttp2(): boolean {
    if (this.#refusedHttp2AtMs === undefined) return false;
    return !this.#changesUnseen || performance.now() - this.#refusedHttp2AtMs < ASK_AGAIN_MS;
  }

  /** It did not answer as an HTTP/2 server does. */
  refusedHttp2(): void {
    this.#refusedHttp2AtMs = performance.now();
  }

  /** It spoke TLS: may somebody who does not listen there now? A handshake failed, and not for want of a connection. */
  mayHaveChanged(error: unknown): boolean {
    const cause = error instanceof DialError ? error.cause : error;
    const code = systemCode(cause);
    return this.#changesUnseen && code !== undefined && (code === 'EPROTO' || code.startsWith('ERR_SSL_'));
  }

  /** It is known now. */
  learned(speaks: 'http' | 'tls'): void {
    this.#askedAtMs = performance.now();
    this.speaks = speaks;
    this.takesBodies = false;
    // Not over TLS, perhaps.
    if (speaks === 'tls') this.#refusedHttp2AtMs = undefined;
  }
}

/** The upstream answered in plain HTTP that it wants TLS. */
export class WantsTls extends Error {
  constructor() {
    super('The upstream wants to be spoken to in TLS');
    this.name = 'WantsTls';
  }
}

/** It says so: in words, by an alert, or by what it answers to HTTP/2 in plain text. */
export function saysTls(error: unknown): boolean {
  if (error instanceof WantsTls || error instanceof NotHttp2Error) return true;
  return sampleOf(error).charCodeAt(0) === TLS_ALERT_BYTE;
}

/** It hung up without a word, as Node's and Python's TLS servers do; so does a plain one that fails. */
function hungUp(error: unknown): boolean {
  if (sampleOf(error) !== '') return false;
  const code = systemCode(error);
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET' || code === 'UPSTREAM_BROKE';
}

/**
 * Its first word is none of HTTP's. A head that begins as one and cannot be read is a mistake in one answer: the next
 * may be right.
 */
function isOtherProtocol(error: unknown): boolean {
  return systemCode(error) === 'HPE_INVALID_CONSTANT' && !sampleOf(error).startsWith(FIRST_WORD);
}

/** Beginning of what node:http and undici could not read, latin1; empty where they do not tell. */
function sampleOf(error: unknown): string {
  const { rawPacket, data } = error as { rawPacket?: unknown; data?: unknown };
  if (Buffer.isBuffer(rawPacket)) return rawPacket.toString('latin1', 0, FIRST_WORD.length);
  return typeof data === 'string' ? data : '';
}

/**
 * Does this answer say that TLS is wanted? The words are those of Go's net/http, nginx, Apache httpd and Tomcat.
 * @param text beginning of the body of a 400
 */
export function saysTlsIsWanted(text: string): boolean {
  return /HTTP request (?:was )?(?:sent )?to (?:an )?HTTPS|speaking plain HTTP to an SSL|host and port requires TLS/.test(
    text,
  );
}
