/**
 * The state of one question to a chat server: what is sent next, and what was already tried. Pure: it hears answers
 * and suffers failures, and says what to do; llm-client.ts does it.
 */
import { z } from 'zod';
import { jsonObjects } from './extract-json.ts';
import type { LlmFailure } from './llm-errors.ts';
import { type ChatMessage, type Dialect, nextFormat } from './llm-request.ts';
import type { ChatAnswer } from './llm-response.ts';
import type { LlmMeter } from './llm-spend.ts';

/** One question. */
export interface Completion<T> {
  system: string;
  user: string;
  /** Shape of the answer; sent as portable JSON schema, checked here. */
  schema: z.ZodType<T>;
  /** Cap of the first try, in tokens. */
  maxTokens: number;
  /** Asked before every single request; false stops (budget). */
  mayRequest?: () => boolean;
  /** Told of every request and what it used, whatever comes of it. */
  meter?: LlmMeter;
}

/** A valid answer. */
export interface Completed<T> {
  parsed: T;
  /** As the model wrote it. */
  text: string;
  tokens: { prompt: number; completion: number };
  /** Sum over all requests, where the server says it. */
  cost: number | undefined;
  /** As the server names it. */
  model: string;
  /** HTTP requests that it took. */
  requests: number;
}

/** Tries of one request that fails for a passing reason. */
const MAX_TRIES = 3;
/** All requests of one answer: both ladders, retries, the larger cap and the repair turn stay under it. */
const MAX_REQUESTS = 10;
/** First pause before a retry, doubled each time, where the server names none. */
const BACKOFF_MS = 500;
/** First pause while a model is loaded, doubled each time; {@link MAX_REQUESTS} of them are longer than any deadline. */
const LOADING_PAUSE_MS = 1_000;
const MAX_LOADING_PAUSE_MS = 20_000;
/** A model that thinks first eats a small cap. */
const TRUNCATED_FACTOR = 4;
/** The least that a second try gets. */
const THINKING_TOKENS = 4_096;
/** How much of a wrong answer is quoted back. */
const MAX_QUOTE_CHARS = 2_000;

/** What to do after a response. */
export type Step<T> =
  | { kind: 'done'; completed: Completed<T> }
  | { kind: 'again'; waitMs: number; because: LlmFailure }
  | { kind: 'failed'; failure: LlmFailure };

/** See the file's header. */
export class Talk<T> {
  readonly schema: z.ZodType<T>;
  readonly messages: ChatMessage[];
  readonly #question: Completion<T>;
  dialect: Dialect;
  maxTokens: number;
  #requests = 0;
  #failures = 0;
  #loading = 0;
  #capSwapped = false;
  #widened = false;
  #repaired = false;
  #tokens = { prompt: 0, completion: 0 };
  #cost: number | undefined;

  constructor(question: Completion<T>, dialect: Dialect) {
    this.#question = question;
    this.schema = question.schema;
    this.dialect = dialect;
    this.maxTokens = question.maxTokens;
    this.messages = [
      { role: 'system', content: question.system },
      { role: 'user', content: question.user },
    ];
  }

  /** The body of the next request is on its way. */
  sends(body: string): string {
    this.#question.meter?.sent(body);
    return body;
  }

  /** Count one more request, or say why it may not be sent. */
  refusal(): LlmFailure | undefined {
    if (this.#requests >= MAX_REQUESTS) return TOO_MANY;
    if (this.#question.mayRequest?.() === false) return OVER_BUDGET;
    this.#requests++;
    return undefined;
  }

  /** The server answered. */
  hear(answer: ChatAnswer): Step<T> {
    this.#count(answer);
    const found = this.#parse(answer.content) ?? this.#parseReasoning(answer);
    if (found) return { kind: 'done', completed: this.#complete(found, answer.model) };
    const thoughtOnly = answer.content === '' && answer.reasoning !== '';
    if (answer.truncated || thoughtOnly) return this.#widen();
    if (answer.content === '') return this.suffer(EMPTY);
    return this.#repair(answer.content);
  }

  /** The request failed. */
  suffer(failure: LlmFailure): Step<T> {
    switch (failure.remedy) {
      case 'none':
        return { kind: 'failed', failure };
      case 'retry':
        return this.#retry(failure);
      case 'wait':
        return this.#waitForModel(failure);
      case 'cap-name':
        return this.#swapCapName(failure);
      case 'next-format':
      case 'no-json-object':
        return this.#stepDown(failure);
    }
  }

  #count({ promptTokens, completionTokens, cost }: ChatAnswer): void {
    this.#tokens = {
      prompt: this.#tokens.prompt + promptTokens,
      completion: this.#tokens.completion + completionTokens,
    };
    this.#question.meter?.used({ promptTokens, completionTokens, cost });
    if (cost !== undefined) this.#cost = (this.#cost ?? 0) + cost;
  }

  #parse(text: string): { parsed: T; text: string } | undefined {
    for (const value of jsonObjects(text)) {
      const result = this.schema.safeParse(value);
      if (result.success) return { parsed: result.data, text };
    }
    return undefined;
  }

