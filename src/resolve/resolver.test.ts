import { describe, expect, it } from 'vitest';
import { machine, serviceOf } from '../../test/fixtures/machines.ts';
import { EMPTY_SNAPSHOT } from '../core/service.ts';
import { LlmBudget } from './budget.ts';
import { LlmClient } from './llm-client.ts';
import { Resolver, type ResolverOptions } from './resolver.ts';

const { snapshot } = machine('two-sites');

/** A client whose server says what `answer` says; counts the requests. */
function talking(answer: () => unknown) {
  const asked: { messages: { content: string }[] }[] = [];
  const fakeFetch = async (_: unknown, init?: RequestInit) => {
    asked.push(JSON.parse(String(init?.body)));
    await Promise.resolve();
    const said = answer();
    if (said instanceof Error) throw said;
    return Response.json({ choices: [{ finish_reason: 'stop', message: { content: JSON.stringify(said) } }] });
  };
  const llm = new LlmClient({ url: 'http://127.0.0.1:1/v1', model: 'm' }, { fetch: fakeFetch as typeof fetch });
  return { llm, asked };
}

function resolver(options: Partial<ResolverOptions> = {}) {
  return new Resolver({ llm: null, mode: 'auto', domains: ['localhost', 'dev.test'], ...options });
}

const NONE = { candidate: 'none', port: null, confidence: 0.9, reason: 'nothing fits' };
/** The order of candidates in the prompt depends on the host: with `zzz` it is the machine's own. */
const FIRST = { candidate: 'c1', port: 5173, confidence: 0.9, reason: 'it fits' };

