/**
 * One HTTP response of a chat server, read within limits and taken apart: the text of the answer, or a failure.
 * Status 200 is not success yet.
 */
import { classifyFailure, type LlmFailure, readServerError } from './llm-errors.ts';

/** No answer of ours is near this size. */
const MAX_BODY_BYTES = 1_048_576;

/** The model's words. */
export interface ChatAnswer {
  /** The answer; '' when the server sent none. */
  content: string;
  /** What some servers put beside it, and where some put the answer itself. */
  reasoning: string;
  /** Cut off by the token cap. */
  truncated: boolean;
  model: string | undefined;
  promptTokens: number;
  completionTokens: number;
  /** undefined where the server does not say. */
  cost: number | undefined;
}

/** Either of both. */
export type ChatResult = { ok: true; answer: ChatAnswer } | { ok: false; failure: LlmFailure };

/** Read a body as text. @returns null when it is over 1 MiB; the rest is not received */
export async function readBody(response: Response): Promise<string | null> {
  if (!response.body) return '';
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  // Leaving the loop cancels the stream, and with it the connection.
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) return null;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Judge status and body together. Pure. */
export function readResult(status: number, retryAfter: string | null, body: string | null): ChatResult {
  if (body === null) return failed('LLM_FORMAT', `The answer is larger than ${MAX_BODY_BYTES} bytes`, 'none');
  const json = parseJson(body);
  const error = json?.error;
  if (status < 200 || status > 299) {
    const text = error === undefined ? undefined : readServerError(error);
    return { ok: false, failure: classifyFailure(status, text ?? readServerError(plainText(body)), retryAfter) };
  }
  if (json === undefined)
    return failed('LLM_URL', 'The answer is no JSON: this is no chat-completions endpoint', 'none');
  if (error !== undefined && error !== null) {
    const known = readServerError(error);
    return { ok: false, failure: classifyFailure(known.status ?? 500, known, retryAfter) };
  }
  return readChoice(json);
}

function failed(code: LlmFailure['code'], message: string, remedy: LlmFailure['remedy']): ChatResult {
  return { ok: false, failure: { code, message, remedy } };
}

function parseJson(body: string): Record<string, unknown> | undefined {
  try {
    return asRecord(JSON.parse(body));
  } catch {
    return undefined;
  }
}

/** A gateway's HTML page says nothing that is worth repeating. */
function plainText(body: string): string {
  return /^\s*</.test(body) ? '' : body.slice(0, 1_000);
}

function readChoice(json: Record<string, unknown>): ChatResult {
  const choice = Array.isArray(json.choices) ? asRecord(json.choices[0]) : undefined;
  const message = asRecord(choice?.message);
  const finish = choice?.finish_reason;
  if (choice?.error || finish === 'error') {
    const error = readServerError(choice?.error ?? 'the provider failed');
    return { ok: false, failure: classifyFailure(error.status ?? 502, error, null) };
  }
  if (finish === 'content_filter')
    return failed('LLM_BLOCKED', 'The provider’s content filter held the answer back', 'none');
  if (!choice || !message) return failed('LLM_SERVER', 'The answer holds no message', 'retry');
  const content = textOf(message.content);
  const refusal = textOf(message.refusal);
  if (content === '' && refusal !== '')
    return failed('LLM_REFUSAL', `The model refuses: ${refusal.slice(0, 200)}`, 'none');
  const reasoning = textOf(message.reasoning) || textOf(message.reasoning_content);
  return { ok: true, answer: { content, reasoning, truncated: finish === 'length', ...usageOf(json) } };
}

function usageOf(json: Record<string, unknown>): Omit<ChatAnswer, 'content' | 'reasoning' | 'truncated'> {
  const usage = asRecord(json.usage);
  return {
    model: typeof json.model === 'string' ? json.model.slice(0, 200) : undefined,
    promptTokens: amount(usage?.prompt_tokens) ?? 0,
    completionTokens: amount(usage?.completion_tokens) ?? 0,
    cost: amount(usage?.cost),
  };
}

function amount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** Content is a string, null, or a list of parts. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value.trim();
  if (!Array.isArray(value)) return '';
  return value
    .slice(0, 100)
    .map((part) => asRecord(part)?.text)
    .filter((text) => typeof text === 'string')
    .join('')
    .trim();
}

function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
