/**
 * MAIN PATH of a decision: from a hostname and what runs here to the service that is meant, or an honest "nobody is
 * sure". Hints, then names, then the LLM where they do not settle it; every step leaves its trace. Never throws.
 */
import type { DecisionStep, ResolvedDecision } from '../core/decision.ts';
import { messageOf } from '../core/errors.ts';
import { classifyHostname, normalizeHostname } from '../core/hostname.ts';
import { candidatesOf, type Service, type Snapshot } from '../core/service.ts';
import { SingleFlight } from '../core/single-flight.ts';
import type { DecisionUnderWay } from '../core/wait.ts';
import { askLlm, isOverBudget, type LlmOutcome, overBudget, skipped, unsent } from './ask-llm.ts';
import { LlmBudget } from './budget.ts';
import type { ChosenLlm } from './choose-llm.ts';
import { type HintMatch, matchHints, type UserChoice } from './hints.ts';
import type { LlmClient } from './llm-client.ts';
import { LlmSpend, type LlmSums } from './llm-spend.ts';
import { type LlmState, LlmWatch } from './llm-watch.ts';
import { Misses } from './misses.ts';
import { prepareNames } from './name-index.ts';
import { matchNames, type NameMatch } from './names.ts';
import type { Correction } from './prompt.ts';
import { isTellable } from './redact.ts';
import { matchSibling, siblingServices } from './siblings.ts';
import { candidatesBy, decided, hintStep, idsOf, nameStep, nobody, reasonOf } from './trace.ts';

/**
 * Which steps may decide: names then LLM · the LLM (names only where it cannot be asked) · names alone. Hints come
 * first in all of them: they are what the user wrote, not a guess.
 */
export type ResolveMode = 'auto' | 'llm' | 'names';

/** What a resolver is made of. */
export interface ResolverOptions {
  llm: LlmClient | null;
  /** Why there is none, for people. */
  llmReason?: string;
  /** Where the LLM may appear later: asked when one is needed, in place of both above. Rejects never. */
  findLlm?: () => Promise<ChosenLlm>;
  mode: ResolveMode;
  /** Default: 30 requests a minute, 10 of them kept for navigations. */
  budget?: LlmBudget;
  /** Suffixes that are resolved. */
  domains: readonly string[];
  /** Milliseconds; default `performance.now`. */
  now?: () => number;
}

/** One question. */
export interface ResolveAsk {
  /** With its domain. */
  host: string;
  /** The sibling of `host` that is wanted. */
  service?: string;
  /** The service that `host` stands for, where it is known. */
  origin?: Service;
  /** The user's own words; with them the LLM is asked even where a name would settle it. */
  prompt?: string;
  navigation?: boolean;
  /** Forget an earlier miss. */
  force?: boolean;
  mode?: ResolveMode;
  /** The user's earlier corrections; asked for only when the LLM is. */
  corrections?: () => readonly Correction[];
  /** What the user gave this hostname to: no hint takes it away. */
  userChoice?: UserChoice;
  /** Show in the trace what would be sent, also when nothing is. */
  explain?: boolean;
  /** Only the origin's repository and compose project. */
  siblingsOnly?: boolean;
}

/** A question with what it is about. */
interface Case {
  ask: ResolveAsk;
  hostname: string;
  /** Hostname without its domain. */
  name: string;
  key: string;
  snapshot: Snapshot;
  candidates: Service[];
  mode: ResolveMode;
  hint?: HintMatch;
  match?: NameMatch;
  steps: DecisionStep[];
  /** The LLM is asked now. */
  llm?: NonNullable<DecisionUnderWay['llm']>;
}

/** See the file's header. */
export class Resolver {
  readonly #options: ResolverOptions;
  readonly #budget: LlmBudget;
  readonly #now: () => number;
  readonly #flights = new SingleFlight<ResolvedDecision>();
  readonly #misses: Misses;
  readonly #watch = new LlmWatch();
  readonly #spend = new LlmSpend();
  /** What is being decided now, by hostname. */
  readonly #underWay = new Map<string, Case>();

  constructor(options: ResolverOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#budget = options.budget ?? new LlmBudget();
    this.#misses = new Misses(this.#now);
  }

  /** Suffixes that are resolved. */
  get domains(): readonly string[] {
    return this.#options.domains;
  }

  /** Can the LLM be asked now, and if not, why? For `status` and pages. */
  llmState({ client, reason = NO_LLM }: ChosenLlm): LlmState {
    return this.#watch.state(client === null ? reason : undefined, this.#budget.remaining(true));
  }

