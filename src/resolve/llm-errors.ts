/**
 * What a server's refusal means and what to do about it. Servers agree on neither status, shape nor words: `error` is
 * an object or a string, `code` a number, a string or null, and 200 may be a failure.
 */
import { AppError, type ErrorCode } from '../core/errors.ts';

/** What helps after a failed request. */
export type Remedy =
  /** Nothing: another request would fail the same way. */
  | 'none'
  /** The same again, later. */
  | 'retry'
  /** The same again until the deadline: the server loads its model. */
  | 'wait'
  /** The other name of the token cap. */
  | 'cap-name'
  /** The next response format; `no-json-object`: skip json_object. */
  | 'next-format'
  | 'no-json-object';

/** A failed request, understood. `message` is the server's own words, cut and masked. */
export interface LlmFailure {
  code: ErrorCode;
  message: string;
  remedy: Remedy;
  /** As the server asked, already clamped. */
  retryAfterMs?: number;
}

/** What a server said about an error, whatever its shape. */
export interface ServerError {
  message: string;
  /** `code`, `type` and metadata words, lower case, for matching. */
  words: string;
  /** `code` where it is an HTTP status (OpenRouter, LiteLLM as a string). */
  status: number | undefined;
}

/** Longest part of a server's message that is repeated, in characters. */
const MAX_MESSAGE_CHARS = 300;
/** A page is waiting: longer than this nobody does. */
const MAX_RETRY_AFTER_MS = 20_000;

/** Read the `error` of a body: an object, a string, or the one inside OpenRouter's `metadata.raw`. */
export function readServerError(error: unknown): ServerError {
  if (typeof error === 'string') return { message: error, words: error.toLowerCase(), status: undefined };
  if (typeof error !== 'object' || error === null) return { message: '', words: '', status: undefined };
  const { message, code, type, metadata } = error as Record<string, unknown>;
  const text = typeof message === 'string' ? message : '';
  const status = Number(code);
  const more = typeof metadata === 'object' && metadata !== null ? JSON.stringify(metadata).slice(0, 4_000) : '';
  return {
    message: more.includes('raw') ? `${text}: ${more}` : text,
    words: `${text} ${String(code ?? '')} ${String(type ?? '')} ${more}`.toLowerCase(),
    status: Number.isInteger(status) && status >= 400 && status <= 599 ? status : undefined,
  };
}

