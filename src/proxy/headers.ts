/**
 * Header fields on their way through. Hop-by-hop fields end here (RFC 9110 section 7.6.1), forwarding fields are set
 * and never believed; nothing else is touched.
 */
import { AppError } from '../core/errors.ts';
import type { Exchange } from './exchange.ts';
import { type Forwarding, forwardingOf } from './forwarding.ts';
import { type AnswerPlace, markedCookies, rewriteCookie, rewriteRefresh, rewriteUrl } from './rewrite-answer.ts';

/** Fields that concern one connection only. `te: trailers` is the one value that may pass (RFC 9113 section 8.2.2). */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** What a client may claim about earlier hops: replaced by what we know. */
const FORWARDING: ReadonlySet<string> = new Set([
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-real-ip',
]);

/** Lengths of all these names, as bits: nearly every field leaves by its length, before its name is folded. */
const LENGTHS_OF_OURS = lengthBits([
  ...HOP_BY_HOP,
  ...FORWARDING,
  'host',
  'x-hostwise-hop',
  'cookie',
  'origin',
  'authorization',
]);
const LENGTHS_OF_HOP_BY_HOP = lengthBits([...HOP_BY_HOP, 'set-cookie']);

function lengthBits(names: readonly string[]): number {
  return names.reduce((bits, name) => bits | (1 << name.length), 0);
}

/** Is a name of this length among those? All of them have less than 32 characters. */
function hasLength(bits: number, length: number): boolean {
  return length < 32 && (bits & (1 << length)) !== 0;
}

/** Counts the hops through us. An own header: the length of X-Forwarded-For is no signal, since VPNs and CDNs add to it. */
export const HOP_HEADER = 'x-hostwise-hop';
/** Front -> API is two; five leaves room, and a loop still dies within milliseconds. */
export const MAX_HOPS = 5;

/** What differs from an ordinary request. Made by `forward-options.ts`. */
export interface ForwardOptions {
  /** Prefix that was cut off the path (`/_proxy/api`). */
  prefix?: string;
  /** Host to send instead of the client's. */
  host?: string;
  /** X-Forwarded-Host and Forwarded name {@link host}, too. */
  hidesHost?: boolean;
  /** Origin of the pages of this hostname, and what the upstream gets instead of it. */
  ownOrigin?: { client: string; upstream: string };
  /**
   * A sibling service is another party: what the browser sends by itself to the origin (cookies, Basic and Digest
   * credentials) stays behind, but for the cookies with this mark, which the sibling set itself.
   */
  cookieMark?: string;
  /** Where redirects and cookies of the answer belong. */
  place?: AnswerPlace;
}

/** The Host that the upstream gets to see. */
export function hostToSend(exchange: Pick<Exchange, 'authority'>, options: ForwardOptions): string {
  return options.host ?? exchange.authority ?? '';
}

/**
 * Request header fields for the upstream, flat, in the order they came; Host first.
 */
export function requestHeaders(exchange: Exchange, options: ForwardOptions): string[] {
  const { fields, forwarding } = requestFields(exchange, options);
  fields.push(...forwarding.fields);
  return fields;
}

/** The same in two parts: what the client sent, Host first, and what it is told of the client. */
export function requestFields(
  exchange: Exchange,
  options: ForwardOptions,
): { fields: string[]; forwarding: Forwarding } {
  const raw = exchange.rawHeaders;
  const named = connectionTokens(exchange.header('connection'));
  const host = exchange.authority ?? '';
  const fields = ['Host', options.host ?? host];
  let hop = 0;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    if (!named && !hasLength(LENGTHS_OF_OURS, name.length)) {
      fields.push(name, value);
      continue;
    }
    const lower = name.toLowerCase();
    if (lower === 'host' || FORWARDING.has(lower)) continue;
    if (lower === HOP_HEADER) {
      hop = Math.max(hop, hopCount(value));
      continue;
    }
    if (HOP_BY_HOP.has(lower)) {
      if (lower === 'te' && /(?:^|,)\s*trailers\s*(?:,|$)/i.test(value)) fields.push(name, 'trailers');
      continue;
    }
    if (named?.has(lower)) continue;
    const passed = requestValue(lower, value, options);
    if (passed !== undefined) fields.push(name, passed);
  }
  const shownHost = options.hidesHost ? (options.host ?? host) : host;
  return { fields, forwarding: forwardingOf(exchange, shownHost, hop, options.prefix) };
}

