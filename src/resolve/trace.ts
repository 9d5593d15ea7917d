/** The trace of a decision: what each step said, and the outcome around it. Pure. */
import type { Decision, DecisionStep, ResolvedDecision } from '../core/decision.ts';
import type { Service } from '../core/service.ts';
import type { HintMatch } from './hints.ts';
import type { NameMatch } from './names.ts';
import { mayAnswerBrowsers } from './non-web.ts';

/** The hostname, and the sibling of it, that were asked for. */
export type Asked = Pick<Decision, 'host' | 'service'>;

/** What settled a question, whichever step it was. */
export interface Answered {
  service: Service;
  port: number;
  confidence: number;
  reason: string;
}

/** What the hints step said. */
export function hintStep(match: HintMatch, durationMs: number): DecisionStep {
  return { step: 'hint', outcome: match.outcome, detail: match.detail, ...fitting(match), durationMs };
}

/** What the names step said. */
export function nameStep(match: NameMatch, durationMs: number): DecisionStep {
  return { step: 'name', outcome: match.outcome, detail: match.detail, candidates: idsOf(match), durationMs };
}

function fitting(match: HintMatch): Pick<DecisionStep, 'candidates'> {
  const ids = idsOf(match);
  return ids.length > 0 ? { candidates: ids } : {};
}

/** The services that a step pointed at. */
export function idsOf(match: NameMatch | HintMatch | undefined): string[] {
  if (match === undefined) return [];
  if (match.outcome === 'decided') return [match.id];
  return 'ids' in match ? match.ids : [];
}

/** All that was said, for people. Where nobody asked for a name, that goes without saying. */
export function reasonOf(steps: readonly DecisionStep[]): string {
  return steps
    .filter(({ step, outcome, candidates }) => step !== 'hint' || outcome !== 'nothing' || candidates !== undefined)
    .map(({ detail }) => detail)
    .join('. ');
}

/** A settled question. */
export function decided(
  ask: Asked,
  decision: Exclude<Decision['decision'], 'none'>,
  { service, port, confidence, reason }: Answered,
  steps: DecisionStep[],
  candidates: Service[],
): ResolvedDecision {
  const target = { id: service.id, port };
  return { ...asked(ask), decision, target, confidence, reason, steps, resolved: service, candidates };
}

/** Nobody is sure. */
export function nobody(ask: Asked, reason: string, steps: DecisionStep[], candidates: Service[]): ResolvedDecision {
  const empty = { decision: 'none' as const, target: null, confidence: 0, resolved: null };
  return { ...asked(ask), ...empty, reason, steps, candidates };
}

function asked({ host, service }: Asked): Asked {
  return { host, ...(service === undefined ? {} : { service }) };
}

/**
 * For the picker: those that the steps point at, then what may answer a browser, then the rest. Stable.
 * @param ids of the services that a step pointed at
 */
export function candidatesBy(candidates: readonly Service[], ids: readonly string[]): Service[] {
  const rank = (service: Service) => (ids.includes(service.id) ? 0 : mayAnswerBrowsers(service) ? 1 : 2);
  return candidates
    .map((service) => ({ service, rank: rank(service) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ service }) => service);
}

/** The reason in our own words: an LLM server's may hold anything, and pages of apps can read this. */
export function publicReason({ steps, reason }: ResolvedDecision): string {
  const failed = steps.find((step) => step.outcome === 'failed');
  if (!failed) return reason;
  const why = `The LLM gave no usable answer (${failed.code ?? 'unknown'}); “hostwise resolve --explain” says more`;
  return steps.map((step) => (step === failed ? why : step.detail)).join('. ');
}
