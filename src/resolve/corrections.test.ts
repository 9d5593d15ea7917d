import { describe, expect, it } from 'vitest';
import type { Mapping } from '../core/mapping.ts';
import { correctionsOf } from './corrections.ts';

const toContainer = (name: string, minute: number, source: Mapping['source'] = 'user'): Mapping => ({
  type: 'docker',
  target: name,
  port: 80,
  createdAt: new Date(minute * 60_000).toISOString(),
  llmReason: '',
  source,
});

describe('correctionsOf()', () => {
  it('has what the user set, never what the program decided', () => {
    const mappings = { 'a.localhost': toContainer('one', 1), 'b.localhost': toContainer('two', 2, 'llm') };
    expect(correctionsOf(mappings, 'x.localhost')).toEqual([{ host: 'a.localhost', target: 'one', port: 80 }]);
  });

  it('of many prefers similar names, then the latest, and has the nearest one last', () => {
    const old = { 'my-shop.localhost': toContainer('storefront', 0) };
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`h${i}.localhost`, toContainer('c', i + 1)]));
    const found = correctionsOf({ ...old, ...many }, 'shop-admin.localhost');
    expect(found).toHaveLength(10);
    expect(found.at(-1)?.host).toBe('my-shop.localhost');
    expect(found.at(-2)?.host).toBe('h29.localhost');
  });
});
