/** In which order the picker shows what runs, and why: what the names say, and what the LLM said when it was asked. */
import { uptime } from 'node:os';
import type { DecisionStep } from '../core/decision.ts';
import { messageOf } from '../core/errors.ts';
import type { Service } from '../core/service.ts';
import { likenessOf } from './likeness.ts';
import type { ControlParts } from './parts.ts';
import type { PickerCandidate } from './picker-page.ts';

/** See the file's header. */
export interface Ranking {
  /** Best first. */
  candidates: PickerCandidate[];
  /** What the names came to. */
  why: string;
  /** What the LLM said, or why it was not asked. */
  llm: string;
}

/** What {@link rankCandidates} asks. */
export type RankingParts = Pick<ControlParts, 'resolve' | 'decisions' | 'info' | 'log'>;

/**
 * Never asks the LLM: looking at a page costs nothing. Never rejects.
 * @param all of them, in any order
 * @param hostnames service id -> the hostname that it has by itself
 */
export async function rankCandidates(
  parts: RankingParts,
  hostname: string,
  all: readonly Service[],
  hostnames: ReadonlyMap<string, string>,
): Promise<Ranking> {
  const asked = lastLlmStep(parts, hostname);
  const llm = llmText(parts, asked);
  try {
    const { candidates, reason, steps } = await parts.resolve({ host: hostname, mode: 'names' });
    const known = new Set(all);
    const ranked = candidates.flatMap(({ id }) => all.filter((service) => service.id === id));
    const reasons = reasonsOf(asked === undefined ? steps : [asked, ...steps]);
    for (const service of ranked) known.delete(service);
    const reasoned = [...ranked, ...known].map((service) => ({ service, why: reasons.get(service.id) }));
    const inOrder = byLikeness(reasoned, hostname, hostnames);
    const favourites = asked?.outcome === 'ambiguous' ? (asked.candidates ?? []) : [];
    const isFavourite = ({ service }: PickerCandidate): boolean => favourites.includes(service.id);
    return {
      candidates: [...inOrder.filter(isFavourite), ...inOrder.filter((one) => !isFavourite(one))],
      why: reason,
      llm,
    };
  } catch (error) {
    parts.log.warn({ err: error, host: hostname }, 'The candidates could not be ranked');
    return { candidates: all.map((service) => ({ service })), why: messageOf(error), llm };
  }
}

/** What a step pointed at stays where it is; the others follow, those first that something speaks for. */
function byLikeness(
  candidates: readonly PickerCandidate[],
  hostname: string,
  hostnames: ReadonlyMap<string, string>,
): PickerCandidate[] {
  const clock = { nowMs: Date.now(), uptimeMs: uptime() * 1_000 };
  const judged = candidates.map(({ service, why }) => {
    const likeness = why === undefined ? likenessOf(hostname, service, hostnames.get(service.id), clock) : undefined;
    return { service, why: why ?? likeness?.why, score: why === undefined ? (likeness?.score ?? 0) : Infinity };
  });
  return judged
    .sort((a, b) => (a.score === b.score ? 0 : b.score - a.score))
    .map(({ service, why }) => ({ service, why }));
}

/** The first step that points at a service says why. */
function reasonsOf(steps: readonly DecisionStep[]): Map<string, string> {
  const reasons = new Map<string, string>();
  for (const { step, candidates = [], detail } of steps) {
    for (const id of candidates) {
      if (!reasons.has(id)) reasons.set(id, step === 'llm' ? `The LLM’s best guess. ${detail}` : detail);
    }
  }
  return reasons;
}

/** What the LLM came to when this hostname was last decided. */
function lastLlmStep({ decisions }: RankingParts, hostname: string): DecisionStep | undefined {
  const last = decisions.list().find(({ host, service }) => host === hostname && service === undefined);
  return last?.steps.find(({ step }) => step === 'llm');
}

function llmText({ info }: RankingParts, asked: DecisionStep | undefined): string {
  if (asked) return asked.detail;
  const { llm } = info();
  return llm.usable ? `It was not asked about this name. ${llm.reason}` : `It was not asked: ${llm.reason}`;
}
