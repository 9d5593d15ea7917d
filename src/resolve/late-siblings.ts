/**
 * A page asks for its API while both still start. A sibling that names do not find is looked for once more, a moment
 * later, before an LLM is asked about it or it is given up: a page that was told 404 once often does not ask again.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { RouteAsk } from '../core/route.ts';
import type { Snapshot } from '../core/service.ts';
import { OncePerPause } from './once-per-pause.ts';
import { type Questions, toResolve } from './questions.ts';
import type { Resolver } from './resolver.ts';
import { addressKey } from './route-keys.ts';

/** Most servers that start with their page are there by then; a fetch that waits for it is no nuisance. */
const WAIT_MS = 1_000;
/** One that is never there is waited for at most this often. */
const PAUSE_MS = 10_000;

/** What {@link LateSiblings} ask. */
export interface LateSiblingParts {
  resolver: Resolver;
  questions: Questions;
  /** A new look at the machine. */
  look: () => Promise<Snapshot>;
}

/** See the file's header. */
export class LateSiblings {
  readonly #parts: LateSiblingParts;
  readonly #waited: OncePerPause;

  /** @param now milliseconds */
  constructor(parts: LateSiblingParts, now: () => number) {
    this.#parts = parts;
    this.#waited = new OncePerPause(now, PAUSE_MS);
  }

  /** The snapshot to decide on: this one, or a second one where the sibling is not in it. */
  async await(ask: RouteAsk, snapshot: Snapshot): Promise<Snapshot> {
    if (ask.service === undefined || (await this.#isThere(ask, snapshot))) return snapshot;
    if (!this.#waited.mayNow(addressKey(ask))) return snapshot;
    await delay(WAIT_MS, undefined, { ref: false });
    return this.#parts.look();
  }

  /** It, or several that could be it. */
  async #isThere(ask: RouteAsk, snapshot: Snapshot): Promise<boolean> {
    const { resolver, questions } = this.#parts;
    const question = await questions.withContext({ ...toResolve(ask), mode: 'names' }, snapshot);
    const { resolved, steps } = await resolver.resolve(question, snapshot);
    return resolved !== null || steps.some(({ candidates = [] }) => candidates.length > 0);
  }
}
