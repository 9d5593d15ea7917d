/** URLs as a user would type them. Pure. */

import { originUrl } from '../core/hostname.ts';

/** Where a hostwise listens, and whether browsers take its certificates. */
export interface Site {
  ports: { https: number | null; http: number | null };
  trusted: boolean;
}

/** The URL of a hostname: https where that works without a warning, plain http else; usual ports are left away. */
export function siteUrl(hostname: string, { ports, trusted }: Site): string {
  const { https, http } = ports;
  if (https !== null && (trusted || http === null)) return originUrl('https', hostname, https);
  return originUrl('http', hostname, http ?? 80);
}
