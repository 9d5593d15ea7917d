/** Which names get a certificate. */
import { classifyHostname, normalizeHostname } from '../core/hostname.ts';

/**
 * May we vouch for this name? Any valid name under our domains, routed or not, so that the user meets our page and
 * never a certificate error; the bare domains and `proxy.` included.
 * @param serverName SNI as the client sent it (RFC 6066 section 3); hostile until checked here
 * @returns the name in lower case without a trailing dot, or null
 */
export function mayCertify(serverName: string | undefined, domains: readonly string[]): string | null {
  if (typeof serverName !== 'string') return null;
  const name = normalizeHostname(serverName);
  if (name === null || classifyHostname(name, domains).kind === 'foreign') return null;
  return name;
}
