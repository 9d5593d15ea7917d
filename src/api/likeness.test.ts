import { expect, it } from 'vitest';
import type { Service } from '../core/service.ts';
import { likenessOf } from './likeness.ts';

const NOW_MS = Date.parse('2026-01-01T12:00:00Z');

function service(name: string, startedAt?: string): Service {
  return {
    id: 'p1',
    pid: 1,
    ppid: 0,
    command: 'node',
    args: 'node server.js',
    cwd: `/home/kim/${name}`,
    listen: [{ address: '127.0.0.1', port: 3000 }],
    project: { root: `/home/kim/${name}`, name, workspace: null },
    git: null,
    ...(startedAt === undefined ? {} : { startedAt }),
  };
}

const ask = (hostname: string, one: Service, own: string) =>
  likenessOf(hostname, one, own, { nowMs: NOW_MS, uptimeMs: 1_000_000 });

it('says which words a hostname and a service share, and which are nearly the same', () => {
  expect(ask('my-shop-cart.localhost', service('shop-cart'), 'shop-cart.localhost')).toEqual({
    score: 12,
    why: '“shop” and “cart” are parts of its name',
  });
  expect(ask('shop.acme.localhost', service('shop'), 'shop.localhost')?.why).toBe('“shop” is part of its name');
  expect(ask('jurnal.localhost', service('journal'), 'journal.localhost')?.why).toBe(
    '“jurnal” is nearly its “journal”',
  );
  // Short words are in every other name, and the domain is in all of them.
  expect(ask('my.localhost', service('my'), 'my.localhost')).toBeUndefined();
  expect(ask('localhost.localhost', service('shop'), 'shop.localhost')).toBeUndefined();
});

it('knows what was started just now, and nothing of the others', () => {
  expect(ask('blog.localhost', service('shop', '2026-01-01T11:59:30Z'), 'shop.localhost')).toMatchObject({
    why: 'It was started 30 s ago',
  });
  expect(ask('blog.localhost', { ...service('shop'), startTicks: 99_300 }, 'shop.localhost')).toMatchObject({
    why: 'It was started 7 s ago',
  });
  expect(ask('blog.localhost', { ...service('shop'), startTicks: 10 }, 'shop.localhost')).toBeUndefined();
  expect(ask('blog.localhost', service('shop', '2026-01-01T11:00:00Z'), 'shop.localhost')).toBeUndefined();
  expect(ask('blog.localhost', service('shop'), 'shop.localhost')).toBeUndefined();
});
