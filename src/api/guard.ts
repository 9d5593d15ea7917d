/**
 * Who may call the control plane, judged by the request's head alone. Pure; `caller.ts` adds what takes a look at the
 * connection.
 *
 * Apps on sibling hostnames run foreign code in the user's browser, and any page can make that browser send requests
 * to us: headers that a page cannot forge (Origin, Sec-Fetch-*) say where a browser's request comes from. No cookie is
 * a credential: browsers send one also from other ports and, over plain HTTP, from other schemes.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { originUrl, parseAuthority } from '../core/hostname.ts';

/** Request headers as Node gives them: lower-case names. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Where a request arrived: on the dashboard's host, or at one of the seed's paths on an app's. */
export type Place = 'control' | 'app';

/** What is judged. */
export interface CallerFacts {
  headers: RequestHeaders;
  on: Place;
  method: string;
  /** Scheme, host and port as requested, as {@link ownOrigin} makes it; undefined when unreadable. */
  ownOrigin: string | undefined;
}

/** What the head says. */
export type CallerVerdict =
  /** Our own page, or a typed one. Writes need the page's token as well. */
  | { kind: 'browser' }
  /** No browser: who is at the other end of the connection, or which token does it bring? */
  | { kind: 'program' }
  /** A navigation to us from somebody else's page: to be shown a page without data that comes here again by itself. */
  | { kind: 'arrival' }
  /** A navigation on an app's hostname: 303 to the dashboard. */
  | { kind: 'to-dashboard' }
  | { kind: 'refused'; why: string };

/** Header in which our pages send their token. */
export const TOKEN_HEADER = 'x-hostwise-token';

/** See the file's header. */
export function classifyCaller(facts: CallerFacts): CallerVerdict {
  const { headers, on, method } = facts;
  const relayedBy = relayHeader(headers);
  if (relayedBy !== undefined) return refused(`the request was relayed by another proxy (it carries “${relayedBy}”)`);
  if (!hasBrowserHeaders(headers) && !looksLikeBrowser(headers)) return { kind: 'program' };
  if (on === 'control') return judgeBrowser(facts);
  if (isPageNavigation(headers, method)) return { kind: 'to-dashboard' };
  return refused('apps’ hostnames give no control data to browsers');
}

/** A browser on the dashboard's host. */
function judgeBrowser({ headers, method, ownOrigin }: CallerFacts): CallerVerdict {
  const origin = one(headers, 'origin');
  if (origin !== undefined && (ownOrigin === undefined || origin !== ownOrigin)) {
    return refused(`it comes from the origin “${origin}”`);
  }
  const site = one(headers, 'sec-fetch-site');
  if (site === 'same-origin') return { kind: 'browser' };
  // A browser that does not send Sec-Fetch (plain HTTP on a domain other than localhost): Origin has to say it.
  if (site === undefined && origin !== undefined) return { kind: 'browser' };
  if (isPageNavigation(headers, method)) return site === 'none' ? { kind: 'browser' } : { kind: 'arrival' };
  return refused('it does not come from the dashboard itself');
}

/** A page in a tab of its own, by a GET. Not a frame, not a form's POST. */
function isPageNavigation(headers: RequestHeaders, method: string): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  const mode = one(headers, 'sec-fetch-mode');
  if (mode === undefined) {
    return !hasBrowserHeaders(headers) && (one(headers, 'accept') ?? '').includes('text/html');
  }
  return mode === 'navigate' && one(headers, 'sec-fetch-dest') === 'document';
}

/** Typed, or opened from a bookmark: no page had a hand in it (W3C Fetch Metadata section 2.3). */
export function isTypedNavigation(headers: RequestHeaders, method: string): boolean {
  return one(headers, 'sec-fetch-site') === 'none' && isPageNavigation(headers, method);
}

/**
 * Does a page of the very hostname that was asked ask (or a program, which has no page)? Not a navigation: what is
 * listened to is no page.
 */
export function isOwnPage(headers: RequestHeaders, own: string | undefined): boolean {
  if (relayHeader(headers) !== undefined) return false;
  const site = one(headers, 'sec-fetch-site');
  const origin = one(headers, 'origin');
  if (origin !== undefined && origin !== own) return false;
  return site === undefined || (site === 'same-origin' && one(headers, 'sec-fetch-mode') !== 'navigate');
}

/** Any Origin or Sec-Fetch header. */
export function hasBrowserHeaders(headers: RequestHeaders): boolean {
  return Object.keys(headers).some((name) => name === 'origin' || name.startsWith('sec-fetch-'));
}

/**
 * Over plain HTTP on a domain other than localhost a browser sends neither Origin nor Sec-Fetch with an app's own
 * `fetch('/_debug')`. It does send Accept-Language, which a page may change but not leave out.
 */
function looksLikeBrowser(headers: RequestHeaders): boolean {
  return headers['accept-language'] !== undefined || (one(headers, 'user-agent') ?? '').startsWith('Mozilla/');
}

/** Name of a header that only a proxy adds. `x-hostwise-hop`: that proxy is ourselves. */
function relayHeader(headers: RequestHeaders): string | undefined {
  return Object.keys(headers).find((name) => RELAY_HEADERS.has(name) || name.startsWith('x-forwarded-'));
}

const RELAY_HEADERS: ReadonlySet<string> = new Set(['forwarded', 'via', 'x-real-ip', 'x-hostwise-hop']);

function refused(why: string): CallerVerdict {
  return { kind: 'refused', why };
}

/** Value of a header; several are joined, so that a doubled one equals nothing that is asked for. */
function one(headers: RequestHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'object' ? value.join(', ') : value;
}

/**
 * The origin that a request was addressed to (RFC 6454 section 6.1: without the scheme's own port).
 * @param authority Host or `:authority` as sent
 * @returns undefined for what is no authority, and for one that names another host than `hostname`
 */
export function ownOrigin(authority: string | undefined, secure: boolean, hostname: string): string | undefined {
  const parsed = authority === undefined ? null : parseAuthority(authority);
  if (parsed === null || parsed.hostname !== hostname) return undefined;
  return originUrl(secure ? 'https' : 'http', hostname, parsed.port);
}

/** `Authorization: Bearer ...` (RFC 6750 section 2.1); undefined for any other scheme. */
export function bearerToken(headers: RequestHeaders): string | undefined {
  return /^bearer +([\w.~+/=-]{1,512}) *$/i.exec(one(headers, 'authorization') ?? '')?.[1];
}

/** Compare in a time that does not depend on how much is right. An empty secret equals nothing. */
export function sameSecret(given: string | undefined, secret: string): boolean {
  if (given === undefined || secret === '') return false;
  return timingSafeEqual(digest(given), digest(secret));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** 127.0.0.0/8 and ::1, also as an IPv4-mapped address. */
export function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(?:(?:::ffff:)?127(?:\.\d{1,3}){3}|::1)$/i.test(address);
}
