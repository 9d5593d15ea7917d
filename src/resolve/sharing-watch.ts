/**
 * A program may begin to listen beside another one (SO_REUSEPORT), whose address is remembered: each proof of it still
 * holds, and the kernel deals every second new connection to the other. So a new connection has the kernel's table
 * looked at, beside it; where another socket is listed, the machine is looked at and the address forgotten. Whoever asks
 * next is told that the port is shared, or, where both are workers of one service, goes on.
 */
import type { Snapshot } from '../core/service.ts';
import type { Upstream } from '../core/upstream.ts';
import { OncePerPause } from './once-per-pause.ts';

/** An upstream is looked at for this once in this time: keep-alive makes new connections rare. */
const PAUSE_MS = 500;
/** Workers of one service share their port for ever: the machine is not looked at for them all the time. */
const WORKERS_PAUSE_MS = 5_000;

/** What is asked of the machine. */
export interface SharingParts {
  isShared: (upstream: Upstream) => Promise<boolean>;
  look: () => Promise<Snapshot>;
  /** Forget every address of this incarnation. */
  forget: (key: string) => void;
}

/** See the file's header. */
export class SharingWatch {
  readonly #parts: SharingParts;
  readonly #checked: OncePerPause;
  readonly #looked: OncePerPause;

  /** @param now milliseconds */
  constructor(parts: SharingParts, now: () => number) {
    this.#parts = parts;
    this.#checked = new OncePerPause(now, PAUSE_MS);
    this.#looked = new OncePerPause(now, WORKERS_PAUSE_MS);
  }

  /** A connection is being opened; it does not wait. Rejects as the look does. */
  async opened(upstream: Upstream): Promise<void> {
    const { key, proof } = upstream;
    if (proof.kind === 'container' || proof.kind === 'fixed' || !this.#checked.mayNow(key)) return;
    if (!(await this.#parts.isShared(upstream)) || !this.#looked.mayNow(key)) return;
    await this.#parts.look();
    this.#parts.forget(key);
  }
}
