/** Hostnames as people type them on a command line. Pure. */
import { classifyHostname, normalizeHostname } from '../core/hostname.ts';

/**
 * Ends of names of the world's or of a network's: country codes, the first generic domains (RFC 920), what is reserved
 * (RFC 6761, 6762, 7686, 8375, 9476; `internal` by ICANN, 29 July 2024) or in wide use for it, and the last part of an
 * IPv4 address. They are refused, as ever: whoever types `shop.test` may have forgotten `--domain test`.
 */
const ELSEWHERE =
  /\.(?:[a-z]{2}|com|org|net|edu|gov|mil|int|dev|test|example|invalid|local|localdomain|lan|onion|arpa|alt|internal|\d+)\.?$/i;

/** `shop` means `shop.localhost`, and `web.shop` means `web.shop.localhost`. What is under a domain of ours is whole. */
export function withDomain(text: string, domains: readonly string[]): string {
  const hostname = normalizeHostname(text);
  if (hostname === null || ELSEWHERE.test(text)) return text;
  if (classifyHostname(hostname, domains).kind !== 'foreign') return text;
  return `${text.replace(/\.$/, '')}.${domains[0] ?? 'localhost'}`;
}
