/**
 * Answers of an upstream that stands below a prefix, or that was told another Host: redirects and cookies that would
 * lead out of there are led back in. Pure, on the bytes as they came; what needs no change passes as it is.
 */

import { isBelow } from '../core/url-path.ts';

/** Where the upstream's answers belong, as the client sees it. */
export interface AnswerPlace {
  /** Origin that the client is on: `https://shop.localhost:8443`. */
  origin: string;
  /** Cut off the path, as the client wrote it (`/_proxy/api`); '' for none. */
  prefix: string;
  /** Path and query that the upstream was asked for. */
  path: string;
  /** The client wrote the prefix without a slash behind it, so that relative paths lead out of it. */
  bare: boolean;
  /** What the upstream may take for its own `host[:port]`, lower case. */
  authorities: readonly string[];
  /** Put before the names of its cookies, which tells them from the origin's. */
  cookieMark?: string;
}

/**
 * A URL of a Location or Content-Location field (RFC 9110 sections 10.2.2 and 8.7). One of the upstream's own goes into
 * the prefix; other origins and schemes stay.
 */
export function rewriteUrl(url: string, place: AnswerPlace): string {
  const absolute = /^(?:https?:)?\/\/([^/?#\\]*)(.*)$/is.exec(url);
  if (absolute) {
    const [, authority = '', rest = ''] = absolute;
    if (!place.authorities.includes(authority.toLowerCase())) return url;
    return place.origin + within(rest.startsWith('/') ? rest : `/${rest}`, place.prefix);
  }
  if (place.prefix === '' || /^[a-z][a-z0-9+.-]*:/i.test(url)) return url;
  if (url.startsWith('/')) return within(url, place.prefix);
  const isPath = url !== '' && !/^[?#]/.test(url);
  return isPath && (place.bare || CLIMBS.test(url)) ? within(resolved(url, place.path), place.prefix) : url;
}

/** The URL in a Refresh field (`5; url=/next`). */
export function rewriteRefresh(value: string, place: AnswerPlace): string {
  const match = /^([^;,]*[;,]\s*(?:url\s*=\s*)?["']?)([^"']+)(.*)$/is.exec(value);
  if (!match) return value;
  const [, before = '', url = '', after = ''] = match;
  return before + rewriteUrl(url, place) + after;
}

/**
 * A Set-Cookie field (RFC 6265 section 4.1). Its Path is led into the prefix. A Domain is taken off below a prefix: the
 * upstream named a domain of its own, while the path holds for this very hostname only.
 */
export function rewriteCookie(value: string, place: AnswerPlace): string {
  const [pair = '', ...attributes] = value.split(';');
  const { prefix, bare, cookieMark = '' } = place;
  // A browser takes `__Host-` only together with `Path=/`; marked, the name is an ordinary one.
  const isHostWide = cookieMark === '' && pair.trimStart().startsWith('__Host-');
  let hasPath = isHostWide || prefix === '';
  const result = [cookieMark === '' ? pair : cookieMark + pair.trimStart()];
  for (const attribute of attributes) {
    const [name = '', text = ''] = attribute.split(/=(.*)/s, 2).map((part) => part.trim());
    const lower = name.toLowerCase();
    if (lower === 'domain' && (prefix !== '' || isOwnDomain(text, place))) continue;
    if (lower === 'path' && text.startsWith('/') && !hasPath) {
      result.push(` Path=${text === '/' ? prefix : within(text, prefix)}`);
      hasPath = true;
    } else result.push(attribute);
  }
  // Without a Path the browser takes the request's folder, which is outside where the client wrote no slash.
  if (!hasPath && bare) result.push(` Path=${prefix}`);
  return result.join(';');
}

/** Of the cookies of a request those that bear the mark, under their own names; undefined for none. */
export function markedCookies(header: string, mark: string): string | undefined {
  const own = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(mark))
    .map((pair) => pair.slice(mark.length));
  return own.length > 0 ? own.join('; ') : undefined;
}

/** A `..` segment, plain or encoded as browsers read it (WHATWG URL, "double-dot path segment"). */
const CLIMBS = /(?:^|\/)(?:\.|%2e){2}(?:[/?#]|$)/i;

/** A path from the upstream's root -> the same below the prefix, unless it is there already. */
function within(path: string, prefix: string): string {
  if (prefix === '') return path;
  const plain = CLIMBS.test(path) ? resolved(path, '/') : path;
  return isBelow(plain, prefix) ? plain : prefix + plain;
}

function resolved(url: string, path: string): string {
  const base = `http://upstream${path.startsWith('/') ? path : '/'}`;
  if (!URL.canParse(url, base)) return url.startsWith('/') ? url : `/${url}`;
  const { pathname, search, hash } = new URL(url, base);
  return pathname + search + hash;
}

/** The name that the upstream was told to be, which is not the one that the browser knows. */
function isOwnDomain(domain: string, { authorities, origin }: AnswerPlace): boolean {
  const name = domain.replace(/^\./, '').toLowerCase();
  if (new URL(origin).hostname.endsWith(name) && name.includes('.')) return false;
  return authorities.some((authority) => authority.replace(/:\d+$/, '') === name);
}
