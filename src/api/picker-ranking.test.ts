import { expect, it } from 'vitest';
import type { ResolvedDecision } from '../core/decision.ts';
import type { Service } from '../core/service.ts';
import { Decisions } from '../resolve/decisions.ts';
import { type RankingParts, rankCandidates } from './picker-ranking.ts';

const service = (id: string): Service =>
  ({ id, name: id, image: 'x', expose: [80], publish: [], compose: null, labels: {} }) as unknown as Service;
const [a, b, c] = ['a', 'b', 'c'].map(service) as [Service, Service, Service];

const NO_HOSTNAMES = new Map<string, string>();

const decision = (part: Partial<ResolvedDecision>): ResolvedDecision => ({
  host: 'shop.localhost',
  decision: 'none',
  target: null,
  confidence: 0,
  reason: 'two fit',
  steps: [],
  resolved: null,
  candidates: [],
  ...part,
});

function parts(named: ResolvedDecision | Error, decisions = new Decisions()): RankingParts {
  return {
    decisions,
    resolve: async () => {
      if (named instanceof Error) throw named;
      return named;
    },
    info: () => ({ llm: { usable: false, reason: 'no key is set' } }) as ReturnType<RankingParts['info']>,
    log: { warn: () => {}, error: () => {} },
  };
}

const NAMES = decision({
  candidates: [c, b],
  steps: [
    { step: 'name', outcome: 'ambiguous', detail: 'both are called shop', candidates: ['c', 'b'], durationMs: 0 },
  ],
});

it('puts what the names point at first, and says why', async () => {
  const { candidates, why, llm } = await rankCandidates(parts(NAMES), 'shop.localhost', [a, b, c], NO_HOSTNAMES);
  expect(candidates).toEqual([
    { service: c, why: 'both are called shop' },
    { service: b, why: 'both are called shop' },
    { service: a, why: undefined },
  ]);
  expect(why).toBe('two fit');
  expect(llm).toBe('It was not asked: no key is set');
});

it('puts the one first that the LLM was not sure of, and tells what it said', async () => {
  const decisions = new Decisions();
  const unsure = { step: 'llm', outcome: 'ambiguous', detail: 'perhaps the old one' } as const;
  decisions.add(decision({ steps: [{ ...unsure, candidates: ['a'], durationMs: 1 }] }), 'request', 1);
  // What was asked about another name says nothing about this one.
  decisions.add(decision({ host: 'other.localhost' }), 'request', 1);
  const { candidates, llm } = await rankCandidates(parts(NAMES, decisions), 'shop.localhost', [a, b, c], NO_HOSTNAMES);
  expect(candidates.map(({ service: { id } }) => id)).toEqual(['a', 'c', 'b']);
  expect(candidates[0]?.why).toBe('The LLM’s best guess. perhaps the old one');
  expect(llm).toBe('perhaps the old one');
});

it('puts those first whose names are like the hostname, where nothing else points at them', async () => {
  const hostnames = new Map([['c', 'web.shop.localhost']]);
  const { candidates } = await rankCandidates(
    parts(decision({ candidates: [a, b, c] })),
    'my-shop.localhost',
    [a, b, c],
    hostnames,
  );
  expect(candidates).toEqual([
    { service: c, why: '“shop” is part of its name' },
    { service: a, why: undefined },
    { service: b, why: undefined },
  ]);
});

it('shows all of them when they cannot be ranked', async () => {
  const { candidates, why } = await rankCandidates(parts(new Error('broken')), 'shop.localhost', [a, b], NO_HOSTNAMES);
  expect(candidates.map((one) => one.service)).toEqual([a, b]);
  expect(why).toBe('broken');
});
