/**
 * How often a model may be asked, whatever a page does: a sliding window with a part kept for navigations, so that the
 * assets of one page cannot use up what the user's next click needs.
 */

/** Length of the window. */
const WINDOW_MS = 60_000;

/** Limits and clock of a {@link LlmBudget}. */
export interface BudgetOptions {
  /** Requests a minute; default 30. */
  perMinute?: number;
  /** How many of them only navigations may use; default 10. */
  keptForNavigations?: number;
  /** Milliseconds, monotonic or not; default `Date.now`. */
  now?: () => number;
}

/** See the file's header. */
export class LlmBudget {
  /** Requests a minute. */
  readonly perMinute: number;
  readonly #kept: number;
  readonly #now: () => number;
  #spentAt: number[] = [];

  constructor({ perMinute = 30, keptForNavigations = 10, now = Date.now }: BudgetOptions = {}) {
    this.perMinute = perMinute;
    this.#kept = Math.min(keptForNavigations, perMinute);
    this.#now = now;
  }

  /** Spend one request to the model. @returns false when it may not be sent now */
  take(navigation: boolean): boolean {
    if (this.remaining(navigation) <= 0) return false;
    this.#spentAt.push(this.#now());
    return true;
  }

  /** Requests that may still be sent in this window. */
  remaining(navigation: boolean): number {
    const oldest = this.#now() - WINDOW_MS;
    this.#spentAt = this.#spentAt.filter((at) => at > oldest);
    return Math.max(0, this.perMinute - (navigation ? 0 : this.#kept) - this.#spentAt.length);
  }
}
