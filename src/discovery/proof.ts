/**
 * Does the right process still listen? (Containers are proven by the engine's events: docker/containers.ts.) Asked each time a new upstream connection is opened, before a byte is sent.
 */
import { readlinkSync } from 'node:fs';
import { platform } from 'node:process';
import type { UpstreamProof } from '../core/upstream.ts';
import { ProcessProofs } from './process-proof.ts';
import { listensOn } from './processes/listening-tables.ts';

const proofs = new ProcessProofs();

/**
 * Check a proof. Never throws; anything that cannot be checked does not hold.
 * @returns at once for `socket` and `fixed`, a promise where a table must be read or a tool asked
 */
export function holdsProof(proof: Exclude<UpstreamProof, { kind: 'container' }>): boolean | Promise<boolean> {
  switch (proof.kind) {
    case 'fixed':
      return true;
    case 'socket':
      return platform === 'linux' && holdsSocket(proof);
    case 'process':
      return proofs.holds(proof.pid, proof.startedAt);
    case 'inode':
      return platform === 'linux' && listensOn(proof.port, proof.inode);
  }
}

/**
 * Synchronous on purpose, in the path of a request: the link lies in the kernel's memory and is read in 8 us,
 * where the thread pool takes 50 and waits behind DNS look-ups.
 */
function holdsSocket({ pid, fd, inode }: { pid: number; fd: number; inode: string }): boolean {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`;
  } catch {
    return false;
  }
}
