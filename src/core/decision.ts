/**
 * The outcome of a resolution, with the trace of every step: what `resolve --json` prints and pages explain.
 */
import type { Service } from './service.ts';

/** Which step settled it; `none`: nobody was sure. */
export type DecisionKind = 'hint' | 'name' | 'llm' | 'none';

/** What one step said. Everything in it is redacted and safe to show on the dashboard. */
export interface DecisionStep {
  step: 'hint' | 'name' | 'llm';
  /** `decided`, `ambiguous`, `nothing`, `skipped` (with the reason) or `failed`. */
  outcome: 'decided' | 'ambiguous' | 'nothing' | 'skipped' | 'failed';
  /** One sentence for people. May quote a server's own words: for the terminal and the dashboard only. */
  detail: string;
  /** The error code of a step that failed. */
  code?: string;
  /** Ids of the candidates that this step found fitting. */
  candidates?: string[];
  /** The exact messages sent, redacted (LLM only). */
  prompt?: string;
  /** Bodies of the requests that this took, byte for byte and in order; only where they were asked for. */
  requests?: string[];
  answer?: string;
  model?: string;
  tokens?: { prompt: number; completion: number };
  /** In the currency that the server says, where it says one. */
  cost?: number;
  durationMs: number;
}

/** A resolution's outcome. */
export interface Decision {
  host: string;
  /** Set when the sibling `service` of `host` was asked for. */
  service?: string;
  decision: DecisionKind;
  target: { id: string; port: number } | null;
  /** 0..1; 0 when nothing was decided. */
  confidence: number;
  reason: string;
  steps: DecisionStep[];
}

/** A decision together with the live service that it names. */
export interface ResolvedDecision extends Decision {
  /** The target as it runs now; null with `target`. */
  resolved: Service | null;
  /** All services that could have been meant, best first where a ranking is known. */
  candidates: Service[];
  /** An earlier miss, given again because nothing has changed: nobody was asked. */
  remembered?: true;
}
