import { expect, it } from 'vitest';
import type { RouteView } from '../../api/wire.ts';
import { failingSince } from './figures.ts';

/** A route to a container that answered nobody since second 10, last asked in second 20. */
function route(startedAtMs: number | null, id = 'c1'): RouteView {
  return {
    key: 'shop.localhost',
    hostname: 'shop.localhost',
    service: null,
    label: 'shop',
    source: 'name',
    confidence: 1,
    reason: '',
    port: 80,
    createdAt: '2026-01-01T00:00:00.000Z',
    etag: '"1"',
    reach: { state: 'up', id, label: 'shop', address: '127.0.0.1', port: 80, startedAtMs },
    traffic: {
      requests: 2,
      errors: 2,
      open: 0,
      lastAtMs: 20_000,
      lastError: { atMs: 20_000, text: 'refused' },
      failing: { sinceMs: 10_000, id: 'c1' },
    },
  };
}

it('holds no failure against a container that was started again and not asked since', () => {
  expect(failingSince(route(5_000))).toBe(10_000);
  expect(failingSince(route(null))).toBe(10_000);
  expect(failingSince(route(21_000))).toBeUndefined();
  // Started again and asked again: it fails since then.
  expect(failingSince(route(15_000))).toBe(15_000);
  // Another one in its place was never asked.
  expect(failingSince(route(5_000, 'c2'))).toBeUndefined();
});
