/** What the LLM has cost since the start: for the dashboard and `status`. Pure counting. */
import type { DecisionStep } from '../core/decision.ts';

/** The sums. */
export interface LlmTotals {
  /** Requests sent; a question that is asked again in another form is several. */
  calls: number;
  /** Questions that came to no valid answer. */
  failures: number;
  promptTokens: number;
  completionTokens: number;
  /** In the currency of the server; null where none says. */
  cost: number | null;
}

/** See the file's header. */
export class LlmSpend {
  #totals: LlmTotals = { calls: 0, failures: 0, promptTokens: 0, completionTokens: 0, cost: null };

  /** A request is sent. */
  sent(): void {
    this.#totals.calls++;
  }

  /** A question is over. What a refused answer has cost is paid all the same. */
  saw({ outcome, tokens, cost }: DecisionStep): void {
    if (outcome === 'failed') this.#totals.failures++;
    this.#totals.promptTokens += tokens?.prompt ?? 0;
    this.#totals.completionTokens += tokens?.completion ?? 0;
    if (cost !== undefined) this.#totals.cost = (this.#totals.cost ?? 0) + cost;
  }

  /** So far. */
  get totals(): LlmTotals {
    return { ...this.#totals };
  }
}
