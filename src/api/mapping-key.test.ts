import { describe, expect, it } from 'vitest';
import { parseMappingKey } from './mapping-key.ts';

const DOMAINS = ['localhost', 'dev.test'];

describe('parseMappingKey', () => {
  it.each([
    ['shop.localhost', 'shop.localhost'],
    ['Shop.LOCALHOST.', 'shop.localhost'],
    ['api.shop.dev.test:Worker', 'api.shop.dev.test:worker'],
    ['my_app.localhost', 'my_app.localhost'],
  ])('takes %s', (text, key) => {
    expect(parseMappingKey(text, DOMAINS)).toBe(key);
  });

  it.each([
    ['', 'valid hostname'],
    ['shop.example', '*.localhost, *.dev.test'],
    ['localhost', 'dashboard'],
    ['proxy.dev.test', 'dashboard'],
    ['x.proxy.localhost', 'dashboard'],
    ['-a.localhost', 'valid hostname'],
    ['a.localhost:b/c', 'name of a service'],
    [`${'a'.repeat(5_000)}.localhost`, 'valid hostname'],
  ])('refuses %s', (text, why) => {
    expect(() => parseMappingKey(text, DOMAINS)).toThrow(why);
  });
});
