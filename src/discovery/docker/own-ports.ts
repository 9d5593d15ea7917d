/**
 * Ports that a container listens on, read from its own network: for containers whose image and user name none
 * (`FROM node` without EXPOSE, `docker run` without `-p`), which would be no candidates though they serve.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { parseProcNet } from '../processes/listening-socket.ts';
import { containerOf } from '../processes/proc-files.ts';
import type { ContainerFacts } from './container-facts.ts';

/** A line has 150 characters; a container with more sockets than this is no dev server. */
const MAX_TABLE_BYTES = 1024 * 1024;

/** Does nobody say which ports it has, though it has a network of its own? */
export function namesNoPorts({ exposed, published, networkMode, pid }: ContainerFacts): boolean {
  const hasOwnNetwork = networkMode !== 'host' && networkMode !== 'none' && !networkMode.startsWith('container:');
  return exposed.length === 0 && published.length === 0 && hasOwnNetwork && pid > 0;
}

/**
 * TCP ports on which somebody in the container's network listens for others, ascending; none where that cannot be seen:
 * another operating system, or an engine in a virtual machine, whose process ids are not ours.
 */
export function portsListenedOn({ id, pid }: Pick<ContainerFacts, 'id' | 'pid'>): number[] {
  if (containerOf(readStart(`/proc/${pid}/cgroup`)).container !== id) return [];
  const sockets = ['tcp', 'tcp6'].flatMap((table) => parseProcNet(readStart(`/proc/${pid}/net/${table}`)));
  // Its loopback (the engine's name server among it) answers nobody outside.
  const reachable = sockets.filter(({ address }) => address !== '::1' && !address.startsWith('127.'));
  return [...new Set(reachable.map(({ port }) => port))].sort((a, b) => a - b);
}

/** The beginning of a file of /proc, '' where there is none. Sizes are not known before, so it is read in pieces. */
function readStart(path: string): string {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const pieces: Buffer[] = [];
    for (let bytes = 0; bytes < MAX_TABLE_BYTES; ) {
      const piece = Buffer.alloc(64 * 1024);
      const count = readSync(file, piece, 0, piece.length, null);
      if (count === 0) break;
      pieces.push(piece.subarray(0, count));
      bytes += count;
    }
    return Buffer.concat(pieces).toString('latin1');
  } catch {
    return '';
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
