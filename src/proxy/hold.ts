/** Requests that wait for an app that is away for a moment: how long each may, and how many. */

/** Longest that a request is held: most dev servers are back by then, and people still wait without wondering. */
const HOLD_MS = 2_000;
/**
 * Requests held at once. Each keeps its client's connection and, unread, at most a window of its body; a page whose
 * app is away asks for some hundred modules.
 */
const MAX_HELD = 1_000;
/** Of these, for one hostname: a page in a loop must not take the others' places. */
const MAX_HELD_PER_HOSTNAME = 300;

/** How many requests wait: bounded, in all and for each hostname. */
export class Holds {
  readonly holdMs: number;
  readonly #perHostname = new Map<string, number>();
  #all = 0;

  /** @param holdMs longest that one request is held, default 2 s */
  constructor(holdMs: number = HOLD_MS) {
    this.holdMs = holdMs;
  }

  /** How many wait now. */
  get size(): number {
    return this.#all;
  }

  /** Wait with a request of this hostname. @returns undefined, at once, where too many wait already */
  async hold<T>(hostname: string, wait: () => Promise<T>): Promise<T | undefined> {
    const held = this.#perHostname.get(hostname) ?? 0;
    if (this.#all >= MAX_HELD || held >= MAX_HELD_PER_HOSTNAME) return undefined;
    this.#all++;
    this.#perHostname.set(hostname, held + 1);
    try {
      return await wait();
    } finally {
      this.#all--;
      const left = (this.#perHostname.get(hostname) ?? 1) - 1;
      if (left > 0) this.#perHostname.set(hostname, left);
      else this.#perHostname.delete(hostname);
    }
  }
}
