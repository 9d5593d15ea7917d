/**
 * An address to dial now, with the proof that whoever answers there is still who is meant.
 */

/** How to check, without asking anybody, that the right one still listens. */
export type UpstreamProof =
  /** Process `pid` still holds socket `inode` as descriptor `fd`: one readlink. */
  | { kind: 'socket'; pid: number; fd: number; inode: string }
  /** Where no socket can be looked at (macOS): process `pid` still runs, and was started then (ISO 8601, to the second). */
  | { kind: 'process'; pid: number; startedAt: string }
  /** Another user's process: the socket itself still exists on that port. */
  | { kind: 'inode'; inode: string; port: number }
  /** A container still owns the address, or publishes the port. */
  | { kind: 'container'; id: string; address: string; port: number }
  /** The user named this very address: whoever answers there is meant. */
  | { kind: 'fixed' };

/** Where a request goes. */
export interface Upstream {
  /** Names one incarnation at one address: another pid, inode or container is another key, so pools never mix. */
  key: string;
  /** To dial: never a wildcard, never bracketed. */
  address: string;
  port: number;
  /** Id in the snapshot, '' for a fixed address. */
  serviceId: string;
  /** For people: names only. */
  label: string;
  proof: UpstreamProof;
  /** Only where the mapping, or `/_proxy/`, asks for it. */
  presentation?: Presentation;
}

/** How requests are shown to an upstream, where that differs from how the client sent them. */
export interface Presentation {
  /** Host to send, exactly. */
  host?: string;
  /** Host to send: this name, with the port that the client used. */
  ownName?: string;
  /** The client's own host is not told: X-Forwarded-Host has the one that is sent. */
  hidesHost?: boolean;
  /** A sibling service gets the origin's cookies and credentials from pages, too. */
  sharesCookies?: boolean;
}

/**
 * The address to dial for a listening address: a wildcard is reached over loopback of its family.
 * `::` and `*` are dialled at `::1`, which a dual-stack and an IPv6-only socket both answer.
 */
export function dialAddress(listening: string): string {
  if (listening === '0.0.0.0') return '127.0.0.1';
  if (listening === '::' || listening === '*') return '::1';
  return listening;
}

/**
 * The address to dial for a port that an engine publishes at `ip`.
 * @param engineHost machine of the engine, where that is another one
 * @returns undefined for the loopback of that other machine
 */
export function publishedAddress(ip: string, engineHost: string | undefined): string | undefined {
  if (engineHost === undefined) return dialAddress(ip === '' ? '0.0.0.0' : ip);
  if (ip === '' || ip === '0.0.0.0' || ip === '::' || ip === '*') return engineHost;
  return ip === '::1' || ip.startsWith('127.') ? undefined : ip;
}

/** `host:port` with brackets around IPv6 (RFC 3986 section 3.2.2). */
export function hostPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
