/**
 * Is an LLM server there, and does it take the key: asked by one GET that costs nothing. Whether the model answers is
 * known only by asking it.
 */
import { z } from 'zod';
import { AppError, messageOf, systemCode } from '../core/errors.ts';
import { maskKeys, readServerError } from './llm-errors.ts';
import { readBody } from './llm-response.ts';
import { assertKeyStaysPrivate, chatCompletionsUrl } from './llm-url.ts';

/** A hosted API answers in a second. */
const PROBE_TIMEOUT_MS = 6_000;
/** OpenRouter has some hundred. */
const MAX_MODELS = 2_000;

/** Whom to ask. */
export interface ProbeTarget {
  /** Endpoint or its base. */
  url: string;
  apiKey?: string | undefined;
  timeoutMs?: number;
  fetch?: typeof fetch;
}

/** What came of it. `unclear`: somebody answers, but says nothing of the key. */
export interface ProbeResult {
  outcome: 'ok' | 'unclear' | 'refused' | 'unreachable';
  /** In words, keys masked. */
  detail: string;
  /** Models that the server lists; empty where it lists none. */
  models: string[];
}

const listSchema = z.object({ data: z.array(z.looseObject({ id: z.string().min(1).max(200) })) });

/** Ask. Never rejects for what a server is like. @throws {AppError} LLM_URL for a URL or a key that is not to be used */
export async function probeLlm(target: ProbeTarget): Promise<ProbeResult> {
  const endpoint = chatCompletionsUrl(target.url);
  assertKeyStaysPrivate(endpoint, target.apiKey);
  const models = await get(siblingOf(endpoint, 'models'), target);
  const judged = judge(models, endpoint, target);
  // OpenRouter lists its models for everybody, and has an address that says whether a key is one.
  if (judged.outcome !== 'ok' || target.apiKey === undefined || endpoint.hostname !== 'openrouter.ai') return judged;
  const key = judge(await get(siblingOf(endpoint, 'key'), target), endpoint, target);
  return { ...key, models: judged.models };
}

/** `/v1/chat/completions` -> `/v1/models`. */
function siblingOf(endpoint: URL, name: string): URL {
  const url = new URL(endpoint);
  url.pathname = endpoint.pathname.replace(/chat\/completions$/, name);
  return url;
}

type Reply = { status: number; body: string } | { failure: string };

async function get(
  url: URL,
  { apiKey, timeoutMs = PROBE_TIMEOUT_MS, fetch: request = fetch }: ProbeTarget,
): Promise<Reply> {
  try {
    const response = await request(url, {
      headers: { accept: 'application/json', ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}) },
      // A redirect would carry the key to somebody else.
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.status, body: (await readBody(response)) ?? '' };
  } catch (error) {
    return { failure: failureOf(error, timeoutMs) };
  }
}

function failureOf(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `did not answer in ${timeoutMs / 1000} s`;
  const cause = error instanceof Error ? error.cause : undefined;
  const text = messageOf(cause ?? error);
  if (/redirect/i.test(text)) return 'answers with a redirect, which is not followed';
  return `cannot be reached: ${systemCode(cause) ?? systemCode(error) ?? text}`;
}

function judge(reply: Reply, { host }: URL, { apiKey }: ProbeTarget): ProbeResult {
  const said = (outcome: ProbeResult['outcome'], detail: string, models: string[] = []): ProbeResult => ({
    outcome,
    detail: maskKeys(detail, apiKey ? [apiKey] : []),
    models,
  });
  if ('failure' in reply) return said('unreachable', `"${host}" ${reply.failure}`);
  const { status, body } = reply;
  const json = parseJson(body);
  if (status === 401 || status === 403) {
    const { message } = readServerError((json as { error?: unknown } | undefined)?.error);
    const words = message === '' ? '' : `: ${message.slice(0, 200)}`;
    return said('refused', `"${host}" ${apiKey ? 'refuses the key' : 'wants a key'} (${status})${words}`);
  }
  if (status >= 500) return said('unreachable', `"${host}" answers with status ${status}`);
  if (status < 200 || status > 299) return said('unclear', `"${host}" answers, but lists no models (${status})`);
  const list = listSchema.safeParse(json);
  const models = (list.data?.data ?? []).slice(0, MAX_MODELS).map(({ id }) => id);
  if (json === undefined) return said('unclear', `"${host}" answers, but not as an OpenAI-compatible API does`);
  return said('ok', apiKey ? `"${host}" answers and takes the key` : `"${host}" answers`, models);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A failed probe as an error, for whoever cannot go on without. */
export function probeError({ outcome, detail }: ProbeResult): AppError {
  if (outcome === 'refused') return new AppError('LLM_AUTH', detail, { hint: 'check LLM_API_KEY' });
  return new AppError('LLM_NETWORK', detail, { hint: 'check LLM_API_URL, and whether the server runs' });
}
