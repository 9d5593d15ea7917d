import { afterEach, describe, expect, it } from 'vitest';
import { AppError, type ErrorCode } from '../../../src/core/errors.ts';
import { answerSchema } from '../../../src/resolve/answer.ts';
import { LlmClient } from '../../../src/resolve/llm-client.ts';
import { type LlmHandler, type LlmServer, type Profile, startLlmServer } from '../../fixtures/llm-server.ts';
import { KEY } from '../../fixtures/llm-servers/hosted.ts';
import { llamaCpp, lmStudio, localAi, ollama } from '../../fixtures/llm-servers/local.ts';
import { type KnownServer, PROFILES } from '../../fixtures/llm-servers/profiles.ts';
import { atFirst, scenarios } from '../../fixtures/llm-servers/scenarios.ts';

const servers: LlmServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function start(profile: Profile, handler?: LlmHandler): Promise<LlmServer> {
  const server = await startLlmServer(handler, profile);
  servers.push(server);
  return server;
}

const QUESTION = {
  system: 'Answer in JSON.',
  user: JSON.stringify({
    host: 'shop.localhost',
    candidates: [
      { id: 'c1', project: 'blog', ports: [3000] },
      { id: 'c2', project: 'shop', ports: [5173] },
    ],
  }),
  schema: answerSchema,
  maxTokens: 500,
};
const RIGHT = { candidate: 'c2', port: 5173 };

interface Asking {
  model?: string;
  apiKey?: string | undefined;
  timeoutMs?: number;
  url?: string;
}

function clientOf({ model, key }: KnownServer, server: LlmServer, more: Asking = {}): LlmClient {
  const config = { url: server.url, model, apiKey: key, timeoutMs: 20_000, ...more };
  return new LlmClient(config, { sleep: async () => undefined });
}

