/** What kind of client asks, told from its headers: only for choosing words, never for granting rights. */
import type { PageFormat } from './http-message.ts';

/** Look up a request header. @param name lower case */
export type HeaderLookup = (name: string) => string | undefined;

/**
 * A browser's top-level navigation: by Sec-Fetch where it is sent, by Accept for older browsers. A frame, an `<embed>` and
 * an `<object>` navigate, too, but they are parts of a page, which makes as many as it likes.
 * Plain HTTP on a domain other than localhost has no Sec-Fetch (it needs a trustworthy origin).
 * @see https://www.w3.org/TR/fetch-metadata/#sec-fetch-dest-header
 */
export function isNavigation(method: string, header: HeaderLookup): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  const mode = header('sec-fetch-mode');
  if (mode === undefined) return accepts(header, 'text/html');
  return mode === 'navigate' && (header('sec-fetch-dest') ?? 'document') === 'document';
}

/**
 * Is it loaded before anybody asked for it? Pages can have any number of addresses prefetched and prerendered.
 * @see https://wicg.github.io/nav-speculation/prefetch.html (`Sec-Purpose`); the two others are older browsers'
 */
export function isLoadedAhead(header: HeaderLookup): boolean {
  return ['sec-purpose', 'purpose', 'x-moz'].some((name) => /prefetch|prerender|preview/i.test(header(name) ?? ''));
}

/** HTML for a browser's page or frame, JSON for whoever asks for it, plain text for curl and the rest. */
export function pageFormat(header: HeaderLookup): PageFormat {
  const destination = header('sec-fetch-dest');
  if (destination === 'document' || destination === 'iframe') return 'html';
  if (accepts(header, 'application/json') && !accepts(header, 'text/html')) return 'json';
  return accepts(header, 'text/html') ? 'html' : 'text';
}

function accepts(header: HeaderLookup, type: string): boolean {
  return (header('accept') ?? '').toLowerCase().includes(type);
}
