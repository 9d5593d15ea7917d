/**
 * The kernel's tables of TCP sockets, read only as far as listening sockets go: /proc/net/tcp and tcp6.
 *
 * The kernel lists listening sockets first (proc_net_tcp.rst), and to list what comes after them it walks a table of
 * connections that is sized by the machine's memory: 6 ms with 24 GB, and more lines to parse with each connection.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { messageOf, systemCode } from '../../core/errors.ts';
import { hasConnection, type ListeningSocket, parseProcNet } from './listening-socket.ts';

const TCP = '/proc/net/tcp';
const TCP6 = '/proc/net/tcp6';

/** A page: the kernel gives no more at once. */
const CHUNK_BYTES = 4096;

/**
 * All listening sockets of this network namespace.
 * @throws the system's error where the IPv4 table cannot be read
 */
export function listeningSockets(): { sockets: ListeningSocket[]; warnings: string[] } {
  const sockets = parseProcNet(readListening(TCP));
  try {
    sockets.push(...parseProcNet(readListening(TCP6)));
  } catch (error) {
    // No such file: a kernel without IPv6, and nothing is missing.
    if (systemCode(error) !== 'ENOENT') {
      return { sockets, warnings: [`IPv6 sockets cannot be listed: "${TCP6}": ${messageOf(error)}`] };
    }
  }
  return { sockets, warnings: [] };
}

/**
 * Does this very socket listen on this port? For the main thread: each read is done elsewhere, and of what was read
 * only the lines with the inode are parsed. Never rejects; what cannot be read does not listen.
 * @param tables given by tests
 */
export async function listensOn(
  port: number,
  inode: string,
  tables: readonly string[] = [TCP, TCP6],
): Promise<boolean> {
  // One after the other: most sockets are in the first, and reading the second to its end may cost more.
  for (const table of tables) if (await isListed(table, port, inode)) return true;
  return false;
}

/**
 * Does another socket get connections to this one's address (SO_REUSEPORT)? One on the same address shares them, and one
 * on the very address that is dialled takes them all from a wildcard.
 * Read like {@link listensOn}: 0.1 ms with few listeners, none of it here. Never rejects.
 * @param tables given by tests
 */
export async function isShared(
  { address, port, inode }: { address: string; port: number; inode: string },
  tables: readonly string[] = [TCP, TCP6],
): Promise<boolean> {
  for (const table of tables) {
    const sockets: ListeningSocket[] = [];
    for await (const text of pieces(table)) sockets.push(...parseProcNet(text).filter((one) => one.port === port));
    const own = sockets.find((one) => one.inode === inode);
    const places = [own?.address, address];
    if (own) return sockets.some((other) => other.inode !== inode && places.includes(other.address));
  }
  return false;
}

async function isListed(table: string, port: number, inode: string): Promise<boolean> {
  for await (const text of pieces(table)) if (hasSocket(text, port, inode)) return true;
  return false;
}

/** A table piece by piece, each beginning with the last line of the one before. One that cannot be read has none. */
async function* pieces(table: string): AsyncGenerator<string> {
  const file = await open(table, 'r').catch(() => undefined);
  if (!file) return;
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let text = '', count = -1; count !== 0 && !hasConnection(text); ) {
      count = (await file.read(chunk, 0, CHUNK_BYTES, null)).bytesRead;
      // What the chunk before may have cut.
      text = text.slice(text.lastIndexOf('\n', text.length - 2) + 1) + chunk.toString('latin1', 0, count);
      yield text;
    }
  } catch {
    // What was read is all that is known.
  } finally {
    await file.close();
  }
}

function hasSocket(text: string, port: number, inode: string): boolean {
  const lines = text.includes(` ${inode} `) ? parseProcNet(text) : [];
  return lines.some((socket) => socket.inode === inode && socket.port === port);
}

/**
 * The beginning of a table, up to the first connection.
 * @throws the system's error where the file cannot be read
 */
function readListening(path: string): string {
  const file = openSync(path, 'r');
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    let text = '';
    for (let count = -1; count !== 0 && !hasConnection(text); ) {
      count = readSync(file, chunk, 0, CHUNK_BYTES, null);
      text += chunk.toString('latin1', 0, count);
    }
    return text;
  } finally {
    closeSync(file);
  }
}
