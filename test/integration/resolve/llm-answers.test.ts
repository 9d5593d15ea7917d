import { afterEach, describe, expect, it } from 'vitest';
import { answerSchema } from '../../../src/resolve/answer.ts';
import { LlmClient, type LlmConfig } from '../../../src/resolve/llm-client.ts';
import { type LlmHandler, type LlmServer, startLlmServer } from '../../fixtures/llm-server.ts';
import { atFirst, scenarios } from '../../fixtures/llm-servers/scenarios.ts';

const servers: LlmServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function server(handler?: LlmHandler): Promise<LlmServer> {
  const started = await startLlmServer(handler);
  servers.push(started);
  return started;
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

async function ask(handler?: LlmHandler, config: Partial<LlmConfig> = {}) {
  const { url, requests, refusals } = await server(handler);
  const client = new LlmClient({ url, model: 'm', ...config }, { sleep: async () => undefined });
  const result = await client.complete(QUESTION);
  expect(refusals).toEqual([]);
  return { ...result, seen: requests, client };
}

describe('an LLM answers', () => {
  it('with one well-formed request: schema, cap, no temperature, no stream', async () => {
    const { parsed, tokens, cost, model, requests, seen } = await ask();
    expect(parsed).toMatchObject(RIGHT);
    expect({ tokens, cost, model, requests }).toEqual({
      tokens: { prompt: 100, completion: 20 },
      cost: 0.0002,
      model: 'm',
      requests: 1,
    });
    expect(seen[0]?.body).toMatchObject({ max_tokens: 500, stream: false, response_format: { type: 'json_schema' } });
    expect(seen[0]?.body).not.toHaveProperty('temperature');
    expect(seen[0]?.headers).not.toHaveProperty('authorization');
  });

  it('with the key as a bearer token', async () => {
    const { seen } = await ask(undefined, { apiKey: 'sk-test-1234567' });
    expect(seen[0]?.headers.authorization).toBe('Bearer sk-test-1234567');
  });

  it.each(['', '/', '/chat/completions'])('at a URL that ends in /v1%s', async (ending) => {
    const { url } = await server();
    const client = new LlmClient({ url: url + ending, model: 'm' });
    expect((await client.complete(QUESTION)).parsed).toMatchObject(RIGHT);
  });

  it.each(['fenced', 'think', 'thinkHead', 'prose', 'reasoningContent', 'contentParts'] as const)(
    'in disguise: %s',
    async (name) => {
      const { parsed, requests } = await ask(scenarios[name]);
      expect(parsed).toMatchObject(RIGHT);
      expect(requests).toBe(1);
    },
  );

  it('late', async () => {
    expect((await ask(scenarios.slow(300))).parsed).toMatchObject(RIGHT);
  });
});

describe('a server that refuses a parameter', () => {
  it.each([
    ['noJsonSchema', ['json_schema', 'json_object'], 'json_object'],
    ['onlyJsonSchema', ['json_schema', undefined], undefined],
    ['noFormatAtAll', ['json_schema', 'json_object', undefined], undefined],
  ] as const)('%s: the next response format is tried, and remembered', async (name, formats, works) => {
    const { parsed, seen, client } = await ask(scenarios[name]);
    expect(parsed).toMatchObject(RIGHT);
    expect(seen.map(({ body }) => body.response_format?.type)).toEqual(formats);
    await client.complete(QUESTION);
    expect(seen).toHaveLength(formats.length + 1);
    expect(seen.at(-1)?.body.response_format?.type).toBe(works);
  });

  it('max_tokens: its other name is tried, and remembered', async () => {
    const { seen, client } = await ask(scenarios.maxCompletionTokens);
    await client.complete(QUESTION);
    expect(seen.map(({ body }) => [body.max_tokens, body.max_completion_tokens])).toEqual([
      [500, undefined],
      [undefined, 500],
      [undefined, 500],
    ]);
  });
});

describe('a passing failure', () => {
  it.each(['rateLimited', 'serverErrorHtml', 'errorWith200', 'noChoices', 'resetMidBody'] as const)(
    '%s: is asked again',
    async (name) => {
      const { parsed, requests } = await ask(atFirst(scenarios[name], 2));
      expect(parsed).toMatchObject(RIGHT);
      expect(requests).toBe(3);
    },
  );

  it('waits as long as Retry-After says', async () => {
    const limited: LlmHandler = (_, response) => {
      response.writeHead(429, { 'retry-after': '7' }).end('{"error":"slow down"}');
      return false;
    };
    const { url } = await server(atFirst(limited));
    const pauses: number[] = [];
    const sleep = async (ms: number) => pauses.push(ms);
    await new LlmClient({ url, model: 'm' }, { sleep }).complete(QUESTION);
    expect(pauses).toEqual([7_000]);
  });

  it.each(['truncated', 'thoughtOnly'] as const)('%s: gets one larger cap', async (name) => {
    const { parsed, seen } = await ask(atFirst(scenarios[name]));
    expect(parsed).toMatchObject(RIGHT);
    expect(seen.map(({ body }) => body.max_tokens)).toEqual([500, 4_096]);
  });

  it.each(['garbage', 'wrongShape'] as const)('%s: gets one repair turn that quotes the mistake', async (name) => {
    const { parsed, seen } = await ask(atFirst(scenarios[name]));
    expect(parsed).toMatchObject(RIGHT);
    expect(seen[1]?.body.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user']);
    expect(seen[1]?.body.messages[3]?.content).toMatch(/JSON object/);
  });

  it('adds up the tokens of all requests', async () => {
    const { tokens, cost } = await ask(atFirst(scenarios.garbage));
    expect(tokens).toEqual({ prompt: 200, completion: 40 });
    expect(cost).toBeCloseTo(0.0004);
  });
});

describe('a local model', () => {
  it('is cold until it has answered, and again after five minutes; a hosted one never is', async () => {
    const { url } = await server();
    let clock = 0;
    const deps = { now: () => clock };
    const client = new LlmClient({ url, model: 'm' }, deps);
    expect(client.isCold()).toBe(true);
    await client.complete(QUESTION);
    expect(client.isCold()).toBe(false);
    clock = 5 * 60_000 + 1;
    expect(client.isCold()).toBe(true);
    expect(new LlmClient({ url, model: 'm', loaded: true }, deps).isCold()).toBe(false);
    expect(new LlmClient({ url: 'https://llm.example/v1', model: 'm' }, deps).isCold()).toBe(false);
  });
});
