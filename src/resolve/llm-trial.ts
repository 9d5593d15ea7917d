/** One question to an LLM that costs next to nothing: URL, key and model are right if it is answered. */
import { z } from 'zod';
import { LlmClient, type LlmConfig, type LlmDeps } from './llm-client.ts';

/** Enough for the answer; a model that thinks first gets more on a second try. */
const MAX_TOKENS = 64;

/**
 * Ask it to say that it is there.
 * @returns the model, as the server names it
 * @throws {AppError} LLM_*: the server's own words, keys masked
 */
export async function tryLlm(config: LlmConfig, deps: LlmDeps = {}): Promise<string> {
  const client = new LlmClient(config, deps);
  const { model } = await client.complete({
    system: 'You check a connection. Answer with one JSON object and nothing else.',
    user: 'Answer {"ok": true} as JSON.',
    schema: z.object({ ok: z.boolean() }),
    maxTokens: MAX_TOKENS,
  });
  return model;
}
