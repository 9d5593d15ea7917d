/**
 * Hostnames that nobody was found for, each with the set of candidates that was looked at: a page's assets cost
 * nothing, and a server that starts a second later is seen, because the set is another one then.
 */
import { LRUCache } from 'lru-cache';
import type { Decision } from '../core/decision.ts';
import { candidatePorts, type Service } from '../core/service.ts';

/** Hostnames remembered: a hostile page can invent any number. */
const MAX_MISSES = 1_000;
/** How long a failed question keeps a page's assets from asking again. */
const FAILURE_MS = 15_000;

interface Miss {
  candidates: string;
  decision: Decision;
  /** Set when the model could not be asked: then only for a short time. */
  until: number | undefined;
}

/** See the file's header. */
export class Misses {
  readonly #misses = new LRUCache<string, Miss>({ max: MAX_MISSES });
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Remember that nobody was found; `failed`: because the model could not be asked. */
  remember(key: string, candidates: readonly Service[], decision: Decision, failed: boolean): void {
    const until = failed ? this.#now() + FAILURE_MS : undefined;
    this.#misses.set(key, { candidates: fingerprint(candidates), decision: withoutPrompts(decision), until });
  }

  /** The remembered miss, if the candidates are still the same. A navigation tries again after a failure. */
  recall(key: string, candidates: readonly Service[], navigation: boolean): Decision | undefined {
    const miss = this.#misses.get(key);
    if (miss?.candidates !== fingerprint(candidates)) return undefined;
    if (miss.until !== undefined && (navigation || this.#now() >= miss.until)) return undefined;
    return miss.decision;
  }

  /** Forget one, after a decision for it. */
  forget(key: string): void {
    this.#misses.delete(key);
  }
}

/** A thousand prompts are megabytes; the trace keeps what was said to them. */
function withoutPrompts({ host, service, decision, target, confidence, reason, steps }: Decision): Decision {
  return {
    host,
    ...(service === undefined ? {} : { service }),
    decision,
    target,
    confidence,
    reason,
    steps: steps.map(({ prompt: _, ...step }) => step),
  };
}

/** Ids and ports: a restart, a new port and a new service all make another set. */
function fingerprint(candidates: readonly Service[]): string {
  return candidates
    .map((service) => `${service.id}:${candidatePorts(service).join(',')}`)
    .sort()
    .join(' ');
}
