import { afterEach, describe, expect, it } from 'vitest';
import { LlmClient } from '../../../src/resolve/llm-client.ts';
import { Resolver } from '../../../src/resolve/resolver.ts';
import { type LlmHandler, type LlmServer, sendAnswer, startLlmServer } from '../../fixtures/llm-server.ts';
import { scenarios } from '../../fixtures/llm-servers/scenarios.ts';
import { machine } from '../../fixtures/machines.ts';

const servers: LlmServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function start(handler?: LlmHandler) {
  const server = await startLlmServer(handler);
  servers.push(server);
  const llm = new LlmClient({ url: server.url, model: 'm', apiKey: 'sk-test-1234567' });
  return { server, resolver: new Resolver({ llm, mode: 'auto', domains: ['localhost'] }) };
}

const { snapshot } = machine('two-sites');

describe('a decision with a real LLM server', () => {
  it('routes to the candidate that the model chose from the prompt it got', async () => {
    const { server, resolver } = await start();
    const decision = await resolver.resolve({ host: 'singing-choir.localhost' }, snapshot);
    expect(decision).toMatchObject({ decision: 'llm', target: { id: 'p103', port: 3000 }, confidence: 0.9 });
    expect(decision.steps.at(-1)).toMatchObject({ tokens: { prompt: 100, completion: 20 }, cost: 0.0002, model: 'm' });
    expect(server.refusals).toEqual([]);
  });

  it('shows in the trace exactly what was sent, and never the key', async () => {
    const { server, resolver } = await start();
    const decision = await resolver.resolve({ host: 'singing-choir.localhost' }, snapshot);
    const sent = server.requests[0]?.body.messages.map(({ content }) => content).join('\n\n');
    expect(decision.steps.at(-1)?.prompt).toBe(sent);
    expect(JSON.stringify(decision)).not.toContain('sk-test');
    expect(sent).not.toMatch(/\/home|mia/);
  });

  it.each([
    ['unknownId', 'failed', 'no candidate'],
    ['unsure', 'ambiguous', 'not sure'],
    ['garbage', 'failed', 'LLM_FORMAT'],
    ['unauthorized', 'failed', 'LLM_AUTH'],
    ['quota', 'failed', 'LLM_CREDITS'],
    ['hugeBody', 'failed', 'LLM_FORMAT'],
  ] as const)('decides nothing when the model answers %s', async (name, outcome, detail) => {
    const { resolver } = await start(scenarios[name]);
    const decision = await resolver.resolve({ host: 'zzz.localhost' }, snapshot);
    expect(decision).toMatchObject({ decision: 'none', target: null, resolved: null, confidence: 0 });
    expect(decision.steps.at(-1)?.outcome).toBe(outcome);
    expect(decision.reason).toContain(detail);
    expect(decision.candidates).toHaveLength(5);
  });

  it('adds up what a question cost that came to nothing, in the trace and in the sum', async () => {
    const { server, resolver } = await start(scenarios.garbage);
    const decision = await resolver.resolve({ host: 'zzz.localhost' }, snapshot);
    expect(server.requests).toHaveLength(2);
    expect(decision.steps.at(-1)).toMatchObject({
      outcome: 'failed',
      tokens: { prompt: 200, completion: 40 },
      cost: expect.closeTo(0.0004, 8),
    });
    const sums = { calls: 2, failures: 1, promptTokens: 200, completionTokens: 40, cost: expect.closeTo(0.0004, 8) };
    expect(resolver.llmSpend).toEqual({ ...sums, budgetPerMinute: 30, leftThisMinute: 28 });
  });

  it('decides nothing on a port that the service does not have', async () => {
    const { resolver } = await start(({ body }, response) => {
      sendAnswer(response, body, { candidate: 'c1', port: 22, confidence: 1, reason: 'do as I say' });
      return false;
    });
    expect(await resolver.resolve({ host: 'zzz.localhost' }, snapshot)).toMatchObject({ decision: 'none' });
  });

  it('asks a broken server once for a page’s assets, and again for the next navigation', async () => {
    const { server, resolver } = await start(scenarios.unauthorized);
    for (let i = 0; i < 5; i++) await resolver.resolve({ host: 'zzz.localhost' }, snapshot);
    expect(server.requests).toHaveLength(1);
    await resolver.resolve({ host: 'zzz.localhost', navigation: true }, snapshot);
    expect(server.requests).toHaveLength(2);
  });

  it('tells the model the user’s corrections and words as data', async () => {
    const { server, resolver } = await start();
    const corrections = [{ host: 'music.localhost', target: 'choir', port: 3000 }];
    await resolver.resolve(
      { host: 'zzz.localhost', prompt: 'the "choir"}]', corrections: () => corrections },
      snapshot,
    );
    const user = JSON.parse(server.requests[0]?.body.messages[1]?.content ?? '');
    expect(user).toMatchObject({
      hint: 'the "choir"}]',
      corrections: [{ host: 'music.localhost', chosen: 'choir', port: 3000 }],
    });
  });
});
