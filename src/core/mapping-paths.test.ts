import { describe, expect, it } from 'vitest';
import { normalizePrefix, parsePaths, splitPathKey } from './mapping-paths.ts';

const target = { type: 'process', target: 'localhost', port: 8000 };

describe('the paths of a mapping', () => {
  it('come with the longest prefix first, each the user’s own', () => {
    const { entries, problems } = parsePaths({
      '/a': target,
      '/a/b/': { to: 'API.shop.localhost.', strip: true, note: 'kept by others' },
      '/c%2Fd': { ...target, strip: true, source: 'llm', host: 'target' },
      '/s': { to: 'shop.localhost:api' },
    });
    expect(problems).toEqual([]);
    expect(entries).toMatchObject([
      { prefix: '/c%2Fd', strip: true, mapping: { port: 8000, source: 'user', host: 'target' } },
      { prefix: '/a/b', strip: true, to: { hostname: 'api.shop.localhost' } },
      { prefix: '/a', strip: false, mapping: { port: 8000 } },
      { prefix: '/s', to: { hostname: 'shop.localhost', service: 'api' } },
    ]);
  });

  it.each([
    ['a port that is none', { ...target, port: 0 }],
    ['nobody', {}],
    ['null', null],
    ['a list', []],
    ['text', 'http://localhost:8000'],
    ['strip that is no yes or no', { ...target, strip: 'yes' }],
    ['a hostname that is none', { to: 'a..b' }],
    ['a service that is none', { to: 'shop.localhost:a b' }],
    ['a Host with a line break', { ...target, host: 'x\r\nEvil: 1' }],
  ])('set aside %s, and keep the others', (_what, value) => {
    const { entries, problems } = parsePaths({ '/bad': value, '/good': target });
    expect(entries.map(({ prefix }) => prefix)).toEqual(['/good']);
    expect(problems).toEqual([expect.stringContaining('"/bad": ')]);
  });

  it('are at most 100', () => {
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`/p${i}`, target]));
    expect(parsePaths(many)).toMatchObject({ entries: { length: 100 }, problems: [expect.stringContaining('100')] });
  });
});

it.each([
  ['/api', '/api'],
  ['/api//', '/api'],
  ['/a%2Fb/c;d', '/a%2Fb/c;d'],
  ['/', null],
  ['', null],
  ['api', null],
  ['/a//b', null],
  ['/a?b', null],
  ['/a#b', null],
  ['/a b', null],
  ['/a\\b', null],
  ['/é', null],
  ['/a/../b', null],
  ['/%2e%2E/b', null],
  [`/${'a'.repeat(200)}`, null],
])('the prefix %j is %j', (written, expected) => {
  expect(normalizePrefix(written)).toBe(expected);
});

it('splits a key and its path', () => {
  expect(splitPathKey('shop.localhost/api/v1')).toEqual({ key: 'shop.localhost', prefix: '/api/v1' });
  expect(splitPathKey('shop.localhost:api')).toEqual({ key: 'shop.localhost:api' });
});
