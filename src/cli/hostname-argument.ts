/** Hostnames as people type them on a command line. Pure. */

/** `shop` means `shop.localhost`; whatever has a dot already, or is a domain itself, stays as it is. */
export function withDomain(text: string, domains: readonly string[]): string {
  const isBare = /^[^.:/]+$/.test(text) && !domains.includes(text.toLowerCase());
  return isBare ? `${text}.${domains[0] ?? 'localhost'}` : text;
}
