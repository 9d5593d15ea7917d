/** How often something may be done for one hostname: once in a pause, however often it is asked for. */
import { LRUCache } from 'lru-cache';

/** Keys remembered. One that was pushed out may come once more: nothing worse. */
const MAX_KEYS = 1_000;

/** See the file's header. */
export class OncePerPause {
  readonly #doneAt = new LRUCache<string, number>({ max: MAX_KEYS });
  readonly #now: () => number;
  readonly #pauseMs: number;

  /** @param now milliseconds */
  constructor(now: () => number, pauseMs: number) {
    this.#now = now;
    this.#pauseMs = pauseMs;
  }

  /** May it be done now? If so, that is noted. */
  mayNow(key: string): boolean {
    const now = this.#now();
    if (now - (this.#doneAt.get(key) ?? Number.NEGATIVE_INFINITY) < this.#pauseMs) return false;
    this.#doneAt.set(key, now);
    return true;
  }
}
