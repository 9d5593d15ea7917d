/** The body of a chat-completions request: only fields that every server takes, in the dialect that this one takes. */

import type { z } from 'zod';
import { portableSchema } from './portable-schema.ts';

/** How JSON is asked for, the strictest first. `none`: only by the prompt. */
export type ResponseFormat = 'json_schema' | 'json_object' | 'none';
/** Name of the token cap: OpenAI's reasoning models refuse the first, Ollama ignores the second. */
export type CapName = 'max_tokens' | 'max_completion_tokens';

/** What one server was found to understand. */
export interface Dialect {
  format: ResponseFormat;
  capName: CapName;
}

/** Where everybody starts: json_object is refused by more servers than json_schema. */
export const FIRST_DIALECT: Dialect = { format: 'json_schema', capName: 'max_tokens' };

/** The format to try after one was refused; undefined after the last. */
export function nextFormat(format: ResponseFormat, skipJsonObject: boolean): ResponseFormat | undefined {
  if (format === 'none') return undefined;
  return format === 'json_schema' && !skipJsonObject ? 'json_object' : 'none';
}

/** One message of a chat. */
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/**
 * Build the body. No temperature (newer models refuse it), no vendor fields (strict servers refuse unknown ones), no
 * streaming; always a token cap (without one OpenRouter asks for credit for the largest answer possible).
 */
export function requestBody(
  model: string,
  messages: readonly ChatMessage[],
  dialect: Dialect,
  maxTokens: number,
  schema: z.ZodType,
): string {
  return JSON.stringify({
    model,
    messages,
    [dialect.capName]: maxTokens,
    stream: false,
    ...formatField(dialect.format, schema),
  });
}

function formatField(format: ResponseFormat, schema: z.ZodType): Record<string, unknown> {
  switch (format) {
    case 'json_schema':
      return {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'answer', strict: true, schema: portableSchema(schema) },
        },
      };
    case 'json_object':
      return { response_format: { type: 'json_object' } };
    case 'none':
      return {};
  }
}
