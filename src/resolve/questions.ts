/** Asking the resolver on behalf of a request: what is known around the question goes along, the decision is kept. */
import type { ResolvedDecision } from '../core/decision.ts';
import { describeMapping, type Mapping } from '../core/mapping.ts';
import type { RouteAsk } from '../core/route.ts';
import type { Snapshot } from '../core/service.ts';
import type { Logger } from '../platform/log.ts';
import { type Located, locate } from '../routes/locate.ts';
import type { MappingStore } from '../routes/mapping-store.ts';
import { isOverBudget } from './ask-llm.ts';
import { correctionsOf } from './corrections.ts';
import { type DecisionOccasion, Decisions } from './decisions.ts';
import type { UserChoice } from './hints.ts';
import type { ResolveAsk, Resolver } from './resolver.ts';

/** That the budget is used up is logged at most this often. */
const BUDGET_LOG_PAUSE_MS = 60_000;

/** What {@link Questions} are made of. */
export interface QuestionParts {
  store: MappingStore;
  resolver: Resolver;
  log: Logger;
}

/** See the file's header. */
export class Questions {
  /** The latest decisions and their traces. */
  readonly decisions = new Decisions();
  readonly #parts: QuestionParts;
  readonly #now: () => number;
  readonly #kept = new WeakSet<ResolvedDecision>();
  #budgetLoggedAt = Number.NEGATIVE_INFINITY;

  /** @param now milliseconds */
  constructor(parts: QuestionParts, now: () => number) {
    this.#parts = parts;
    this.#now = now;
  }

  /** A whole decision, kept with its trace. Never rejects. */
  async ask(ask: RouteAsk, snapshot: Snapshot, occasion: DecisionOccasion): Promise<ResolvedDecision> {
    const { resolver, log } = this.#parts;
    const startedAt = performance.now();
    const question = await this.withContext(toResolve(ask), snapshot);
    const decision = await resolver.resolve(question, snapshot);
    // A page and its icon ask at once and share one decision.
    if (decision.remembered || this.#kept.has(decision)) return decision;
    this.#kept.add(decision);
    this.decisions.add(decision, occasion, performance.now() - startedAt);
    const { host, target, reason } = decision;
    log.debug({ host, decision: decision.decision, target, reason, occasion }, 'Decided');
    if (isOverBudget(decision) && this.#now() - this.#budgetLoggedAt >= BUDGET_LOG_PAUSE_MS) {
      this.#budgetLoggedAt = this.#now();
      log.warn({ host }, 'The budget of LLM calls for this minute is used up: names and the picker answer');
    }
    return decision;
  }

  /** A question with what is known around it: who the origin is, and what the user corrected before. */
  async withContext(question: ResolveAsk, snapshot: Snapshot): Promise<ResolveAsk> {
    const { store, resolver } = this.#parts;
    const corrections = () => correctionsOf(store.all(), question.host);
    const mapping = store.get(question.host);
    const at = mapping && locate(mapping, snapshot);
    if (question.service === undefined) {
      const userChoice = mapping?.source === 'user' ? choiceOf(mapping, at) : undefined;
      return { corrections, ...question, ...(userChoice ? { userChoice } : {}) };
    }
    if (question.origin) return { corrections, ...question };
    const byName = async () => (await resolver.resolve({ host: question.host, mode: 'names' }, snapshot)).resolved;
    const known = at?.kind === 'found' ? at.service : mapping ? null : await byName();
    return { corrections, ...question, ...(known ? { origin: known } : {}) };
  }
}

/** The question that an ask comes to. */
export function toResolve(ask: RouteAsk): ResolveAsk {
  return {
    host: ask.hostname,
    navigation: ask.navigation,
    ...(ask.service === undefined ? {} : { service: ask.service }),
    ...(ask.prompt === undefined ? {} : { prompt: ask.prompt }),
    ...(ask.siblingsOnly === undefined ? {} : { siblingsOnly: ask.siblingsOnly }),
    ...(ask.force === undefined ? {} : { force: ask.force }),
  };
}

function choiceOf(mapping: Mapping, at: Located | undefined): UserChoice {
  const id = at?.kind === 'found' ? at.service?.id : undefined;
  return { label: describeMapping(mapping), ...(id === undefined ? {} : { id }) };
}