  /** LM Studio puts the answer there. Never beside an answer, nor from thoughts that were cut off: those are drafts. */
  #parseReasoning({ content, reasoning, truncated }: ChatAnswer): { parsed: T; text: string } | undefined {
    return content === '' && !truncated ? this.#parse(reasoning) : undefined;
  }

  #complete(found: { parsed: T; text: string }, model: string | undefined): Completed<T> {
    return { ...found, tokens: this.#tokens, cost: this.#cost, model: model ?? '', requests: this.#requests };
  }

  #retry(failure: LlmFailure): Step<T> {
    this.#failures++;
    if (this.#failures >= MAX_TRIES) return { kind: 'failed', failure };
    return { kind: 'again', waitMs: failure.retryAfterMs ?? BACKOFF_MS * 2 ** (this.#failures - 1), because: failure };
  }

  /** Only the deadline and {@link MAX_REQUESTS} end this: a model of many gigabytes takes a minute to load. */
  #waitForModel(failure: LlmFailure): Step<T> {
    const waitMs = failure.retryAfterMs ?? Math.min(LOADING_PAUSE_MS * 2 ** this.#loading, MAX_LOADING_PAUSE_MS);
    this.#loading++;
    return { kind: 'again', waitMs, because: failure };
  }

  #swapCapName(failure: LlmFailure): Step<T> {
    if (this.#capSwapped) return this.#stepDown(failure);
    this.#capSwapped = true;
    const capName = this.dialect.capName === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
    this.dialect = { ...this.dialect, capName };
    return { kind: 'again', waitMs: 0, because: failure };
  }

  #stepDown(failure: LlmFailure): Step<T> {
    const format = nextFormat(this.dialect.format, failure.remedy === 'no-json-object');
    if (format === undefined) return { kind: 'failed', failure };
    this.dialect = { ...this.dialect, format };
    return { kind: 'again', waitMs: 0, because: failure };
  }

  #widen(): Step<T> {
    if (this.#widened) return { kind: 'failed', failure: TRUNCATED };
    this.#widened = true;
    this.maxTokens = Math.max(this.maxTokens * TRUNCATED_FACTOR, THINKING_TOKENS);
    return { kind: 'again', waitMs: 0, because: TRUNCATED };
  }

  /** Quote the mistake and ask once more. */
  #repair(content: string): Step<T> {
    const failure: LlmFailure = { code: 'LLM_FORMAT', message: this.#mistake(content), remedy: 'none' };
    if (this.#repaired) return { kind: 'failed', failure };
    this.#repaired = true;
    this.messages.push(
      { role: 'assistant', content: content.slice(0, MAX_QUOTE_CHARS) },
      { role: 'user', content: `${failure.message}. Answer with the corrected JSON object only.` },
    );
    return { kind: 'again', waitMs: 0, because: failure };
  }

  #mistake(content: string): string {
    const [first] = jsonObjects(content);
    if (first === undefined) return 'The answer holds no JSON object';
    const { error } = this.schema.safeParse(first);
    return `The answer has the wrong shape: ${error ? z.prettifyError(error).slice(0, 300) : 'unknown'}`;
  }
}

const EMPTY: LlmFailure = { code: 'LLM_SERVER', message: 'The answer is empty', remedy: 'retry' };
const TRUNCATED: LlmFailure = {
  code: 'LLM_TRUNCATED',
  message: 'The answer was cut off at the token cap',
  remedy: 'none',
};
const TOO_MANY: LlmFailure = {
  code: 'LLM_SERVER',
  message: `No usable answer after ${MAX_REQUESTS} requests`,
  remedy: 'none',
};
const OVER_BUDGET: LlmFailure = { code: 'LLM_RATE', message: 'The budget of LLM calls is used up', remedy: 'none' };
