/** The latest decisions with their traces, in memory, for whoever wants to see why a hostname leads where it does. */
import { LRUCache } from 'lru-cache';
import type { Decision, ResolvedDecision } from '../core/decision.ts';
import { candidatePorts, describeService } from '../core/service.ts';

/** Records kept. */
const MAX_DECISIONS = 200;
/** Their size as JSON, in characters: a prompt has up to 16 KB. */
const MAX_CHARS = 1024 * 1024;
/** A machine may run a thousand services; the prompt in the trace has the ones that the LLM saw. */
const MAX_CANDIDATES = 40;

/** Why a decision was made: somebody asked, or something new runs that could be meant. */
export type DecisionOccasion = 'request' | 'second look';

/** A decision as it was made. Redacted like its trace. */
export interface DecisionRecord extends Decision {
  /** For {@link DecisionReader.get}; rises with time. */
  id: string;
  /** ISO 8601. */
  at: string;
  occasion: DecisionOccasion;
  /** What could have been meant, best first; the first {@link MAX_CANDIDATES} of them. */
  candidates: { id: string; name: string; ports: number[] }[];
  candidateCount: number;
  durationMs: number;
}

/** What readers may do. */
export interface DecisionReader {
  /** Newest first. */
  list(): DecisionRecord[];
  get(id: string): DecisionRecord | undefined;
  /** Be told when there is a new one. @returns stops it */
  onAdd(listener: () => void): () => void;
}

/** See the file's header. */
export class Decisions implements DecisionReader {
  readonly #records = new LRUCache<string, DecisionRecord>({
    max: MAX_DECISIONS,
    maxSize: MAX_CHARS,
    sizeCalculation: (record) => JSON.stringify(record).length,
  });
  readonly #listeners = new Set<() => void>();
  #lastId = 0;

  /** Keep a decision. The same miss of a hostname is kept once, with its latest time. */
  add(decision: ResolvedDecision, occasion: DecisionOccasion, durationMs: number): void {
    const { resolved: _, candidates, remembered: _remembered, ...facts } = decision;
    if (facts.decision === 'none') this.#forgetSameMiss(facts);
    const id = String(++this.#lastId);
    this.#records.set(id, {
      ...facts,
      id,
      at: new Date().toISOString(),
      occasion,
      durationMs,
      candidateCount: candidates.length,
      candidates: candidates.slice(0, MAX_CANDIDATES).map((service) => ({
        id: service.id,
        name: describeService(service),
        ports: candidatePorts(service),
      })),
    });
    for (const listener of this.#listeners) listener();
  }

  /** See {@link DecisionReader}. */
  list(): DecisionRecord[] {
    return [...this.#records.values()].sort((a, b) => Number(b.id) - Number(a.id));
  }

  /** See {@link DecisionReader}. */
  get(id: string): DecisionRecord | undefined {
    return this.#records.peek(id);
  }

  /** See {@link DecisionReader}. */
  onAdd(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #forgetSameMiss({ host, service, reason }: Decision): void {
    for (const [id, known] of this.#records.entries()) {
      const isSame = known.host === host && known.service === service && known.reason === reason;
      if (isSame && known.decision === 'none') this.#records.delete(id);
    }
  }
}
