/** URLs as a user would type them. Pure. */

/** Where a hostwise listens, and whether browsers take its certificates. */
export interface Site {
  ports: { https: number | null; http: number | null };
  trusted: boolean;
}

/** The URL of a hostname: https where that works without a warning, plain http else; usual ports are left away. */
export function siteUrl(hostname: string, { ports, trusted }: Site): string {
  const { https, http } = ports;
  if (https !== null && (trusted || http === null)) return urlOf('https', hostname, https);
  return urlOf('http', hostname, http ?? 80);
}

/** `http://shop.localhost:8080`. */
export function urlOf(scheme: 'http' | 'https', hostname: string, port: number): string {
  const usual = scheme === 'https' ? 443 : 80;
  return `${scheme}://${hostname}${port === usual ? '' : `:${port}`}`;
}