  /** What the LLM has cost since the start, and what may still be asked of it. */
  get llmSpend(): LlmSums & { budgetPerMinute: number; leftThisMinute: number } {
    const { perMinute } = this.#budget;
    return { ...this.#spend.sums, budgetPerMinute: perMinute, leftThisMinute: this.#budget.remaining(true) };
  }

  /** How far the decision on a hostname is that is being made now; undefined: none is. From memory. */
  underWay(hostname: string): DecisionUnderWay | undefined {
    const question = this.#underWay.get(hostname);
    if (!question) return undefined;
    const { candidates, steps, llm } = question;
    return { candidates: candidates.length, steps, ...(llm === undefined ? {} : { llm }) };
  }

  /** Make the code ready that the first decision runs: compiled in the first request it would take 7 ms of it. */
  async warmUp(snapshot: Snapshot): Promise<void> {
    const [domain = 'localhost'] = this.#options.domains;
    // Twice: what ran once is compiled, what ran before is inlined where it matters.
    for (const name of ['hostwise-warm-up', 'warm-up.hostwise']) {
      await this.resolve({ host: `${name}.${domain}`, mode: 'names' }, snapshot);
    }
  }

  /** Decide. Askers of the same question share one flight, and its snapshot. Rejects never. */
  async resolve(ask: ResolveAsk, snapshot: Snapshot): Promise<ResolvedDecision> {
    const names = this.#namesOf(ask);
    if ('refused' in names) return nobody(ask, names.refused, [], []);
    const key = JSON.stringify([names.hostname, ask.service, ask.siblingsOnly === true, ask.origin?.id]);
    const mode = ask.mode ?? this.#options.mode;
    const flight = JSON.stringify([key, mode, ask.prompt, ask.force === true, ask.userChoice, ask.explain === true]);
    const base = { ask, ...names, key, snapshot, mode };
    const begin = (): Case => ({ ...base, candidates: candidatesFor(ask, snapshot), steps: [] });
    const decision = await this.#fly(flight, ask, snapshot, begin);
    // An asset may have asked first, and what it may spend is less than what is kept for a navigation.
    const again = ask.navigation === true && isOverBudget(decision) && this.#budget.remaining(true) > 0;
    return again ? this.#fly(`${flight} navigation`, ask, snapshot, begin) : decision;
  }

  #fly(flight: string, ask: ResolveAsk, snapshot: Snapshot, begin: () => Case): Promise<ResolvedDecision> {
    return this.#flights.run(flight, async () => {
      try {
        await prepareNames(snapshot);
        return await this.#decide(begin());
      } catch (error) {
        return nobody(ask, `The decision failed: ${messageOf(error)}`, [], []);
      }
    });
  }

  /** The hostname in its one form and without its domain, or why it is refused: nothing else reaches a step. */
  #namesOf({ host, service }: ResolveAsk): { hostname: string; name: string } | { refused: string } {
    const hostname = normalizeHostname(host);
    if (hostname === null) return { refused: 'This is no valid hostname' };
    const kind = classifyHostname(hostname, this.#options.domains);
    if (kind.kind === 'foreign') return { refused: `"${hostname}" is under none of the domains that are resolved` };
    if (kind.kind === 'control') return { refused: `"${hostname}" is the dashboard's own name` };
    if (service !== undefined && normalizeHostname(service) === null)
      return { refused: 'This is no valid service name' };
    return { hostname, name: kind.name };
  }

  async #decide(question: Case): Promise<ResolvedDecision> {
    const { ask, mode, candidates, steps } = question;
    if (candidates.length === 0) return nobody(ask, nothingRuns(ask, question.snapshot), [], []);
    // With words of the user's own neither a hint nor a name settles it, unless there is nobody to read them.
    const settles = mode === 'names' || !ask.prompt;
    this.#tryHints(question);
    if (settles && question.hint?.outcome === 'decided') return settled(question);
    if (mode !== 'llm') this.#tryNames(question);
    if (settles && question.match?.outcome === 'decided') return settled(question);
    if (mode === 'names') return nobody(ask, reasonOf(steps), steps, ranked(question));
    return this.#decideByLlm(question);
  }

  async #decideByLlm(question: Case): Promise<ResolvedDecision> {
    const { ask, hostname, key, candidates, steps } = question;
    const fresh = ask.force === true || ask.prompt !== undefined;
    const miss = fresh ? undefined : this.#misses.recall(key, candidates, ask.navigation === true);
    if (miss) return { ...miss, resolved: null, candidates: ranked(question), remembered: true };
    if (ask.service === undefined) this.#underWay.set(hostname, question);
    const { step, verdict } = await this.#askLlm(question).finally(() => {
      if (this.#underWay.get(hostname) === question) this.#underWay.delete(hostname);
    });
    steps.push(step);
    if (verdict?.kind === 'decided') {
      this.#misses.forget(key);
      return decided(ask, 'llm', verdict, steps, ranked(question));
    }
    if (step.outcome === 'skipped' || step.outcome === 'failed') {
      // Without a usable LLM the other steps still serve, in every mode.
      if (!question.match) this.#tryNames(question);
      if (isSettled(question)) return settled(question);
    }
    const answer = nobody(ask, reasonOf(steps), steps, ranked(question));
    // Words of the user's own are about this one question; skipping costs nothing and is not remembered either.
    if (step.outcome !== 'skipped' && !ask.prompt)
      this.#misses.remember(key, candidates, answer, verdict === undefined);
    return answer;
  }

  #tryHints(question: Case): void {
    const { ask, hostname, name, snapshot, steps } = question;
    // Nobody writes hints about siblings: those are found around their origin.
    if (ask.service !== undefined) return;
    const startedAt = this.#now();
    const { domains } = this.#options;
    question.hint = matchHints({ hostname, name, domains, userChoice: ask.userChoice }, snapshot);
    steps.push(hintStep(question.hint, this.#now() - startedAt));
  }

  #tryNames(question: Case): void {
    const startedAt = this.#now();
    question.match = this.#matchNames(question);
    question.steps.push(nameStep(question.match, this.#now() - startedAt));
  }

  #matchNames({ ask, name, snapshot }: Case): NameMatch {
    const { service, origin, siblingsOnly } = ask;
    if (service === undefined) return matchNames(name, snapshot);
    const wanted = service.toLowerCase();
    const sibling = origin ? matchSibling(wanted, origin, snapshot) : matchNames(`${wanted}.${name}`, snapshot);
    // Callers with the seed's reach may name any service; a sibling of that name comes first.
    return sibling.outcome === 'nothing' && siblingsOnly !== true ? matchNames(wanted, snapshot) : sibling;
  }

  async #chosenLlm(): Promise<ChosenLlm> {
    const { findLlm, llm, llmReason } = this.#options;
    return findLlm ? findLlm() : { client: llm, reason: llmReason };
  }

  async #askLlm(question: Case): Promise<LlmOutcome> {
    const { ask, hostname, name, candidates } = question;
    if (!isTellable(name) || !isTellable(ask.service ?? '')) return skipped(LIKE_A_SECRET);
    const { client: llm, reason: llmReason } = await this.#chosenLlm();
    const { service, origin, prompt: hint } = ask;
    const input = {
      host: hostname,
      corrections: ask.corrections?.() ?? [],
      candidates,
      ...(service === undefined ? {} : { service }),
      ...(origin ? { origin } : {}),
      ...(hint ? { hint } : {}),
    };
    const shown = () => (ask.explain ? unsent(llm, input) : {});
    if (!llm) return skipped(llmReason ?? NO_LLM, shown());
    const navigation = ask.navigation === true;
    if (this.#budget.remaining(navigation) === 0) {
      return overBudget(shown());
    }
    question.llm = llm.isCold() ? 'loading' : 'asked';
    const outcome = await askLlm(llm, input, {
      mayRequest: () => this.#budget.take(navigation),
      spend: this.#spend,
      now: this.#now,
      explain: ask.explain === true,
    });
    this.#watch.saw(outcome.step);
    return outcome;
  }
}

