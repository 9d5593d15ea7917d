/**
 * A listening TCP socket as the kernel lists it, and the parser of /proc/net/tcp and tcp6.
 */
import { SocketAddress } from 'node:net';
import { endianness } from 'node:os';

/** One socket in state LISTEN. */
export interface ListeningSocket {
  /** `127.0.0.1`, `::1`, `0.0.0.0`, `::` or an interface's address; never bracketed, without a scope. */
  address: string;
  port: number;
  /** Decimal inode of the socket. */
  inode: string;
  /** Who made the socket; undefined where the tool does not say. */
  uid: number | undefined;
}

/** LISTEN, include/net/tcp_states.h. With its blanks it cannot occur in another column: those are wider or decimal. */
const LISTEN_STATE = ' 0A ';

/**
 * Listening sockets of one /proc/net/tcp or tcp6 text, in its order. Lines that make no sense are left out.
 * TIME_WAIT lines are the bulk of a busy machine's table, so the state is searched for before anything is split.
 */
export function parseProcNet(text: string): ListeningSocket[] {
  const sockets: ListeningSocket[] = [];
  for (let at = text.indexOf(LISTEN_STATE); at !== -1; at = text.indexOf(LISTEN_STATE, at + 1)) {
    const start = text.lastIndexOf('\n', at) + 1;
    const end = text.indexOf('\n', at);
    const socket = parseLine(text.slice(start, end === -1 ? undefined : end));
    if (socket) sockets.push(socket);
  }
  return sockets;
}

/** Does the beginning of such a text reach a complete line of something that does not listen? Looks at the last one only. */
export function hasConnection(text: string): boolean {
  const end = text.lastIndexOf('\n');
  const start = text.lastIndexOf('\n', end - 1) + 1;
  // The heading is no socket.
  return start > 0 && end > start && !text.slice(start, end).includes(LISTEN_STATE);
}

/** Columns: sl, local, remote, st, queues, timer, retransmits, uid, timeout, inode (Documentation/networking/proc_net_tcp.rst). */
function parseLine(line: string): ListeningSocket | undefined {
  const columns = line.trim().split(/\s+/, 10);
  const [, local, , state, , , , uid, , inode] = columns;
  const match = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(local ?? '');
  if (!match?.[1] || !match[2] || state !== '0A' || !inode || !/^\d+$/.test(inode)) return undefined;
  const port = Number.parseInt(match[2], 16);
  // Inode 0: the socket is being torn down and nobody holds it any more.
  if (port === 0 || inode === '0') return undefined;
  return { address: hexAddress(match[1]), port, inode, uid: uid === undefined ? undefined : Number(uid) };
}

/** The kernel prints each 32-bit word in the machine's own byte order. */
const SWAPPED = endianness() === 'LE';

/** Address of 8 or 32 hex digits as /proc prints it. */
function hexAddress(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  if (SWAPPED) bytes.swap32();
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16));
  return plainAddress(groups.join(':')) ?? '::';
}

/**
 * The one spelling of an address that the house uses: no brackets, no `%scope`, IPv6 as RFC 5952 has it,
 * an IPv4-mapped address (a dual-stack socket bound to one IPv4 address) as IPv4.
 * @returns undefined for what is no address
 */
export function plainAddress(text: string): string | undefined {
  const bare = text.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(bare)) return bare;
  if (!/^[0-9a-f:.]{2,45}$/i.test(bare) || !bare.includes(':')) return undefined;
  try {
    const { address } = new SocketAddress({ address: bare, family: 'ipv6' });
    return address.replace(/^::ffff:(?=\d+\.)/, '');
  } catch {
    return undefined;
  }
}
