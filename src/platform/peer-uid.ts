/**
 * Who is at the other end of a loopback connection: the kernel's table of TCP sockets says which user made it.
 * Headers can be written by anybody; this cannot.
 */
import { open } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { endianness } from 'node:os';

/** A table past this is not read on: about 100,000 connections. */
const MAX_TABLE_BYTES = 16 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
/** Longest line of the table, for one that is cut by the end of a chunk. */
const MAX_LINE_BYTES = 512;

/**
 * User id of the process at the other end of a loopback connection, from /proc/net/tcp and tcp6.
 *
 * Cost, measured: about 1 ms with few sockets, 6 ms with 2,000, 50 ms with 11,000 (TIME_WAIT counts; the kernel hands
 * the table out 4 KiB at a time, half of it is its work). Not on the event loop; ask once per connection.
 * @returns undefined where the peer is not on loopback, is gone, or cannot be told. macOS has no such table: there a
 *   caller shows the token of `<data-dir>/api-token` or comes over the control socket
 */
export async function peerUid(socket: Socket): Promise<number | undefined> {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  if (process.platform !== 'linux' || socket.destroyed) return undefined;
  if (remoteAddress === undefined || remotePort === undefined || localAddress === undefined) return undefined;
  if (localPort === undefined || !isLoopback(remoteAddress) || !isLoopback(localAddress)) return undefined;
  for (const { table, pair } of waysToWrite(remoteAddress, remotePort, localAddress, localPort)) {
    const uid = await findUid(table, pair).catch(() => undefined);
    // Still open: the four numbers cannot have passed on to another connection meanwhile.
    if (uid !== undefined) return socket.destroyed ? undefined : uid;
  }
  return undefined;
}

function isLoopback(address: string): boolean {
  return address === '::1' || withoutMapping(address).startsWith('127.');
}

/** `::ffff:127.0.0.1`, as a dual-stack socket writes it, is 127.0.0.1. */
function withoutMapping(address: string): string {
  return address.toLowerCase().startsWith('::ffff:') ? address.slice(7) : address;
}

/** How the table writes the peer's socket: its own address first. An IPv4 connection may be made by an IPv6 socket. */
function waysToWrite(peer: string, peerPort: number, own: string, ownPort: number): { table: string; pair: string }[] {
  const pairOf = (hex: (address: string) => string): string =>
    `${hex(peer)}:${hexPort(peerPort)} ${hex(own)}:${hexPort(ownPort)} `;
  if (peer === '::1') return [{ table: '/proc/net/tcp6', pair: pairOf(() => hexWords([...Array(15).fill(0), 1])) }];
  return [
    { table: '/proc/net/tcp', pair: pairOf((address) => hexWords(ipv4Bytes(address))) },
    { table: '/proc/net/tcp6', pair: pairOf((address) => hexWords([...MAPPED_PREFIX, ...ipv4Bytes(address)])) },
  ];
}

const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

function ipv4Bytes(address: string): number[] {
  return withoutMapping(address).split('.').map(Number);
}

/** The kernel prints addresses as 32-bit words in the machine's byte order. */
function hexWords(bytes: readonly number[]): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 4) {
    const word = bytes.slice(i, i + 4);
    if (endianness() === 'LE') word.reverse();
    for (const byte of word) text += byte.toString(16).toUpperCase().padStart(2, '0');
  }
  return text;
}

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

async function findUid(table: string, pair: string): Promise<number | undefined> {
  const handle = await open(table, 'r');
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let rest = '';
    for (let seen = 0; seen < MAX_TABLE_BYTES; ) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) return undefined;
      seen += bytesRead;
      const text = rest + buffer.toString('latin1', 0, bytesRead);
      const at = text.indexOf(pair);
      const end = at === -1 ? -1 : text.indexOf('\n', at);
      if (end !== -1) return uidOf(text.slice(at + pair.length, end));
      rest = text.slice(at === -1 ? -MAX_LINE_BYTES : at);
    }
    return undefined;
  } finally {
    await handle.close();
  }
}

/**
 * The columns after the two addresses: st, queues, timer, retransmits, uid, timeout, inode.
 * Only an ESTABLISHED socket that still has its file counts: the kernel says uid 0 for one that its process has closed
 * (FIN_WAIT, TIME_WAIT), so that whoever hangs up early would pass for root.
 */
function uidOf(columns: string): number | undefined {
  const [state, , , , uid, , inode] = columns.trim().split(/\s+/);
  if (state !== ESTABLISHED || inode === undefined || inode === '0' || uid === undefined) return undefined;
  return /^\d+$/.test(uid) ? Number(uid) : undefined;
}

/** include/net/tcp_states.h */
const ESTABLISHED = '01';
