/** What a server on the other side really receives, whatever secrets stand around a question. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContainerService, ProcessService, Snapshot } from '../../../src/core/service.ts';
import { LlmBudget } from '../../../src/resolve/budget.ts';
import { Decisions } from '../../../src/resolve/decisions.ts';
import { LlmClient } from '../../../src/resolve/llm-client.ts';
import { type ResolveAsk, Resolver } from '../../../src/resolve/resolver.ts';
import { mappingFor } from '../../../src/routes/make-mapping.ts';
import { type LlmServer, sendAnswer, startLlmServer } from '../../fixtures/llm-server.ts';
import { anySecret, SECRET_ARGV, SECRET_PLACES, secretText } from '../../fixtures/secrets.ts';

let server: LlmServer;
beforeAll(async () => {
  server = await startLlmServer(({ body }, response) => {
    const { candidates } = JSON.parse(body.messages[1]?.content ?? '{}') as { candidates: Listed[] };
    const [first] = candidates;
    sendAnswer(response, body, { candidate: first?.id, port: first?.ports[0], confidence: 1, reason: 'the first' });
    return false;
  });
});
afterAll(() => server.close());

interface Listed {
  id: string;
  ports: number[];
}

function processOf(i: number, argv: string[], joined: boolean): ProcessService {
  const root = `/home/kim/code/shop-${i}`;
  return {
    id: `p${i}`,
    pid: i,
    ppid: 1,
    command: argv[0]?.slice(0, 15) ?? '',
    ...(joined ? {} : { argv }),
    args: argv.join(' '),
    cwd: root,
    listen: [{ address: '127.0.0.1', port: 3000 + i }],
    project: { root, name: `shop-${i}`, workspace: null },
    git: { root, branch: 'main', worktree: false },
  };
}

function containerWith(text: string): ContainerService {
  return {
    id: 'c1',
    name: 'web',
    image: `registry.example/web:${text}`,
    expose: [80],
    publish: [],
    compose: { project: 'shop', service: 'web' },
    labels: { 'traefik.http.middlewares.auth.basicauth.users': `kim:${text}`, token: text },
    env: [`DATABASE_PASSWORD=${text}`, text],
  };
}

/** Ask, and return everything that came of it: what was sent, the trace, and what is kept. */
async function ask(snapshot: Snapshot, more: Partial<ResolveAsk> = {}) {
  const budget = new LlmBudget({ perMinute: 100 });
  const llm = new LlmClient({ url: server.url, model: 'm' });
  const resolver = new Resolver({ llm, mode: 'llm', domains: ['localhost'], budget });
  const decision = await resolver.resolve({ host: 'zzz.localhost', ...more }, snapshot);
  const decisions = new Decisions();
  decisions.add(decision, 'request', 1);
  const { resolved, target, confidence, reason } = decision;
  const mapping =
    resolved && target && mappingFor(resolved, target.port, { source: 'llm', confidence, reason, snapshot });
  const requests = server.requests.splice(0);
  return { requests, sent: JSON.stringify(requests), kept: JSON.stringify([decisions.list(), mapping]) };
}

/** In the text itself, or as JSON writes it once or twice. */
function formsOf(text: string): string[] {
  const once = JSON.stringify(text).slice(1, -1);
  return [text, once, JSON.stringify(once).slice(1, -1)];
}

describe('a secret on a command line', () => {
  it('of any known kind and place is in no request, no trace, no decision and no mapping', async () => {
    const some = fc.subarray(SECRET_ARGV, { minLength: 6, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(secretText, some, fc.boolean(), async (text, positions, joined) => {
        const processes = positions.map((position, i) => processOf(i, position(text), joined));
        const { requests, sent, kept } = await ask({ processes, containers: [containerWith(text)] });
        expect(requests).toHaveLength(1);
        for (const form of formsOf(text)) {
          expect(sent).not.toContain(form);
          expect(kept).not.toContain(form);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('of any known family is in none of them wherever it stands', async () => {
    const some = fc.subarray(SECRET_PLACES, { minLength: 4, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(anySecret, some, fc.boolean(), async ({ text, part }, places, joined) => {
        const processes = places.map((place, i) => processOf(i, place(text), joined));
        const { requests, sent, kept } = await ask({ processes, containers: [containerWith(text)] });
        expect(requests).toHaveLength(1);
        expect(sent).not.toContain(part);
        expect(kept).not.toContain(part);
      }),
      { numRuns: 150 },
    );
  });
});

describe('a secret in the user’s words, a correction or the origin', () => {
  it('is in no request and no trace', async () => {
    await fc.assert(
      fc.asyncProperty(anySecret, async ({ text, part }) => {
        const origin = processOf(9, ['node', text], false);
        const { requests, sent, kept } = await ask(
          { processes: [processOf(1, ['node', 'server.js'], false)], containers: [] },
          {
            prompt: `the one with ${text} is it`,
            service: 'api',
            origin: { ...origin, git: { root: '/srv/x', branch: text, worktree: false } },
            corrections: () => [
              { host: `${text}.localhost`, target: 'shop' },
              { host: 'a.localhost', service: text, target: text },
            ],
          },
        );
        expect(requests).toHaveLength(1);
        expect(sent).not.toContain(part);
        expect(kept).not.toContain(part);
      }),
      { numRuns: 150 },
    );
  });
});

describe('a hostname that looks like a key', () => {
  it.each([
    [{ host: 'ghp_16c7e42f292c6912e7710c838347ae178b4a.localhost' }],
    [{ host: 'sk-or-v1-0123456789abcdef.shop.localhost' }],
    [{ service: 'glpat-0123456789abcdef' }],
  ])('is not told to anybody: %j', async (question) => {
    const snapshot = { processes: [processOf(1, ['node', 'server.js'], false)], containers: [] };
    const { requests, kept } = await ask(snapshot, { ...question, explain: true });
    expect(requests).toEqual([]);
    expect(kept).toContain('looks like a key or a password');
  });
});

describe('our own key', () => {
  it('is kept nowhere, though the server says it again', async () => {
    const apiKey = 'plain-words-as-a-key';
    const echo = await startLlmServer(({ body, headers }, response) => {
      const reason = `you sent ${headers.authorization}`;
      sendAnswer(
        response,
        body,
        { candidate: 'c1', port: 3001, confidence: 1, reason },
        {
          completion: { model: `m ${apiKey}` },
        },
      );
      return false;
    });
    const llm = new LlmClient({ url: echo.url, model: 'm', apiKey });
    const resolver = new Resolver({ llm, mode: 'llm', domains: ['localhost'] });
    const snapshot = { processes: [processOf(1, ['node', 'server.js'], false)], containers: [] };
    const decision = await resolver.resolve({ host: 'zzz.localhost' }, snapshot);
    await echo.close();
    expect(echo.requests[0]?.headers.authorization).toBe(`Bearer ${apiKey}`);
    expect(decision).toMatchObject({ decision: 'llm', target: { id: 'p1', port: 3001 } });
    expect(JSON.stringify(decision)).toContain('you sent Bearer [key]');
    expect(JSON.stringify(decision)).not.toContain(apiKey);
  });
});
