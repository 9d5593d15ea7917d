/**
 * MAIN PATH of a decision: from a hostname and what runs here to the service that is meant, or an honest "nobody is
 * sure". Names first; the LLM where they do not settle it; every step leaves its trace. Never throws.
 */
import type { Decision, DecisionStep, ResolvedDecision } from '../core/decision.ts';
import { messageOf } from '../core/errors.ts';
import { classifyHostname, normalizeHostname } from '../core/hostname.ts';
import { candidatesOf, type Service, type Snapshot } from '../core/service.ts';
import { SingleFlight } from '../core/single-flight.ts';
import { askLlm, type LlmOutcome, promptText } from './ask-llm.ts';
import { LlmBudget } from './budget.ts';
import type { ChosenLlm } from './choose-llm.ts';
import type { LlmClient } from './llm-client.ts';
import { Misses } from './misses.ts';
import { prepareNames } from './name-index.ts';
import { matchNames, type NameMatch } from './names.ts';
import { mayAnswerBrowsers } from './non-web.ts';
import type { Correction } from './prompt.ts';
import { matchSibling, siblingServices } from './siblings.ts';

/** Which steps may decide: names then LLM · the LLM (names only where it cannot be asked) · names alone. */
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
  corrections?: readonly Correction[];
  /** Show in the trace what would be sent, also when nothing is. */
  explain?: boolean;
  /** Only the origin's repository and compose project. */
  siblingsOnly?: boolean;
}

/** A question with what it is about. */
interface Case {
  ask: ResolveAsk;
  /** Hostname without its domain. */
  name: string;
  key: string;
  snapshot: Snapshot;
  candidates: Service[];
  mode: ResolveMode;
}

/** See the file's header. */
export class Resolver {
  readonly #options: ResolverOptions;
  readonly #budget: LlmBudget;
  readonly #now: () => number;
  readonly #flights = new SingleFlight<ResolvedDecision>();
  readonly #misses: Misses;

  constructor(options: ResolverOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#budget = options.budget ?? new LlmBudget();
    this.#misses = new Misses(this.#now);
  }

