/** What the LLM has cost since the start: every request, also of questions that came to nothing. */

/** What one answered request used. */
export interface LlmUsage {
  promptTokens: number;
  completionTokens: number;
  /** In the currency of the server; undefined where it does not say. */
  cost: number | undefined;
}

/** Is told of everything that is sent to a model and comes back. */
export interface LlmMeter {
  /** @param body of the request, byte for byte */
  sent(body: string): void;
  used(usage: LlmUsage): void;
}

/** Sums, as `status` shows them. */
export interface LlmSums {
  /** Requests. */
  calls: number;
  /** Questions that got no usable answer. */
  failures: number;
  promptTokens: number;
  completionTokens: number;
  /** null where no answer said any. */
  cost: number | null;
}

/** See the file's header. */
export class LlmSpend implements LlmMeter {
  readonly #sums: LlmSums = { calls: 0, failures: 0, promptTokens: 0, completionTokens: 0, cost: null };

  /** See {@link LlmMeter}. */
  sent(): void {
    this.#sums.calls++;
  }

  /** See {@link LlmMeter}. */
  used({ promptTokens, completionTokens, cost }: LlmUsage): void {
    this.#sums.promptTokens += promptTokens;
    this.#sums.completionTokens += completionTokens;
    if (cost !== undefined) this.#sums.cost = (this.#sums.cost ?? 0) + cost;
  }

  /** A question came to nothing. */
  failed(): void {
    this.#sums.failures++;
  }

  /** A copy of the sums. */
  get sums(): LlmSums {
    return { ...this.#sums };
  }
}
