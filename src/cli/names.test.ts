import { describe, expect, it } from 'vitest';
import { withDomain } from './hostname-argument.ts';
import { siteUrl } from './urls.ts';

describe('withDomain()', () => {
  it.each([
    ['shop', 'shop.localhost'],
    ['shop.localhost', 'shop.localhost'],
    ['web.shop', 'web.shop.localhost'],
    ['Fix-UI.web.shop', 'Fix-UI.web.shop.localhost'],
    ['web.test', 'web.test'],
    ['proxy', 'proxy.localhost'],
    ['example.com', 'example.com'],
    ['shop.io', 'shop.io'],
    ['shop.local', 'shop.local'],
    ['127.0.0.1', '127.0.0.1'],
    ['a..b', 'a..b'],
    ['localhost', 'localhost'],
    ['http://shop', 'http://shop'],
    ['shop:80', 'shop:80'],
    ['', ''],
  ])('"%s" is "%s"', (text, host) => {
    expect(withDomain(text, ['localhost', 'test'])).toBe(host);
  });
});

describe('siteUrl()', () => {
  it('is https once it is trusted, and without usual ports', () => {
    const ports = { https: 443, http: 8080 };
    expect(siteUrl('a.localhost', { ports, trusted: true })).toBe('https://a.localhost');
    expect(siteUrl('a.localhost', { ports, trusted: false })).toBe('http://a.localhost:8080');
    expect(siteUrl('a.localhost', { ports: { https: 8443, http: null }, trusted: false })).toBe(
      'https://a.localhost:8443',
    );
  });
});
