/**
 * Boot order must not freeze a wrong route: when the API starts first, it may get the name that the site, three seconds
 * later, has the better right to. A mapping that the program made remembers whom it was chosen from; on a navigation
 * the machine is looked at again, and whoever is new and of equal or better right is decided on. What the user set
 * is never looked at.
 */
import { LRUCache } from 'lru-cache';
import type { ResolvedDecision } from '../core/decision.ts';
import type { Mapping } from '../core/mapping.ts';
import type { Service, Snapshot } from '../core/service.ts';
import { isOverBudget } from './ask-llm.ts';
import { clearPort } from './port-choice.ts';
import { frontOf, newRivals } from './rivals.ts';

/** A hostname is looked at again at most this often. */
const PAUSE_MS = 2_000;
/**
 * While a mapping is this young its project may still be starting. A navigation then waits for the look, so that it is
 * this one that shows the right server; later it goes on at once, and the next one does.
 */
const YOUNG_MS = 60_000;
/** Hostnames whose last look is remembered. */
const MAX_HOSTNAMES = 1_000;

/** When to look again. */
export class LookTimes {
  readonly #lookedAt = new LRUCache<string, number>({ max: MAX_HOSTNAMES });
  readonly #now: () => number;

  /** @param now milliseconds since 1970 */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Is it time, and should the navigation wait for it? Cost: a look-up. */
  due(key: string, mapping: Mapping | undefined): 'no' | 'aside' | 'wait' {
    if (!mapping || !mayMove(mapping)) return 'no';
    const now = this.#now();
    if (now - (this.#lookedAt.get(key) ?? Number.NEGATIVE_INFINITY) < PAUSE_MS) return 'no';
    const ageMs = now - Date.parse(mapping.createdAt);
    return ageMs >= 0 && ageMs < YOUNG_MS ? 'wait' : 'aside';
  }

  /** It is being looked at, or was just decided. */
  began(key: string): void {
    this.#lookedAt.set(key, this.#now());
  }
}

/** Made by the program, with a note of whom it was chosen from. */
function mayMove({ source, rivals }: Mapping): boolean {
  return source !== undefined && source !== 'user' && rivals !== undefined;
}

/** What a second look goes by. */
export interface SecondLook {
  mapping: Mapping;
  /** Whom the mapping means now. */
  target: Service;
  /** All who could be meant now. */
  rivals: readonly Service[];
  /** What hints and names say now. */
  named: ResolvedDecision;
  snapshot: Snapshot;
  /** The whole decision, LLM included. */
  decide: () => Promise<ResolvedDecision>;
}

/**
 * What comes of it: a decision to move to, `same`: all was considered and nobody is better, or `later`: it could not be
 * decided now.
 */
export async function lookAgain(look: SecondLook): Promise<ResolvedDecision | 'same' | 'later'> {
  const { mapping, target, named, rivals, decide } = look;
  const fresh = newRivals(rivals, mapping.rivals ?? []);
  if (fresh.length === 0 || named.resolved?.id === target.id) return 'same';
  const isNew = (service: Service | null) => fresh.some(({ id }) => id === service?.id);
  if (named.resolved && mapping.source !== 'llm') return isNew(named.resolved) ? named : 'same';
  const decision = await decide();
  // Only somebody new may take over: the others were there, and were not chosen.
  if (decision.resolved) return isNew(decision.resolved) ? decision : 'same';
  if (mapping.source !== 'llm') {
    const front = byFront(look, fresh);
    if (front) return front;
  }
  return wasUnheard(decision) ? 'later' : 'same';
}

/** The LLM is there and gave no answer: it may give one soon. */
function wasUnheard(decision: ResolvedDecision): boolean {
  return isOverBudget(decision) || decision.steps.some(({ step, outcome }) => step === 'llm' && outcome === 'failed');
}

/** Of equal right by name, and nobody to ask: the one that shows pages, if there is just one. */
function byFront({ named, snapshot, target }: SecondLook, fresh: readonly Service[]): ResolvedDecision | undefined {
  // A page asks its siblings for data.
  if (named.service !== undefined) return undefined;
  const ids = named.steps.flatMap(({ candidates = [] }) => candidates);
  const equal = named.candidates.filter(({ id }) => ids.includes(id));
  if (!equal.some(({ id }) => id === target.id)) return undefined;
  const front = frontOf(equal, snapshot);
  const port = front && clearPort(front);
  if (!front || port === undefined || port === null || !fresh.some(({ id }) => id === front.id)) return undefined;
  const reason = `${named.reason}; of these, this one shows pages`;
  return {
    ...named,
    decision: 'name',
    target: { id: front.id, port },
    confidence: EQUAL_CONFIDENCE,
    reason,
    resolved: front,
  };
}

/** Said of a choice among equals. */
const EQUAL_CONFIDENCE = 0.7;
