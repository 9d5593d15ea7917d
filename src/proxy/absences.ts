/**
 * Which apps are away, and for how long: one that was there a moment ago is waited for, one that is gone for longer is
 * not. Written and read by requests that could not be answered, never by others.
 */
import { LRUCache } from 'lru-cache';

/** By then a dev server that only restarts is back. */
const LONG_MS = 5_000;
/** Remembered at once, whatever names a hostile page invents. */
const MAX_ABSENCES = 1_000;

interface Absence {
  /** When the app last answered; minus infinity for one that never did. */
  lastSeenMs: number;
  /** When a request first met it. */
  noticedMs: number;
}

/** See the file's header. */
export class Absences {
  readonly #absences = new LRUCache<string, Absence>({ max: MAX_ABSENCES });
  readonly #now: () => number;

  /** @param now milliseconds on a clock that only goes forward */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * It is not there, or takes no connection.
   * @param key of the mapping that led to it
   * @param lastSeenMs when it last answered, if that is known
   */
  missed(key: string, lastSeenMs: number | undefined): void {
    const known = this.#absences.get(key);
    const lastSeen = lastSeenMs ?? Number.NEGATIVE_INFINITY;
    // It was back meanwhile, if it has answered since.
    if (known === undefined || known.noticedMs < lastSeen) {
      this.#absences.set(key, { lastSeenMs: lastSeen, noticedMs: this.#now() });
    } else if (known.lastSeenMs < lastSeen) known.lastSeenMs = lastSeen;
  }

  /** It has answered. */
  back(key: string): void {
    this.#absences.delete(key);
  }

  /**
   * Is it gone for so long that nobody should wait for it without a word? A person who opens it gets a page that shows
   * when it is back, so not having seen it is enough. Others would only get an error: they wait, unless it is known.
   */
  isLong(key: string, navigation: boolean): boolean {
    const absence = this.#absences.get(key);
    if (absence === undefined) return false;
    return this.#now() - (navigation ? absence.lastSeenMs : absence.noticedMs) > LONG_MS;
  }
}
