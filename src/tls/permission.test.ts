import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayCertify } from './permission.ts';

const DOMAINS = ['localhost', 'dev.test'];

describe('names that get a certificate', () => {
  it.each([
    ['shop.localhost', 'shop.localhost'],
    ['Shop.LOCALHOST', 'shop.localhost'],
    ['shop.localhost.', 'shop.localhost'],
    ['api.shop.localhost', 'api.shop.localhost'],
    ['under_score.localhost', 'under_score.localhost'],
    ['localhost', 'localhost'],
    ['proxy.localhost', 'proxy.localhost'],
    ['a.proxy.dev.test', 'a.proxy.dev.test'],
    ['dev.test', 'dev.test'],
  ])('"%s" does, as "%s"', (serverName, name) => {
    expect(mayCertify(serverName, DOMAINS)).toBe(name);
  });

  it.each([
    ['nothing', undefined],
    ['an empty name', ''],
    ['another domain', 'example.com'],
    ['a domain that ends alike', 'notlocalhost'],
    ['our domain as a label', 'localhost.example.com'],
    ['a parent of our domain', 'test'],
    ['an address', '127.0.0.1'],
    ['an IPv6 address', '::1'],
    ['a wildcard', '*.localhost'],
    ['an empty label', 'a..localhost'],
    ['a zero byte', 'a\0.localhost'],
    ['a line feed', 'a\n.localhost'],
    ['a label of 64 characters', `${'a'.repeat(64)}.localhost`],
    ['a name of 254 characters', `${'a.'.repeat(122)}localhost`],
    ['letters that fold into ASCII', '\u212Aite.localhost'],
  ])('%s does not', (_what, serverName) => {
    expect(mayCertify(serverName, DOMAINS)).toBeNull();
  });

  it('are always a plain lower-case name under one of the domains, whatever is asked', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string().map((text) => `${text}.localhost`),
    );
    fc.assert(
      fc.property(anything, (text) => {
        const name = mayCertify(text, DOMAINS);
        return name === null || /^(?:[a-z0-9_-]{1,63}\.)*(?:localhost|dev\.test)$/.test(name);
      }),
    );
  });
});