async function failureOf(client: LlmClient): Promise<AppError> {
  const error: unknown = await client.complete(QUESTION).then(
    ({ text }) => new Error(`It answered ${text}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AppError)) throw error;
  return error;
}

describe.each(Object.entries(PROFILES))('%s', (_, known) => {
  it('answers; what it refuses is learned once', async () => {
    const server = await start(known.profile);
    const client = clientOf(known, server);
    const { parsed, requests, model } = await client.complete(QUESTION);
    expect(parsed).toMatchObject(RIGHT);
    expect(model).toBe(known.model);
    expect(requests).toBe(1 + (known.refusals ?? 0));
    expect(await client.complete(QUESTION)).toMatchObject({ parsed: RIGHT, requests: 1 });
    expect(server.refusals).toHaveLength(known.refusals ?? 0);
  });

  it('says that it does not have the model, or takes its own', async () => {
    const server = await start(known.profile);
    const client = clientOf(known, server, { model: 'no-such-model' });
    if (known.takesAnyModel) {
      expect((await client.complete(QUESTION)).parsed).toMatchObject(RIGHT);
      return;
    }
    const error = await failureOf(client);
    expect(error.code).toBe('LLM_MODEL');
    expect(error.message).toMatch(/model/);
    expect(server.refusals).toHaveLength(1);
  });

  it.each([
    'fenced',
    'prose',
    'think',
    'thinkHead',
    'reasoningContent',
    'reasoningField',
    'contentParts',
    'dribble',
  ] as const)('%s: is understood', async (name) => {
    const server = await start(known.profile, scenarios[name]);
    expect((await clientOf(known, server).complete(QUESTION)).parsed).toMatchObject(RIGHT);
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    'errorWith200',
    'rateLimited',
    'loading',
    'loadingFor',
    'jsonFailed',
    'wrongType',
    'garbage',
    'choiceError',
    'empty',
    'resetMidBody',
  ] as const)('%s once: the second request is right', async (name) => {
    const server = await start(known.profile, atFirst(scenarios[name]));
    expect((await clientOf(known, server).complete(QUESTION)).parsed).toMatchObject(RIGHT);
    expect(server.requests).toHaveLength(2);
  });

  it('noFormatAtAll (Claude at Bedrock): is asked by the prompt alone', async () => {
    const server = await start(known.profile, scenarios.noFormatAtAll);
    expect((await clientOf(known, server).complete(QUESTION)).parsed).toMatchObject(RIGHT);
    expect(server.requests.at(-1)?.body).not.toHaveProperty('response_format');
  });

  it.each(['thoughtOnly', 'truncated'] as const)('%s: gets exactly one larger cap', async (name) => {
    const server = await start(known.profile, atFirst(scenarios[name]));
    expect((await clientOf(known, server).complete(QUESTION)).parsed).toMatchObject(RIGHT);
    const caps = server.requests.map(({ body }) => body.max_tokens ?? body.max_completion_tokens);
    expect(caps).toEqual([500, 4_096]);
  });

  it.each<[keyof typeof scenarios, ErrorCode, number]>([
    ['empty', 'LLM_SERVER', 3],
    ['nullChoices', 'LLM_SERVER', 3],
    ['noChoices', 'LLM_SERVER', 3],
    ['errorWith200', 'LLM_SERVER', 3],
    ['choiceError', 'LLM_SERVER', 3],
    ['serverErrorHtml', 'LLM_SERVER', 3],
    ['rateLimited', 'LLM_RATE', 3],
    ['jsonFailed', 'LLM_FORMAT', 3],
    ['quota', 'LLM_CREDITS', 1],
    ['blocked', 'LLM_BLOCKED', 1],
    ['contentFilter', 'LLM_BLOCKED', 1],
    ['refusal', 'LLM_REFUSAL', 1],
    ['unauthorizedString', 'LLM_AUTH', 1],
    ['wrongEndpoint', 'LLM_URL', 1],
  ])('%s: fails as %s after %i requests', async (name, code, count) => {
    const server = await start(known.profile, scenarios[name] as LlmHandler);
    expect((await failureOf(clientOf(known, server))).code).toBe(code);
    expect(server.requests).toHaveLength(count);
  });

  it('hang: fails as LLM_TIMEOUT', async () => {
    const server = await start(known.profile, scenarios.hang);
    expect((await failureOf(clientOf(known, server, { timeoutMs: 100 }))).code).toBe('LLM_TIMEOUT');
  });

  it('redirect: is not followed', async () => {
    const elsewhere = await start(known.profile);
    const server = await start(known.profile, scenarios.redirect(`${elsewhere.url}/chat/completions`));
    expect((await failureOf(clientOf(known, server))).code).toBe('LLM_URL');
    expect(elsewhere.seen).toEqual([]);
  });

  it('echoes the key: it is not repeated', async () => {
    const server = await start(known.profile, scenarios.unauthorized);
    const { message } = await failureOf(clientOf(known, server, known.key ? {} : { apiKey: KEY }));
    expect(message).toContain('Incorrect API key');
    expect(message).not.toContain(KEY);
  });
});

describe.each(Object.entries(PROFILES).filter(([, { key }]) => key !== undefined))('%s', (_, known) => {
  it('says that the key is missing or wrong, in its own words and without the key', async () => {
    const server = await start(known.profile);
    for (const apiKey of [undefined, 'sk-wrong-9876543210']) {
      const error = await failureOf(clientOf(known, server, { apiKey }));
      expect(error.code).toBe('LLM_AUTH');
      expect(error.message).toMatch(/key|auth|token|user/i);
      expect(error.message).not.toContain('sk-wrong');
      expect(error.hint).toContain('LLM_API_KEY');
    }
    expect(server.refusals).toHaveLength(2);
  });
});

describe('a wrong path', () => {
  it.each([
    ['LM Studio, with status 200', lmStudio],
    ['llama.cpp', llamaCpp()],
    ['Ollama, in plain text', ollama],
  ])('%s: the URL is at fault', async (_, profile) => {
    const server = await start(profile);
    const url = `http://127.0.0.1:${server.port}/api/chat/completions`;
    const error = await failureOf(new LlmClient({ url, model: 'm' }));
    expect(error.code).toBe('LLM_URL');
    expect(error.hint).toContain('LLM_API_URL');
    expect(server.refusals).toHaveLength(1);
  });
});

