/**
 * Waits for apps that are away for a moment. While somebody waits the machine is looked at again and again, one look
 * for all who wait for the same app; when nobody does, nothing is looked at.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { RouteAsk, RouteOutcome } from '../core/route.ts';

/** Between the end of one look and the next. Looks are made by a thread of their own. */
const PAUSE_MS = 30;

/** Locates what is asked for on a fresh look at the machine. */
export type Look = (ask: RouteAsk) => Promise<RouteOutcome>;

interface Waiter {
  seen(outcome: RouteOutcome): void;
  failed(error: unknown): void;
}

/** See the file's header. */
export class ReturnWatch {
  readonly #look: Look;
  readonly #watches = new Map<string, Set<Waiter>>();

  constructor(look: Look) {
    this.#look = look;
  }

  /**
   * Wait until it is back, or is no longer what is meant.
   * @param key equal for all who wait for the same
   * @param isOver aborted: whoever waited gets what was seen last, undefined if nothing was
   */
  wait(key: string, ask: RouteAsk, isOver: AbortSignal): Promise<RouteOutcome | undefined> {
    if (isOver.aborted) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      let last: RouteOutcome | undefined;
      const leave = (): void => {
        waiters.delete(waiter);
        isOver.removeEventListener('abort', leave);
        resolve(last);
      };
      const waiter: Waiter = {
        seen: (outcome) => {
          last = outcome;
          if (outcome.kind !== 'away') leave();
        },
        failed: (error) => {
          reject(error);
          leave();
        },
      };
      isOver.addEventListener('abort', leave);
      const waiters = this.#watches.get(key) ?? this.#start(key, ask);
      waiters.add(waiter);
    });
  }

  #start(key: string, ask: RouteAsk): Set<Waiter> {
    const waiters = new Set<Waiter>();
    this.#watches.set(key, waiters);
    void this.#run(key, ask, waiters);
    return waiters;
  }

  async #run(key: string, ask: RouteAsk, waiters: Set<Waiter>): Promise<void> {
    try {
      do {
        const outcome = await this.#look(ask);
        for (const waiter of [...waiters]) waiter.seen(outcome);
        if (waiters.size > 0) await delay(PAUSE_MS);
      } while (waiters.size > 0);
    } catch (error) {
      for (const waiter of [...waiters]) waiter.failed(error);
    } finally {
      this.#watches.delete(key);
    }
  }
}