/** Sort a failure by status and words. Pure. */
export function classifyFailure(status: number, error: ServerError, retryAfter: string | null): LlmFailure {
  const message = error.message.slice(0, MAX_MESSAGE_CHARS) || `status ${status} without an explanation`;
  const kind = kindOfFailure(status, error.words);
  const retryAfterMs = parseRetryAfter(retryAfter);
  // OpenRouter: 402 with a time is a budget of requests under way, not of money.
  if (status === 402 && retryAfterMs !== undefined) kind.remedy = 'retry';
  return { ...kind, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

type Kind = Pick<LlmFailure, 'code' | 'remedy'>;

function kindOfFailure(status: number, words: string): Kind {
  if (/insufficient_quota|exceeded your current quota/.test(words)) return { code: 'LLM_CREDITS', remedy: 'none' };
  if (/unexpected endpoint or method/.test(words)) return { code: 'LLM_URL', remedy: 'none' };
  if (/request blocked|injection patterns|flagged|content_filter|moderation/.test(words)) {
    return { code: 'LLM_BLOCKED', remedy: 'none' };
  }
  if (status === 503 && /loading model|model_loading/.test(words)) return { code: 'LLM_SERVER', remedy: 'wait' };
  switch (status) {
    case 401:
      return { code: 'LLM_AUTH', remedy: 'none' };
    case 402:
      return { code: 'LLM_CREDITS', remedy: 'none' };
    case 403:
      // Ollama answers a Host that it does not trust with an empty 403.
      return { code: words === '' ? 'LLM_URL' : 'LLM_AUTH', remedy: 'none' };
    case 404:
      // OpenRouter, where a provider is required to know every parameter: it may do without the format.
      if (words.includes('can handle the requested parameters')) return { code: 'LLM_PARAMS', remedy: 'next-format' };
      return { code: /model|endpoints found/.test(words) ? 'LLM_MODEL' : 'LLM_URL', remedy: 'none' };
    case 405:
      return { code: 'LLM_URL', remedy: 'none' };
    case 400:
    case 422:
      return kindOfBadRequest(words);
    case 408:
    case 425:
      return { code: 'LLM_SERVER', remedy: 'retry' };
    case 429:
      return { code: 'LLM_RATE', remedy: 'retry' };
    default:
      return status >= 500 ? { code: 'LLM_SERVER', remedy: 'retry' } : { code: 'LLM_PARAMS', remedy: 'none' };
  }
}

/** 400 is a wrong parameter, a wrong model, or a model that wrote bad JSON (Groq). */
function kindOfBadRequest(words: string): Kind {
  if (/api key|invalid_api_key|auth_error/.test(words)) return { code: 'LLM_AUTH', remedy: 'none' };
  if (/json_validate_failed|failed to generate json/.test(words)) return { code: 'LLM_FORMAT', remedy: 'retry' };
  if (/context.{0,10}(?:size|length)|too many tokens/.test(words)) return { code: 'LLM_PARAMS', remedy: 'none' };
  if (/max_tokens|max_completion_tokens/.test(words)) return { code: 'LLM_PARAMS', remedy: 'cap-name' };
  if (/response_format|response format|json_schema|json_object|output_config|grammar|schema/.test(words)) {
    const onlySchema = /must be 'json_schema'|should be 'json_schema'/.test(words);
    return { code: 'LLM_PARAMS', remedy: onlySchema ? 'no-json-object' : 'next-format' };
  }
  if (
    /valid model id|invalid model|model_not_found|model not found|no models loaded|model .*does not exist/.test(words)
  ) {
    return { code: 'LLM_MODEL', remedy: 'none' };
  }
  // Some gateways refuse the format without naming it (`Extra inputs are not permitted`): the next one may pass.
  return { code: 'LLM_PARAMS', remedy: 'next-format' };
}

/** Seconds or an HTTP date (RFC 9110 section 10.2.3) -> milliseconds, at most 20 s. */
export function parseRetryAfter(value: string | null, now: number = Date.now()): number | undefined {
  if (value === null || value.length > 40) return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS) : undefined;
}

/** What a person can do, by code. */
const HINTS: Partial<Record<ErrorCode, string>> = {
  LLM_AUTH: 'check LLM_API_KEY',
  LLM_CREDITS: 'the account has no credit left for this model',
  LLM_MODEL: 'check MODEL (--model): the server lists its models at /v1/models; a local one may have to load it first',
  LLM_RATE: 'the server asks to slow down; it is asked again later',
  LLM_URL: 'check LLM_API_URL (--llm-url): it ends in /v1 or /v1/chat/completions',
  LLM_NETWORK: 'is the LLM server running and reachable?',
  LLM_TIMEOUT: 'a local model may still be loading; it is asked again on the next visit',
};

/** A failure as an error. */
export function failureError({ code, message }: Pick<LlmFailure, 'code' | 'message'>, cause?: unknown): AppError {
  const hint = HINTS[code];
  return new AppError(code, message, { ...(hint ? { hint } : {}), ...(cause === undefined ? {} : { cause }) });
}

/** Servers echo keys in their errors (OpenAI does): take out ours, and whatever looks like one. */
export function maskKeys(text: string, keys: readonly string[]): string {
  return keys
    .reduce((masked, key) => masked.replaceAll(key, '[key]'), text)
    .replace(/\b(?:sk|gsk|key|pk|hf)[-_][\w*.-]{6,}/g, '[key]')
    .replace(/Bearer\s+[\w.*-]{6,}/gi, 'Bearer [key]');
}
