/**
 * Knows the answers by which dev servers refuse a Host. Status and content type are looked at first, so that hardly any
 * other answer is ever peeked into; compressed ones are left alone.
 */
import type { HostChecker } from '../core/host-check.ts';
import { flatHeader } from './flat-headers.ts';

/** Rails and Django send their stylesheet before the words that count. */
const MAX_PEEK_BYTES = 16 * 1024;
/** The whole answer of webpack-dev-server up to version 4, which came with status 200. */
const WEBPACK_WORDS = 'Invalid Host header';

/** May an answer with this head refuse the Host? @param length its Content-Length */
export function mayRefuseHost(status: number, headers: readonly string[], length: string | undefined): boolean {
  // Nearly every answer leaves here.
  if (status !== 403 && status !== 400 && (status !== 200 || length !== String(WEBPACK_WORDS.length))) return false;
  if (flatHeader(headers, 'content-encoding') !== undefined) return false;
  const type = flatHeader(headers, 'content-type');
  // webpack-dev-server 5 sends no type.
  return type === undefined || /^text\/(?:html|plain)\b/i.test(type);
}

/**
 * Who refuses the Host with this text; undefined for nobody. The words are those of vite 5.4-8 (hostCheck.ts),
 * webpack-dev-server 2-5 (Server.js), Django's DisallowedHost with DEBUG, and Rails 6-8 (host_authorization.rb).
 */
export function hostChecker(status: number, text: string): HostChecker | undefined {
  if (status !== 400 && text.trim() === WEBPACK_WORDS) return 'webpack';
  if (status === 403 && text.startsWith('Blocked request. This host (')) return 'vite';
  if (status === 403 && /\bBlocked hosts?: ?\S/.test(text)) return 'rails';
  const isDjango = status === 400 && /\bDisallowedHost\b/.test(text) && text.includes('Invalid HTTP_HOST header:');
  return isDjango ? 'django' : undefined;
}

/** The beginning of an answer, until it is clear what it is. */
export class AnswerPeek {
  readonly chunks: Buffer[] = [];
  readonly #status: number;
  #bytes = 0;

  constructor(status: number) {
    this.#status = status;
  }

  /** Enough was seen: it is an ordinary answer. */
  get isFull(): boolean {
    return this.#bytes >= MAX_PEEK_BYTES;
  }

  /** Take the next piece. @returns who refuses the Host, once it is clear */
  add(chunk: Buffer): HostChecker | undefined {
    this.chunks.push(chunk);
    this.#bytes += chunk.length;
    return hostChecker(this.#status, this.text);
  }

  /** What has come so far. */
  get text(): string {
    return Buffer.concat(this.chunks).subarray(0, MAX_PEEK_BYTES).toString('latin1');
  }
}