describe('Resolver', () => {
  it('settles an exact name without the LLM', async () => {
    const { llm, asked } = talking(() => NONE);
    const decision = await resolver({ llm }).resolve({ host: 'bakery.localhost' }, snapshot);
    expect(decision).toMatchObject({ decision: 'name', target: { id: 'p101', port: 5173 }, confidence: 1 });
    expect(decision.resolved?.id).toBe('p101');
    expect(decision.steps).toMatchObject([
      { step: 'hint', outcome: 'nothing' },
      { step: 'name', outcome: 'decided', candidates: ['p101'] },
    ]);
    expect(asked).toHaveLength(0);
  });

  it('serves every domain, and folds case and a trailing dot', async () => {
    for (const host of ['bakery.dev.test', 'BAKERY.localhost', 'bakery.localhost.']) {
      expect(await resolver().resolve({ host }, snapshot)).toMatchObject({ decision: 'name' });
    }
  });

  it.each([
    '',
    '-x.localhost',
    'a..localhost',
    'bakery.example',
    '127.0.0.1',
    'localhost',
    'proxy.localhost',
    'x.proxy.localhost',
    'a\u0000.localhost',
    `${'a.'.repeat(200)}localhost`,
  ])('refuses the host %j without asking anybody', async (host) => {
    const { llm, asked } = talking(() => FIRST);
    const decision = await resolver({ llm, mode: 'llm' }).resolve({ host }, snapshot);
    expect(decision).toMatchObject({ decision: 'none', target: null, resolved: null, steps: [] });
    expect(decision.reason).not.toBe('');
    expect(asked).toHaveLength(0);
  });

  it('asks the LLM where names do not settle it, with the whole trace', async () => {
    const { llm } = talking(() => FIRST);
    const decision = await resolver({ llm }).resolve({ host: 'zzz.localhost' }, snapshot);
    expect(decision).toMatchObject({ decision: 'llm', target: { id: 'p101', port: 5173 }, confidence: 0.9 });
    expect(decision.steps).toMatchObject([
      { step: 'hint', outcome: 'nothing' },
      { step: 'name', outcome: 'nothing' },
      { step: 'llm', outcome: 'decided', model: 'm', detail: 'it fits' },
    ]);
    expect(decision.steps.at(-1)?.prompt).toContain('zzz.localhost');
    expect(decision.steps.at(-1)?.answer).toContain('c1');
  });

  it('never asks it in mode names, and says why it was not asked', async () => {
    const { llm, asked } = talking(() => FIRST);
    expect(await resolver({ llm, mode: 'names' }).resolve({ host: 'zzz.localhost' }, snapshot)).toMatchObject({
      decision: 'none',
    });
    expect(asked).toHaveLength(0);
    const without = await resolver({ llmReason: 'no key is set' }).resolve({ host: 'zzz.localhost' }, snapshot);
    expect(without.reason).toContain('no key is set');
    expect(without.steps.at(-1)).toMatchObject({ step: 'llm', outcome: 'skipped' });
    expect(without.candidates.at(-1)?.id).toBe('p104');
  });

  it('always asks it in mode llm, and falls back to names only where it cannot be asked', async () => {
    const working = talking(() => NONE);
    const asked = await resolver({ llm: working.llm, mode: 'llm' }).resolve({ host: 'bakery.localhost' }, snapshot);
    expect(asked.decision).toBe('none');
    const broken = talking(() => new Error('boom'));
    const fallback = await resolver({ llm: broken.llm, mode: 'llm' }).resolve({ host: 'bakery.localhost' }, snapshot);
    expect(fallback).toMatchObject({ decision: 'name', target: { id: 'p101' } });
    expect(fallback.steps.map(({ step, outcome }) => `${step} ${outcome}`)).toEqual([
      'hint nothing',
      'llm failed',
      'name decided',
    ]);
  });

  it('lets the user’s own words overrule a name', async () => {
    const { llm, asked } = talking(() => NONE);
    const ask = { host: 'bakery.localhost', prompt: 'the other one' };
    expect(await resolver({ llm }).resolve(ask, snapshot)).toMatchObject({ decision: 'none' });
    expect(asked[0]?.messages[1]?.content).toContain('the other one');
    expect(await resolver().resolve(ask, snapshot)).toMatchObject({ decision: 'name' });
  });

  it('shares one flight among askers of one hostname', async () => {
    const { llm, asked } = talking(() => FIRST);
    const one = resolver({ llm });
    const all = await Promise.all(Array.from({ length: 20 }, () => one.resolve({ host: 'zzz.localhost' }, snapshot)));
    expect(asked).toHaveLength(1);
    expect(new Set(all.map(({ target }) => target?.id))).toEqual(new Set(['p101']));
  });

  it('remembers a miss until something else runs, or the user insists', async () => {
    const { llm, asked } = talking(() => NONE);
    const one = resolver({ llm });
    const ask = { host: 'zzz.localhost' };
    for (let i = 0; i < 5; i++) expect((await one.resolve(ask, snapshot)).decision).toBe('none');
    expect(asked).toHaveLength(1);
    await one.resolve(ask, { ...snapshot, processes: snapshot.processes.slice(1) });
    expect(asked).toHaveLength(2);
    await one.resolve({ ...ask, force: true }, snapshot);
    await one.resolve({ ...ask, prompt: 'please' }, snapshot);
    expect(asked).toHaveLength(4);
  });

  it('spends at most the budget on a page of unknown hostnames, and says so', async () => {
    const { llm, asked } = talking(() => NONE);
    const one = resolver({ llm, budget: new LlmBudget({ now: () => 0 }) });
    const decisions = await Promise.all(
      Array.from({ length: 500 }, (_, i) => one.resolve({ host: `h${i}.localhost` }, snapshot)),
    );
    expect(asked).toHaveLength(20);
    expect(decisions.at(-1)?.reason).toContain('budget');
    await one.resolve({ host: 'zzz.localhost', navigation: true }, snapshot);
    expect(asked).toHaveLength(21);
    expect(await one.resolve({ host: 'bakery.localhost' }, snapshot)).toMatchObject({ decision: 'name' });
  });

  it('finds a sibling by name, then asks with the origin as context', async () => {
    const orchard = machine('monorepo-agents').snapshot;
    const origin = serviceOf(orchard, 'p204');
    const { llm, asked } = talking(() => NONE);
    const one = resolver({ llm });
    const ask = { host: 'web.fix-cart.orchard.localhost', origin, siblingsOnly: true };
    expect(await one.resolve({ ...ask, service: 'api' }, orchard)).toMatchObject({
      decision: 'name',
      service: 'api',
      target: { id: 'p205' },
    });
    expect(await one.resolve({ ...ask, service: 'payments' }, orchard)).toMatchObject({ decision: 'none' });
    expect(JSON.parse(asked[0]?.messages[1]?.content ?? '')).toMatchObject({
      service: 'payments',
      origin: { branch: 'agent/fix-cart' },
    });
  });

  it('offers a page nothing but siblings', async () => {
    const twins = machine('compose-twins').snapshot;
    const { llm, asked } = talking(() => ({ ...FIRST, candidate: 'c3', port: null }));
    const ask = { host: 'web.daisy.localhost', service: 'api', siblingsOnly: true };
    const one = resolver({ llm });
    const decision = await one.resolve({ ...ask, origin: serviceOf(twins, 'c4') }, twins);
    expect(decision).toMatchObject({ decision: 'none' });
    expect(decision.candidates.map(({ id }) => id).sort()).toEqual(['c4', 'c5']);
    expect(asked[0]?.messages[1]?.content).not.toContain('tulip');
    expect(await one.resolve(ask, twins)).toMatchObject({ decision: 'none', candidates: [] });
  });

  it('survives a snapshot that is not what it says', async () => {
    const processes = snapshot.processes.map((process) => ({ ...process, image: 'web' }));
    expect(await resolver().resolve({ host: 'bakery.localhost' }, { processes, containers: [] })).toMatchObject({
      decision: 'none',
      resolved: null,
    });
  });

  it('says so when nothing runs', async () => {
    expect(await resolver().resolve({ host: 'bakery.localhost' }, EMPTY_SNAPSHOT)).toMatchObject({
      decision: 'none',
      reason: 'Nothing that could be meant is running',
    });
  });
});
