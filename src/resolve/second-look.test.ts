import { describe, expect, it } from 'vitest';
import type { Mapping } from '../core/mapping.ts';
import { LookTimes } from './second-look.ts';

const mapping = (more: Partial<Mapping> = {}): Mapping => ({
  type: 'process',
  target: 'localhost',
  port: 1,
  createdAt: new Date(0).toISOString(),
  llmReason: '',
  source: 'name',
  rivals: [],
  ...more,
});

describe('LookTimes', () => {
  it('lets a navigation wait while the mapping is young, and go on at once later', () => {
    let now = 10_000;
    const looks = new LookTimes(() => now);
    expect(looks.due('a', mapping())).toBe('wait');
    now = 60_001;
    expect(looks.due('a', mapping())).toBe('aside');
  });

  it('is due once in two seconds for each hostname', () => {
    let now = 100_000;
    const looks = new LookTimes(() => now);
    looks.began('a');
    now += 1_999;
    expect([looks.due('a', mapping()), looks.due('b', mapping())]).toEqual(['no', 'aside']);
    now += 1;
    expect(looks.due('a', mapping())).toBe('aside');
  });

  it('is never due for what the user set, another program wrote, or nobody mapped', () => {
    const looks = new LookTimes(() => 0);
    const { source: _, ...foreign } = mapping();
    const { rivals: _rivals, ...old } = mapping();
    for (const one of [mapping({ source: 'user' }), foreign, old, undefined]) expect(looks.due('a', one)).toBe('no');
  });
});
