/**
 * Client of any OpenAI-compatible chat server that needs one JSON object back.
 * One answer may take several requests: another response format, another name of the token cap, a retry after a
 * transient failure, a larger cap after a cut answer, one repair turn. What worked is remembered.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type AppError, type ErrorCode, messageOf, systemCode } from '../core/errors.ts';
import { failureError, type LlmFailure, maskKeys } from './llm-errors.ts';
import { type Dialect, FIRST_DIALECT, requestBody } from './llm-request.ts';
import { type ChatResult, readBody, readResult } from './llm-response.ts';
import { type Completed, type Completion, Talk } from './llm-talk.ts';
import { assertKeyStaysPrivate, chatCompletionsUrl, defaultTimeoutMs, isLocalServer } from './llm-url.ts';

/** How long a local server keeps a model that nobody asks: Ollama's OLLAMA_KEEP_ALIVE, the shortest of all. */
const KEPT_LOADED_MS = 5 * 60_000;

/** Where and how to ask. */
export interface LlmConfig {
  /** Endpoint or its base (`/v1`). */
  url: string;
  model: string;
  /** undefined or '' for servers that need none. */
  apiKey?: string | undefined;
  /** For one answer with all its requests; default 30 s, for a server on this machine 120 s. */
  timeoutMs?: number | undefined;
  /** Is the model known to be in memory? */
  loaded?: boolean | undefined;
}

/** What tests replace. */
export interface LlmDeps {
  fetch?: typeof fetch;
  /** Milliseconds; default `Date.now`. */
  now?: () => number;
  sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/** See the file's header. Safe for concurrent use. */
export class LlmClient {
  readonly model: string;
  /** Endpoint without its query: safe to show. */
  readonly endpoint: string;
  readonly #url: URL;
  readonly #apiKey: string | undefined;
  /** What must never be repeated. */
  readonly #keys: readonly string[];
  readonly #timeoutMs: number;
  readonly #closing = new AbortController();
  readonly #deps: Required<LlmDeps>;
  #answeredAt: number | undefined;
  #dialect: Dialect = FIRST_DIALECT;

  /** @throws {AppError} LLM_URL: not a usable URL, or a key that would cross a network over plain http */
  constructor(config: LlmConfig, deps: LlmDeps = {}) {
    this.#url = chatCompletionsUrl(config.url);
    assertKeyStaysPrivate(this.#url, config.apiKey);
    this.#apiKey = config.apiKey || undefined;
    this.#keys = keysIn(this.#url, this.#apiKey);
    this.#timeoutMs = config.timeoutMs ?? defaultTimeoutMs(this.#url);
    this.#deps = {
      fetch: deps.fetch ?? fetch,
      now: deps.now ?? Date.now,
      sleep: deps.sleep ?? ((ms, signal) => delay(ms, undefined, { signal })),
    };
    if (config.loaded) this.#answeredAt = this.#deps.now();
    this.model = config.model;
    this.endpoint = this.#url.origin + this.#url.pathname;
  }

  /**
   * Ask once and get a valid object.
   * @throws {AppError} LLM_*: the server's own words, keys masked
   */
  async complete<T>(question: Completion<T>): Promise<Completed<T>> {
    const talk = new Talk(question, this.#dialect);
    const deadline = this.#deps.now() + this.#timeoutMs;
    const signal = AbortSignal.any([AbortSignal.timeout(this.#timeoutMs), this.#closing.signal]);
    for (;;) {
      const result = await this.#request(talk, signal);
      const step = result.ok ? talk.hear(result.answer) : talk.suffer(result.failure);
      if (step.kind === 'done') {
        this.#dialect = talk.dialect;
        this.#answeredAt = this.#deps.now();
        return { ...step.completed, model: step.completed.model || this.model };
      }
      if (step.kind === 'failed') throw this.#error(step.failure);
      if (this.#deps.now() + step.waitMs >= deadline) throw this.#error(step.because);
      if (step.waitMs > 0) await this.#sleep(step.waitMs, signal, step.because);
    }
  }

  /** The body that a question would be sent with first, as far as is known of the server by now. Sends nothing. */
  firstBody<T>(question: Completion<T>): string {
    return this.#bodyOf(new Talk(question, this.#dialect));
  }

  /** May the next answer wait for a model to be loaded? Only a local server unloads; Ollama does after 5 minutes. */
  isCold(): boolean {
    const sinceMs = this.#deps.now() - (this.#answeredAt ?? Number.NEGATIVE_INFINITY);
    return isLocalServer(this.#url) && sinceMs > KEPT_LOADED_MS;
  }

  /** Break off what is asked now; a call that hangs must not keep the program from ending. */
  close(): void {
    this.#closing.abort();
  }

  #bodyOf<T>({ messages, dialect, maxTokens, schema }: Talk<T>): string {
    return requestBody(this.model, messages, dialect, maxTokens, schema);
  }

  async #sleep(ms: number, signal: AbortSignal, because: LlmFailure): Promise<void> {
    try {
      await this.#deps.sleep(ms, signal);
    } catch {
      throw this.#error(because);
    }
  }

  async #request<T>(talk: Talk<T>, signal: AbortSignal): Promise<ChatResult> {
    const refusal = talk.refusal();
    if (refusal) return { ok: false, failure: refusal };
    try {
      const response = await this.#deps.fetch(this.#url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          ...(this.#apiKey ? { authorization: `Bearer ${this.#apiKey}` } : {}),
        },
        body: talk.sends(this.#bodyOf(talk)),
        // A redirect would carry the key and the prompt to somebody else.
        redirect: 'error',
        signal,
      });
      return readResult(
        response.status,
        response.headers.get('retry-after'),
        this.#withoutKeys(await readBody(response)),
      );
    } catch (error) {
      return { ok: false, failure: connectionFailure(error, this.#url, this.#timeoutMs) };
    }
  }

  /** A server may say the key again, in an answer as in an error; the trace and the mappings keep what it said. */
  #withoutKeys(body: string | null): string | null {
    return this.#keys.reduce((text, key) => text?.replaceAll(JSON.stringify(key).slice(1, -1), '[key]') ?? null, body);
  }

  #error(failure: LlmFailure): AppError {
    return failureError({ ...failure, message: maskKeys(failure.message, this.#keys) });
  }
}

/** Shorter ones are placeholders, versions and flags, and would take ordinary words out of a message. */
const MIN_KEY_CHARS = 8;

/** The key, and what may be one in the URL's query (`?key=...`). */
function keysIn(url: URL, apiKey = ''): string[] {
  return [apiKey, ...url.searchParams.values()].filter((value) => value.length >= MIN_KEY_CHARS);
}

/** A request that got no whole response. */
function connectionFailure(error: unknown, url: URL, timeoutMs: number): LlmFailure {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return failure('LLM_TIMEOUT', `"${url.host}" did not answer within ${timeoutMs / 1000} s`);
  }
  const cause = error instanceof Error ? error.cause : undefined;
  const code = systemCode(cause) ?? systemCode(error);
  const text = messageOf(cause ?? error);
  if (/redirect/i.test(text)) return failure('LLM_URL', `"${url.host}" answers with a redirect, which is not followed`);
  const passing = code === 'ECONNRESET' || code === 'UND_ERR_SOCKET' || code === 'EPIPE';
  return failure('LLM_NETWORK', `"${url.host}" cannot be reached: ${code ?? text}`, passing ? 'retry' : 'none');
}

function failure(code: ErrorCode, message: string, remedy: LlmFailure['remedy'] = 'none'): LlmFailure {
  return { code, message, remedy };
}
