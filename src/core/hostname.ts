/**
 * Hostnames and authorities: the one rule for what is accepted, refused or foreign.
 * String scans only: this runs for every request and every TLS handshake.
 */

/** RFC 1035 section 2.3.4. */
const MAX_HOSTNAME_LENGTH = 253;
const MAX_LABEL_LENGTH = 63;
/** Nobody names an app with more labels; a bound keeps the names that a hostile page can invent short. */
const MAX_LABELS = 12;

/** A Host or `:authority` value, taken apart. */
export interface Authority {
  /** Lower case, no trailing dot, no brackets. */
  hostname: string;
  /** undefined where the client named none. */
  port: number | undefined;
}

/**
 * Parse a Host / `:authority` value (RFC 9110 section 7.2). Upper case is folded and one trailing dot is dropped.
 * @returns null for anything that is no valid host[:port]: control characters, userinfo, empty labels, labels over
 *   63 or a name over 253 characters, over 12 labels, a port that is no number in 1..65535. IP literals are valid
 *   here (they are foreign later).
 */
export function parseAuthority(value: string): Authority | null {
  if (value.length === 0 || value.length > MAX_HOSTNAME_LENGTH + 8) return null;
  if (value.charCodeAt(0) === 0x5b) return parseIpv6Authority(value);
  const colon = value.indexOf(':');
  if (colon === -1) return withHostname(value, undefined);
  const port = parsePort(value.slice(colon + 1));
  return port === null ? null : withHostname(value.slice(0, colon), port);
}

function parseIpv6Authority(value: string): Authority | null {
  const match = /^\[([0-9a-fA-F:.]{2,45})\](?::(\d{1,5}))?$/.exec(value);
  if (!match?.[1]) return null;
  const port = match[2] === undefined ? undefined : parsePort(match[2]);
  return port === null ? null : { hostname: match[1].toLowerCase(), port };
}

function withHostname(text: string, port: number | undefined): Authority | null {
  const hostname = normalizeHostname(text);
  return hostname === null ? null : { hostname, port };
}

function parsePort(text: string): number | null {
  if (!/^\d{1,5}$/.test(text)) return null;
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : null;
}

/**
 * Lower-case a hostname, drop one trailing dot and check its form: labels of letters, digits, hyphens and underscores
 * that begin and end with a letter or digit (RFC 1123 section 2.1, and the underscore that people write inside names).
 * @returns null when it is no such name
 */
export function normalizeHostname(text: string): string | null {
  let name = text;
  if (name.endsWith('.')) name = name.slice(0, -1);
  if (name.length === 0 || name.length > MAX_HOSTNAME_LENGTH) return null;
  if (!/^[a-z0-9._-]+$/.test(name)) {
    // Before folding: the Kelvin sign, for one, would become a "k".
    if (!/^[A-Za-z0-9._-]+$/.test(name)) return null;
    name = name.toLowerCase();
  }
  const labels = name.split('.');
  if (labels.length > MAX_LABELS) return null;
  return labels.every(isLabel) ? name : null;
}

function isLabel(label: string): boolean {
  return label.length > 0 && label.length <= MAX_LABEL_LENGTH && /^[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?$/.test(label);
}

/**
 * `https://shop.localhost:8443`: an origin (RFC 6454 section 6.1), without the scheme's own port.
 * @param port undefined: the scheme's own
 */
export function originUrl(scheme: 'http' | 'https', hostname: string, port: number | null | undefined): string {
  const usual = scheme === 'https' ? 443 : 80;
  return `${scheme}://${hostname}${port === null || port === undefined || port === usual ? '' : `:${port}`}`;
}

/** What a hostname is to us. */
export type HostClass =
  /** An app's name: resolved and proxied. `name` is the part before the domain. */
  | { kind: 'app'; name: string; domain: string }
  /** `proxy.<domain>`, a name below it, or the bare domain: the dashboard, never routed. */
  | { kind: 'control'; domain: string }
  /** Not under any of our domains. */
  | { kind: 'foreign' };

/**
 * Say what a normalized hostname is under these domains. The longest matching domain wins.
 * @param hostname as {@link normalizeHostname} returns it
 * @param domains lower-case suffixes without a leading dot; `localhost` is always among them
 */
export function classifyHostname(hostname: string, domains: readonly string[]): HostClass {
  let best: string | undefined;
  for (const domain of domains) {
    if (!isAtOrUnder(hostname, domain)) continue;
    if (best === undefined || domain.length > best.length) best = domain;
  }
  if (best === undefined) return { kind: 'foreign' };
  const name = hostname.slice(0, Math.max(0, hostname.length - best.length - 1));
  if (name === '' || isAtOrUnder(name, CONTROL_LABEL)) return { kind: 'control', domain: best };
  return { kind: 'app', name, domain: best };
}

/** The label of the dashboard under each domain. */
export const CONTROL_LABEL = 'proxy';

function isAtOrUnder(name: string, suffix: string): boolean {
  if (!name.endsWith(suffix)) return false;
  return name.length === suffix.length || name.charCodeAt(name.length - suffix.length - 1) === 0x2e;
}

/**
 * Turn any text (a branch, a directory, a package name) into one DNS label: lower case, runs of anything but letters
 * and digits become one hyphen. Over 63 characters it is cut and given a stable hash, so that two long names with one
 * beginning stay apart.
 * @param maxLength characters, at most 63; names of several labels ask for shorter ones so that the whole stays under 253
 * @returns '' when nothing usable is left
 */
export function toLabel(text: string, maxLength: number = MAX_LABEL_LENGTH): string {
  // Most are labels already.
  if (text.length <= maxLength && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(text)) return text;
  const label = text
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  if (label.length <= maxLength) return label;
  return `${label.slice(0, maxLength - 7).replace(/-+$/, '')}-${hash6(label)}`;
}

/** FNV-1a, 6 characters of base 36: not a secret, only a stable suffix. */
function hash6(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash.toString(36).padStart(6, '0').slice(0, 6);
}