describe('a local server', () => {
  it('Ollama refuses a foreign Host with an empty 403: the URL is at fault', async () => {
    // fetch may not say another Host, so the server is told that it did.
    const refuse: Profile['refuse'] = (body, headers) => ollama.refuse(body, { ...headers, host: 'llm.example' });
    const server = await start({ ...ollama, refuse });
    const error = await failureOf(new LlmClient({ url: server.url, model: 'qwen3:8b' }));
    expect(error).toMatchObject({ code: 'LLM_URL', message: 'status 403 without an explanation' });
  });

  it('that loads its model is waited for, with growing pauses, or as long as it says', async () => {
    for (const [profile, scenario, pauses] of [
      [llamaCpp(), scenarios.loading, [1_000, 2_000, 4_000, 8_000, 16_000]],
      [localAi(), scenarios.loadingFor, [3_000, 3_000, 3_000, 3_000, 3_000]],
    ] as const) {
      const server = await start(profile, atFirst(scenario, 5));
      const slept: number[] = [];
      const client = new LlmClient(
        { url: server.url, model: 'gemma-3-4b-it' },
        { sleep: async (ms) => slept.push(ms) },
      );
      expect((await client.complete(QUESTION)).parsed).toMatchObject(RIGHT);
      expect(slept).toEqual(pauses);
    }
  });

  it('that never ends loading fails when the time is up', async () => {
    const server = await start(llamaCpp(), scenarios.loading);
    let clock = 0;
    const client = new LlmClient(
      { url: server.url, model: 'm' },
      { now: () => clock, sleep: async (ms) => (clock += ms) },
    );
    const error = await failureOf(client);
    expect(error).toMatchObject({ code: 'LLM_SERVER', message: 'Loading model' });
    expect(clock).toBeGreaterThan(60_000);
    expect(clock).toBeLessThan(120_000);
  });
});

/** The emulated servers are strict: what the client must never send is refused. */
describe('an emulated server refuses', () => {
  const schema = {
    type: 'object',
    properties: { a: { type: 'integer' } },
    required: ['a'],
    additionalProperties: false,
  };
  const format = (more: object) => ({
    response_format: { type: 'json_schema', json_schema: { name: 'x', strict: true, schema: { ...schema, ...more } } },
  });
  const bounds = format({ properties: { a: { type: 'integer', minimum: 1 } } });

  it.each<[string, string, object, number]>([
    ['openrouter', 'no cap', { max_tokens: undefined }, 402],
    ['openrouter', 'bounds', bounds, 400],
    ['openai', 'a vendor field', { provider: {} }, 400],
    ['openai', 'an optional property', format({ required: [] }), 400],
    ['openai', 'additional properties', format({ additionalProperties: true }), 400],
    ['openai', 'json_object without the word', { response_format: { type: 'json_object' } }, 400],
    ['openai, a reasoning model', 'max_tokens', {}, 400],
    ['openai, a reasoning model', 'temperature', { max_tokens: undefined, temperature: 0 }, 400],
    ['anthropic', 'bounds', bounds, 400],
    ['anthropic', 'json_object', { response_format: { type: 'json_object' } }, 400],
    ['anthropic, no temperature', 'temperature', { temperature: 0 }, 400],
    ['groq', 'a vendor field', { store: true }, 400],
    ['groq', 'json_schema', format({}), 400],
    ['litellm', 'max_completion_tokens', { max_tokens: undefined, max_completion_tokens: 5 }, 400],
    ['ollama', 'a cap that it ignores', { max_tokens: undefined, max_completion_tokens: 5 }, 400],
    ['LM Studio', 'json_object', { response_format: { type: 'json_object' } }, 400],
    ['vllm', 'a format in the schema', format({ format: 'uri' }), 400],
    ['llama.cpp', 'an unknown type', { response_format: { type: 'grammar' } }, 400],
  ])('%s: %s', async (name, _, fields, status) => {
    const known = PROFILES[name];
    if (!known) throw new Error(name);
    const { url } = await start(known.profile);
    const body = { model: known.model, max_tokens: 100, messages: [{ role: 'user', content: '{"candidates":[]}' }] };
    const response = await fetch(`${url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(known.key ? { authorization: `Bearer ${known.key}` } : {}) },
      body: JSON.stringify({ ...body, ...fields }),
    });
    expect(response.status).toBe(status);
    expect(await response.text()).not.toContain('is not JSON');
  });
});
