/** What an upstream is told of the client: set on every request, never believed. The same for all that a page asks for. */
import type { Exchange } from './exchange.ts';
import { fieldLines } from './field-lines.ts';

/** See the file's header. */
export interface Forwarding {
  /** Flat. Not to be changed. */
  readonly fields: readonly string[];
  /** The same as lines of HTTP/1.1; undefined where they may not be written. */
  readonly lines: string | undefined;
}

/** What the fields are made of. */
interface Facts {
  peer: string;
  /** As the client sent it, or as the mapping hides it. */
  host: string;
  secure: boolean;
  hop: number;
  prefix: string | undefined;
}

/** Hosts whose fields are kept; whoever makes more up has all of them forgotten. */
const MAX_KEPT = 1_000;
/** The last of each host. */
const kept = new Map<string, Facts & Forwarding>();

/**
 * The fields of one request. @param host that X-Forwarded-Host names
 * @param hop how often it has come through us, this time excepted
 * @param prefix that was cut off its path
 */
export function forwardingOf(
  { secure, socket }: Pick<Exchange, 'secure' | 'socket'>,
  host: string,
  hop: number,
  prefix: string | undefined,
): Forwarding {
  const peer = socket?.remoteAddress ?? '127.0.0.1';
  const last = kept.get(host);
  if (last && last.peer === peer && last.secure === secure && last.hop === hop && last.prefix === prefix) return last;
  const facts = { peer, host, secure, hop, prefix };
  const fields = fieldsOf(facts);
  const made = { ...facts, fields, lines: fieldLines(fields) };
  if (kept.size >= MAX_KEPT) kept.clear();
  kept.set(host, made);
  return made;
}

function fieldsOf({ peer, host, secure, hop, prefix }: Facts): string[] {
  const proto = secure ? 'https' : 'http';
  const address = peer.startsWith('::ffff:') ? peer.slice(7) : peer;
  const fields = ['X-Forwarded-For', address, 'X-Forwarded-Host', host, 'X-Forwarded-Proto', proto];
  if (prefix !== undefined) fields.push('X-Forwarded-Prefix', prefix);
  // RFC 7239 section 6: an IPv6 address is quoted and bracketed.
  const forNode = address.includes(':') ? `"[${address}]"` : address;
  fields.push('Forwarded', `for=${forNode};host="${host}";proto=${proto}`, 'X-Hostwise-Hop', String(hop + 1));
  return fields;
}