  /** Decide. Askers of the same question share one flight, and its snapshot. Rejects never. */
  resolve(ask: ResolveAsk, snapshot: Snapshot): Promise<ResolvedDecision> {
    const name = this.#nameOf(ask);
    if (typeof name !== 'string') return Promise.resolve(nobody(ask, name.refused, [], []));
    const key = JSON.stringify([ask.host, ask.service, ask.siblingsOnly === true, ask.origin?.id]);
    const mode = ask.mode ?? this.#options.mode;
    const flight = JSON.stringify([key, mode, ask.prompt, ask.force === true]);
    return this.#flights.run(flight, async () => {
      try {
        await prepareNames(snapshot);
        return await this.#decide({ ask, name, key, snapshot, mode, candidates: candidatesFor(ask, snapshot) });
      } catch (error) {
        return nobody(ask, `The decision failed: ${messageOf(error)}`, [], []);
      }
    });
  }

  /** The name without its domain, or why the hostname is refused. */
  #nameOf({ host, service }: ResolveAsk): string | { refused: string } {
    const hostname = normalizeHostname(host);
    if (hostname === null) return { refused: 'This is no valid hostname' };
    const kind = classifyHostname(hostname, this.#options.domains);
    if (kind.kind === 'foreign') return { refused: `"${hostname}" is under none of the domains that are resolved` };
    if (kind.kind === 'control') return { refused: `"${hostname}" is the dashboard's own name` };
    if (service !== undefined && normalizeHostname(service) === null)
      return { refused: 'This is no valid service name' };
    return kind.name;
  }

  async #decide(question: Case): Promise<ResolvedDecision> {
    const { ask, mode, candidates } = question;
    const startedAt = this.#now();
    if (candidates.length === 0) return nobody(ask, nothingRuns(ask, question.snapshot), [], []);
    const match = mode === 'llm' ? undefined : this.#matchNames(question);
    const steps = match ? [nameStep(match, this.#now() - startedAt)] : [];
    // With words of the user's own a name alone does not settle it, unless there is nobody to read them.
    if (match?.outcome === 'decided' && (mode === 'names' || !ask.prompt)) return named(question, match, steps);
    if (mode === 'names') return nobody(ask, reasonOf(steps), steps, candidatesBy(candidates, match));
    return this.#decideByLlm(question, match, steps);
  }

  async #decideByLlm(question: Case, match: NameMatch | undefined, steps: DecisionStep[]): Promise<ResolvedDecision> {
    const { ask, key, candidates } = question;
    const fresh = ask.force === true || ask.prompt !== undefined;
    const miss = fresh ? undefined : this.#misses.recall(key, candidates, ask.navigation === true);
    if (miss) return { ...miss, resolved: null, candidates: candidatesBy(candidates, match) };
    const { step, verdict } = await this.#askLlm(question);
    const trace = [...steps, step];
    if (verdict?.kind === 'decided') {
      this.#misses.forget(key);
      return decided(ask, 'llm', verdict, trace, candidatesBy(candidates, match));
    }
    const unheard = step.outcome === 'skipped' || step.outcome === 'failed';
    // Without a usable LLM names still serve, in every mode.
    const fallback = unheard ? (match ?? this.#matchNames(question)) : match;
    if (unheard && fallback?.outcome === 'decided') {
      return named(question, fallback, match ? trace : [...trace, nameStep(fallback, 0)]);
    }
    const answer = nobody(ask, reasonOf(trace), trace, candidatesBy(candidates, fallback));
    // Words of the user's own are about this one question; skipping costs nothing and is not remembered either.
    if (step.outcome !== 'skipped' && !ask.prompt)
      this.#misses.remember(key, candidates, answer, verdict === undefined);
    return answer;
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

  async #askLlm({ ask, candidates }: Case): Promise<LlmOutcome> {
    const { client: llm, reason: llmReason } = await this.#chosenLlm();
    const { host, service, origin, prompt: hint, corrections = [] } = ask;
    const input = {
      host,
      corrections,
      candidates,
      ...(service === undefined ? {} : { service }),
      ...(origin ? { origin } : {}),
      ...(hint ? { hint } : {}),
    };
    const prompt = ask.explain ? promptText(input) : undefined;
    if (!llm) return skipped(llmReason ?? 'no LLM is set up', prompt);
    const navigation = ask.navigation === true;
    if (this.#budget.remaining(navigation) === 0) {
      return skipped('the budget of LLM calls for this minute is used up', prompt);
    }
    return askLlm(llm, input, () => this.#budget.take(navigation), this.#now);
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

function skipped(why: string, prompt: string | undefined): LlmOutcome {
  const detail = `The LLM was not asked: ${why}`;
  const step: DecisionStep = { step: 'llm', outcome: 'skipped', detail, durationMs: 0 };
  if (prompt !== undefined) step.prompt = prompt;
  return { step, verdict: undefined };
}

function nameStep(match: NameMatch, durationMs: number): DecisionStep {
  return { step: 'name', outcome: match.outcome, detail: match.detail, candidates: idsOf(match), durationMs };
}

function idsOf(match: NameMatch | undefined): string[] {
  if (match?.outcome === 'decided') return [match.id];
  return match?.outcome === 'ambiguous' ? match.ids : [];
}

function reasonOf(steps: readonly DecisionStep[]): string {
  return steps.map((step) => step.detail).join('. ');
}

function named(question: Case, match: NameMatch, steps: DecisionStep[]): ResolvedDecision {
  const { ask, candidates } = question;
  const service = match.outcome === 'decided' ? candidates.find(({ id }) => id === match.id) : undefined;
  if (match.outcome !== 'decided' || !service) return nobody(ask, reasonOf(steps), steps, candidates);
  const answer = { service, port: match.port, confidence: 1, reason: match.detail };
  return decided(ask, 'name', answer, steps, candidatesBy(candidates, match));
}

/** A decision's answer, whoever gave it. */
interface Answered {
  service: Service;
  port: number;
  confidence: number;
  reason: string;
}

function decided(
  ask: ResolveAsk,
  decision: Decision['decision'],
  { service, port, confidence, reason }: Answered,
  steps: DecisionStep[],
  candidates: Service[],
): ResolvedDecision {
  const target = { id: service.id, port };
  return { ...asked(ask), decision, target, confidence, reason, steps, resolved: service, candidates };
}

function nobody(ask: ResolveAsk, reason: string, steps: DecisionStep[], candidates: Service[]): ResolvedDecision {
  const empty = { decision: 'none' as const, target: null, confidence: 0, resolved: null };
  return { ...asked(ask), ...empty, reason, steps, candidates };
}

function asked({ host, service }: ResolveAsk): Pick<Decision, 'host' | 'service'> {
  return { host, ...(service === undefined ? {} : { service }) };
}

/** For the picker: those that the names point at, then what may answer a browser, then the rest. Stable. */
function candidatesBy(candidates: readonly Service[], match: NameMatch | undefined): Service[] {
  const ids = idsOf(match);
  const rank = (service: Service) => (ids.includes(service.id) ? 0 : mayAnswerBrowsers(service) ? 1 : 2);
  return candidates
    .map((service) => ({ service, rank: rank(service) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ service }) => service);
}
