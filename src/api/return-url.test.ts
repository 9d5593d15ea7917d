import { describe, expect, it } from 'vitest';
import { returnUrl, siblingOrigin } from './return-url.ts';

const PLACE = { origin: 'https://proxy.localhost:8443', ports: { https: 8443, http: 8080 } };
const START = 'https://shop.localhost:8443/';

describe('returnUrl', () => {
  it.each([
    ['https://shop.localhost:8443/a/b?c=d&e', 'https://shop.localhost:8443/a/b?c=d&e'],
    ['http://shop.localhost:8080/x', 'http://shop.localhost:8080/x'],
    ['HTTPS://SHOP.localhost:8443/x#frag', 'https://shop.localhost:8443/x'],
  ])('goes on to %s', (given, expected) => {
    expect(returnUrl(given, 'shop.localhost', PLACE)).toBe(expected);
  });

  it.each([
    ['https://evil.example/'],
    ['https://shop.localhost.evil.example/'],
    ['https://shop.localhost@evil.example/'],
    ['https://kim:pw@shop.localhost:8443/'],
    ['https://other.localhost:8443/'],
    ['https://proxy.localhost:8443/'],
    ['https://shop.localhost:9999/'],
    ['https://shop.localhost/'],
    ['ftp://shop.localhost:8443/'],
    ['//evil.example/'],
    ['/path'],
    ['javascript:alert(1)//shop.localhost:8443'],
    ['data:text/html,x'],
    ['\\\\evil.example'],
    ['https:\\\\evil.example\\'],
    ['https://shop.localhost:8443\u0000.evil.example/'],
    [`https://shop.localhost:8443/${'a'.repeat(5_000)}`],
    [''],
    [null],
    [undefined],
  ])('does not go on to %s', (given) => {
    expect(returnUrl(given, 'shop.localhost', PLACE)).toBe(START);
  });

  it('leaves no line break in the result', () => {
    expect(returnUrl('https://shop.localhost:8443/a\r\nSet-Cookie: x', 'shop.localhost', PLACE)).not.toMatch(/[\r\n ]/);
  });
});

describe('siblingOrigin', () => {
  it('keeps scheme and port of the request, and uses the HTTPS port without one', () => {
    expect(siblingOrigin('a.localhost', { ...PLACE, origin: 'http://proxy.localhost' })).toBe('http://a.localhost');
    expect(siblingOrigin('a.localhost', { ...PLACE, origin: undefined })).toBe('https://a.localhost:8443');
  });
});
