/** Whether the LLM can be asked now, and why not: from what it did last. */
import type { DecisionStep } from '../core/decision.ts';

/** For `status` and pages. */
export type LlmState =
  | { usable: true }
  /** In words for people; may quote the server, so it is for the terminal and the dashboard. */
  | { usable: false; reason: string };

/** See the file's header. */
export class LlmWatch {
  #failure: string | undefined;

  /** It was asked. An answer that is not used is an answer all the same. */
  saw({ outcome, code, detail }: DecisionStep): void {
    this.#failure = outcome === 'failed' && code !== undefined ? detail : undefined;
  }

  /**
   * @param missing why there is no LLM at all, if there is none
   * @param remaining requests that may still be sent in this minute
   */
  state(missing: string | undefined, remaining: number): LlmState {
    if (missing !== undefined) return { usable: false, reason: missing };
    if (remaining === 0) return { usable: false, reason: 'the budget of LLM calls for this minute is used up' };
    return this.#failure === undefined ? { usable: true } : { usable: false, reason: this.#failure };
  }
}
