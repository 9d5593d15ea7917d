/** How often a hostname may be decided again by force: once in ten seconds, whoever holds the reload key down. */
import { LRUCache } from 'lru-cache';

const PAUSE_MS = 10_000;
/** Hostnames remembered; each was typed by a person or asked for by a program of the user's. */
const MAX_HOSTNAMES = 1_000;

/** See the file's header. */
export class ForcedOnce {
  readonly #forcedAt = new LRUCache<string, number>({ max: MAX_HOSTNAMES });
  readonly #now: () => number;

  /** @param now milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** May it be decided by force now? If so, that is noted. */
  mayForce(key: string): boolean {
    const now = this.#now();
    if (now - (this.#forcedAt.get(key) ?? Number.NEGATIVE_INFINITY) < PAUSE_MS) return false;
    this.#forcedAt.set(key, now);
    return true;
  }
}