/** What the upstream gets to see of a field; undefined for nothing. */
function requestValue(name: string, value: string, { cookieMark, ownOrigin }: ForwardOptions): string | undefined {
  if (cookieMark !== undefined) {
    if (name === 'cookie') return markedCookies(value, cookieMark);
    // Sent by the browser itself; a Bearer token was put there by the page's own script, for this very request.
    if (name === 'authorization' && /^(?:basic|digest|negotiate|ntlm)\b/i.test(value.trim())) return undefined;
  }
  // Servers that check their Host compare the Origin with it. Another page's origin stays what it is.
  return name === 'origin' && ownOrigin !== undefined && value === ownOrigin.client ? ownOrigin.upstream : value;
}

/** Value of the hop header; garbage counts as none. */
export function hopCount(value: string | undefined): number {
  return value !== undefined && /^\d{1,3}$/.test(value) ? Number(value) : 0;
}

/**
 * {@link responseHeaders} of the head before a body.
 * @throws {AppError} UPSTREAM_BROKE for a transfer coding that would stay on the body and be named to nobody
 */
export function answerHeaders(raw: readonly (Buffer | string)[], options: ForwardOptions): string[] {
  return responseHeaders(raw, options, refuseCoding);
}

function refuseCoding(value: string): void {
  // What the parser takes off is chunks only.
  if (value.toLowerCase() === 'chunked') return;
  throw new AppError('UPSTREAM_BROKE', `It sent its answer in the transfer coding “${value}”`);
}

/**
 * Response header fields for the client, flat, without hop-by-hop fields.
 * @param raw as the upstream sent them: Buffers or strings, names and values alternating
 * @param onCoding told of every Transfer-Encoding
 */
export function responseHeaders(
  raw: readonly (Buffer | string)[],
  options: ForwardOptions = {},
  onCoding: (value: string) => void = () => {},
): string[] {
  let named: Set<string> | undefined;
  const result: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = text(raw[i]);
    if (options.place === undefined && !hasLength(LENGTHS_OF_HOP_BY_HOP, name.length)) {
      result.push(name, text(raw[i + 1]));
      continue;
    }
    const lower = name.toLowerCase();
    if (lower === 'connection') named = union(named, connectionTokens(text(raw[i + 1])));
    const value = text(raw[i + 1]);
    // `trailer` stays: it announces fields that do pass.
    if (HOP_BY_HOP.has(lower)) {
      if (lower === 'transfer-encoding') onCoding(value);
      continue;
    }
    if (options.place === undefined) result.push(name, value);
    // A sibling must not log the origin's users out.
    else if (lower !== 'clear-site-data' || options.cookieMark === undefined)
      result.push(name, answerValue(lower, value, options.place));
  }
  return named ? without(result, named) : result;
}

function answerValue(name: string, value: string, place: AnswerPlace): string {
  switch (name) {
    case 'location':
    case 'content-location':
      return rewriteUrl(value, place);
    case 'refresh':
      return rewriteRefresh(value, place);
    case 'set-cookie':
      return rewriteCookie(value, place);
    default:
      return value;
  }
}

/**
 * Never taken off because a Connection field names them: they are meant for the app (RFC 9110 section 7.6.1 forbids
 * naming such fields), and a body whose length is taken off would be read as the next request.
 */
const END_TO_END: ReadonlySet<string> = new Set([
  'authorization',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'expect',
  'host',
  'set-cookie',
  'trailer',
]);

/** Names listed by a Connection field, lower case; undefined when it lists none beyond the usual. */
function connectionTokens(value: string | undefined): Set<string> | undefined {
  // As nearly all that send one.
  if (value === undefined || value === 'keep-alive' || value === 'close') return undefined;
  const tokens = value
    .toLowerCase()
    .split(',')
    .map((token) => token.trim())
    .filter((token) => token !== '' && token !== 'keep-alive' && token !== 'close' && !END_TO_END.has(token));
  return tokens.length > 0 ? new Set(tokens) : undefined;
}

function union(a: Set<string> | undefined, b: Set<string> | undefined): Set<string> | undefined {
  if (!a || !b) return a ?? b;
  return new Set([...a, ...b]);
}

function without(flat: readonly string[], names: ReadonlySet<string>): string[] {
  const result: string[] = [];
  for (let i = 0; i < flat.length; i += 2) {
    const name = flat[i] ?? '';
    if (!names.has(name.toLowerCase())) result.push(name, flat[i + 1] ?? '');
  }
  return result;
}

/** Bytes as Node's own parser reads header values: latin1, so that they leave as they came. */
function text(value: Buffer | string | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : value.toString('latin1');
}