function candidatesFor({ service, origin, siblingsOnly }: ResolveAsk, snapshot: Snapshot): Service[] {
  if (service === undefined || siblingsOnly !== true) return candidatesOf(snapshot);
  return origin ? siblingServices(origin, snapshot) : [];
}

function nothingRuns({ siblingsOnly, origin }: ResolveAsk, { warnings = [] }: Snapshot): string {
  if (siblingsOnly && !origin) return 'It is not known yet which service this hostname stands for';
  const unseen = warnings.length > 0 ? `; but not all could be seen: ${warnings.join('; ')}` : '';
  return `Nothing that could be meant is running${unseen}`;
}

const NO_LLM = 'no LLM is set up';
const LIKE_A_SECRET = 'a part of the name looks like a key or a password, which is not sent to anybody';

function isSettled({ hint, match }: Case): boolean {
  return hint?.outcome === 'decided' || match?.outcome === 'decided';
}

/** By the first step that decided: the hint, else the name. */
function settled(question: Case): ResolvedDecision {
  const { ask, candidates, hint, match, steps } = question;
  const found = hint?.outcome === 'decided' ? hint : match;
  const service = found?.outcome === 'decided' ? candidates.find(({ id }) => id === found.id) : undefined;
  if (found?.outcome !== 'decided' || !service) return nobody(ask, reasonOf(steps), steps, ranked(question));
  const answer = { service, port: found.port, confidence: 1, reason: found.detail };
  return decided(ask, found === hint ? 'hint' : 'name', answer, steps, ranked(question));
}

function ranked({ candidates, hint, match }: Case): Service[] {
  return candidatesBy(candidates, [...idsOf(hint), ...idsOf(match)]);
}
