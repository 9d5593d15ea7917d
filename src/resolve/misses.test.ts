import { describe, expect, it } from 'vitest';
import { machine } from '../../test/fixtures/machines.ts';
import type { Decision } from '../core/decision.ts';
import { candidatesOf } from '../core/service.ts';
import { Misses } from './misses.ts';

const candidates = candidatesOf(machine('two-sites').snapshot);
const decision: Decision = {
  host: 'a.localhost',
  decision: 'none',
  target: null,
  confidence: 0,
  reason: 'nothing fits',
  steps: [{ step: 'llm', outcome: 'nothing', detail: 'nothing fits', prompt: 'long', durationMs: 5 }],
};

describe('Misses', () => {
  it('remembers a miss for its hostname and candidates', () => {
    const misses = new Misses(() => 0);
    misses.remember('a', candidates, decision, false);
    expect(misses.recall('a', candidates, true)).toMatchObject({ reason: 'nothing fits' });
    expect(misses.recall('a', candidates.toReversed(), false)).toBeDefined();
    expect(misses.recall('b', candidates, false)).toBeUndefined();
  });

  it('forgets it when a service comes, goes or moves', () => {
    const misses = new Misses(() => 0);
    misses.remember('a', candidates, decision, false);
    expect(misses.recall('a', candidates.slice(1), false)).toBeUndefined();
    const moved = candidates.map((service) =>
      'listen' in service ? { ...service, listen: [{ address: '::1', port: 9999 }] } : service,
    );
    expect(misses.recall('a', moved, false)).toBeUndefined();
  });

  it('keeps assets from asking again for 15 s after a failure, but not a navigation', () => {
    let now = 0;
    const misses = new Misses(() => now);
    misses.remember('a', candidates, decision, true);
    expect(misses.recall('a', candidates, false)).toBeDefined();
    expect(misses.recall('a', candidates, true)).toBeUndefined();
    now = 15_000;
    expect(misses.recall('a', candidates, false)).toBeUndefined();
  });

  it('holds a thousand, without their prompts', () => {
    const misses = new Misses(() => 0);
    for (let i = 0; i <= 1_000; i++) misses.remember(`h${i}`, candidates, decision, false);
    expect(misses.recall('h0', candidates, false)).toBeUndefined();
    expect(misses.recall('h1000', candidates, false)?.steps[0]).not.toHaveProperty('prompt');
  });
});
