import { describe, expect, it } from 'vitest';
import { keptLabels, shownLabels } from './labels.ts';

describe('keptLabels', () => {
  it('keeps those that discovery reads, by their names', () => {
    const kept = { caddy: 'a', 'caddy_1.reverse_proxy': 'b', 'dev.orbstack.domains': 'c', 'hostwise.host': 'd' };
    const dropped = { 'caddy.basic_auth': 'x', 'traefik.http.middlewares.a.basicauth.users': 'y', maintainer: 'z' };
    expect(keptLabels({ ...kept, ...dropped, 'hostwise.port': 7 })).toEqual(kept);
  });

  it('keeps no more and nothing longer than a person would write', () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`hostwise.l${i}`, 'x']));
    expect(Object.keys(keptLabels(many))).toHaveLength(256);
    expect(Object.keys(shownLabels(keptLabels(many)))).toHaveLength(64);
    expect(keptLabels({ 'hostwise.host': 'x'.repeat(5000) })).toEqual({});
  });
});
