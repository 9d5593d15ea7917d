/** Where the picker goes on to. `return=` comes from a URL that anybody may write: it must not lead anywhere else. */

import { originUrl } from '../core/hostname.ts';

/** How the dashboard was reached, and the ports that we listen on. */
export interface ReturnPlace {
  /** Origin of this request: `https://proxy.localhost:8443`; undefined on the control socket. */
  origin: string | undefined;
  ports: { https: number | null; http: number | null };
}

/** Longest path and query that is carried along. */
const MAX_RETURN_CHARS = 4096;

/** `https://shop.localhost:8443`: the origin of another of our hostnames, as this request reached us. */
export function siblingOrigin(hostname: string, { origin, ports }: ReturnPlace): string {
  if (origin === undefined) return originUrl('https', hostname, ports.https);
  const { protocol, port } = new URL(origin);
  return originUrl(protocol === 'https:' ? 'https' : 'http', hostname, port === '' ? undefined : Number(port));
}

/**
 * Check a URL to go on to: http or https, exactly this hostname, one of our own ports, no userinfo. Anything else, also
 * what only looks like a URL, becomes the hostname's start page. The result is put together anew, never passed on.
 */
export function returnUrl(given: string | null | undefined, hostname: string, place: ReturnPlace): string {
  const fallback = siblingOrigin(hostname, place);
  if (!given || given.length > MAX_RETURN_CHARS || !URL.canParse(given)) return `${fallback}/`;
  const url = new URL(given);
  const { ports } = place;
  const origins = [fallback, originUrl('https', hostname, ports.https), originUrl('http', hostname, ports.http)];
  if (url.username !== '' || url.password !== '' || !origins.includes(url.origin)) return `${fallback}/`;
  return `${url.origin}${url.pathname}${url.search}`;
}
