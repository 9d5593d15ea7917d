import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { AppError, type ErrorCode } from '../../../src/core/errors.ts';
import { answerSchema } from '../../../src/resolve/answer.ts';
import { LlmClient, type LlmConfig } from '../../../src/resolve/llm-client.ts';
import { type LlmHandler, type LlmServer, startLlmServer } from '../../fixtures/llm-server.ts';
import { scenarios } from '../../fixtures/llm-servers/scenarios.ts';
import { loopMs } from '../../fixtures/loop-time.ts';

const servers: LlmServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function server(handler: LlmHandler): Promise<LlmServer> {
  const started = await startLlmServer(handler);
  servers.push(started);
  return started;
}

const QUESTION = {
  system: 'Answer in JSON.',
  user: JSON.stringify({ host: 'shop.localhost', candidates: [{ id: 'c1', project: 'shop', ports: [3000] }] }),
  schema: answerSchema,
  maxTokens: 500,
};

async function failureOf(url: string, config: Partial<LlmConfig> = {}, more: { mayRequest?: () => boolean } = {}) {
  const client = new LlmClient({ url, model: 'm', timeoutMs: 5_000, ...config }, { sleep: async () => undefined });
  const error = await client.complete({ ...QUESTION, ...more }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AppError)) throw new Error(`Expected an AppError, got ${String(error)}`);
  return error;
}

describe('an LLM fails', () => {
  it.each<[keyof typeof scenarios, ErrorCode, number]>([
    ['unauthorized', 'LLM_AUTH', 1],
    ['unauthorizedString', 'LLM_AUTH', 1],
    ['quota', 'LLM_CREDITS', 1],
    ['unknownModel', 'LLM_MODEL', 1],
    ['wrongEndpoint', 'LLM_URL', 1],
    ['blocked', 'LLM_BLOCKED', 1],
    ['refusal', 'LLM_REFUSAL', 1],
    ['hugeBody', 'LLM_FORMAT', 1],
    ['invalidUtf8', 'LLM_URL', 1],
    ['rateLimited', 'LLM_RATE', 3],
    ['serverErrorHtml', 'LLM_SERVER', 3],
    ['errorWith200', 'LLM_SERVER', 3],
    ['noChoices', 'LLM_SERVER', 3],
    ['resetMidBody', 'LLM_NETWORK', 3],
    ['truncated', 'LLM_TRUNCATED', 2],
    ['thoughtOnly', 'LLM_TRUNCATED', 2],
    ['garbage', 'LLM_FORMAT', 2],
    ['wrongShape', 'LLM_FORMAT', 2],
  ])('%s: %s after %i requests', async (name, code, count) => {
    const { url, requests } = await server(scenarios[name] as LlmHandler);
    const error = await failureOf(url);
    expect(error.code).toBe(code);
    expect(error.message).not.toContain('<');
    expect(requests).toHaveLength(count);
  });

  it('hang: the deadline ends it', async () => {
    const { url, requests } = await server(scenarios.hang);
    const failing = failureOf(url, { timeoutMs: 200 });
    expect(await loopMs(failing)).toBeLessThan(2_000);
    expect(await failing).toMatchObject({ code: 'LLM_TIMEOUT' });
    expect(requests).toHaveLength(1);
  });

  it('a body that never ends: the deadline ends it', async () => {
    const { url } = await server((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{');
      return false;
    });
    expect(await failureOf(url, { timeoutMs: 200 })).toMatchObject({ code: 'LLM_TIMEOUT' });
  });

  it('a pause longer than the deadline is not waited for', async () => {
    const { url, requests } = await server((_, response) => {
      response.writeHead(429, { 'retry-after': '60' }).end();
      return false;
    });
    expect(await failureOf(url)).toMatchObject({ code: 'LLM_RATE' });
    expect(requests).toHaveLength(1);
  });

  it('nobody listens: at once', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as { port: number };
    await new Promise((resolve) => closed.close(resolve));
    const error = await failureOf(`http://127.0.0.1:${port}/v1`);
    expect(error).toMatchObject({ code: 'LLM_NETWORK' });
    expect(error.message).toContain('ECONNREFUSED');
    expect(error.hint).toBeDefined();
  });

  it('redirect: neither the key nor the prompt goes there', async () => {
    const elsewhere = await server(() => true);
    const { url } = await server(scenarios.redirect(`${elsewhere.url}/chat/completions`));
    expect(await failureOf(url, { apiKey: 'sk-test-1234567' })).toMatchObject({ code: 'LLM_URL' });
    expect(elsewhere.requests).toHaveLength(0);
    expect(elsewhere.refusals).toHaveLength(0);
  });

  it('never repeats the key, though the server does', async () => {
    const { url } = await server(scenarios.unauthorized);
    for (const apiKey of ['sk-test-1234567', 'plain.key']) {
      const error = await failureOf(url, { apiKey });
      expect(error.message).toContain('Incorrect API key');
      expect(JSON.stringify([error.message, error.hint, error.data, error.stack])).not.toContain(apiKey);
    }
  });

  it('never repeats a key that cannot be sent', async () => {
    const { url, requests } = await server(() => true);
    const error = await failureOf(url, { apiKey: 'two\nlines-of-key' });
    expect(error.code).toBe('LLM_NETWORK');
    expect(error.message).not.toContain('lines-of-key');
    expect(requests).toHaveLength(0);
  });

  it('a key is not sent over plain http to another machine', () => {
    const make = () => new LlmClient({ url: 'http://192.0.2.1/v1', model: 'm', apiKey: 'sk-test-1234567' });
    expect(make).toThrow(expect.objectContaining({ code: 'LLM_URL' }));
  });

  it('every request is asked for first', async () => {
    const { url, requests } = await server(scenarios.serverErrorHtml);
    let left = 2;
    expect(await failureOf(url, {}, { mayRequest: () => left-- > 0 })).toMatchObject({ code: 'LLM_RATE' });
    expect(requests).toHaveLength(2);
  });
});
