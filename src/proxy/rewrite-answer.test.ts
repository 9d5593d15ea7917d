import { describe, expect, it } from 'vitest';
import { type AnswerPlace, markedCookies, rewriteCookie, rewriteRefresh, rewriteUrl } from './rewrite-answer.ts';

const place: AnswerPlace = {
  origin: 'https://shop.localhost:8443',
  prefix: '/_proxy/api',
  path: '/v1/users?x=1',
  bare: false,
  authorities: ['api.shop.localhost:8443', 'shop.localhost:8443', 'localhost:8000'],
};

describe('a redirect of an app below a prefix', () => {
  it.each([
    ['/login', '/_proxy/api/login'],
    ['/', '/_proxy/api/'],
    ['/_proxy/apifoo', '/_proxy/api/_proxy/apifoo'],
    ['/a%2Fb//c;d?x=%00&u=/y#z', '/_proxy/api/a%2Fb//c;d?x=%00&u=/y#z'],
    ['/%zz', '/_proxy/api/%zz'],
    ['https://shop.localhost:8443/login?a=b', 'https://shop.localhost:8443/_proxy/api/login?a=b'],
    ['http://API.shop.localhost:8443/login', 'https://shop.localhost:8443/_proxy/api/login'],
    ['http://localhost:8000', 'https://shop.localhost:8443/_proxy/api/'],
    ['http://localhost:8000?q', 'https://shop.localhost:8443/_proxy/api/?q'],
    ['//shop.localhost:8443/x', 'https://shop.localhost:8443/_proxy/api/x'],
    ['/\\evil.example', '/_proxy/api/\\evil.example'],
    ['/_proxy/api/../../admin', '/_proxy/api/admin'],
    ['../../../admin', '/_proxy/api/admin'],
    ['%2e%2E/other', '/_proxy/api/other'],
  ])('to %s goes to %s', (location, expected) => {
    expect(rewriteUrl(location, place)).toBe(expected);
  });

  it.each([
    '/_proxy/api',
    '/_proxy/api/login',
    '/_proxy/api?x',
    'https://shop.localhost:8443/_proxy/api/x',
    'next',
    './next?x',
    '?page=2',
    '#top',
    '',
    'a..b/c..',
    'https://login.example/?back=https://shop.localhost:8443/',
    'https://shop.localhost:8443.evil.example/',
    'https://shop.localhost:8443@evil.example/',
    '//evil.example/x',
    'http://localhost:8001/x',
    'mailto:kim@example.com',
    'myapp://callback',
  ])('to %s stays as it is', (location) => {
    expect(rewriteUrl(location, place)).toBe(location);
  });

  it('that is relative is led in where the client wrote no slash behind the prefix', () => {
    const bare = { ...place, path: '/', bare: true };
    expect(rewriteUrl('login', bare)).toBe('/_proxy/api/login');
    expect(rewriteUrl('?x', bare)).toBe('?x');
  });
});

describe('an app that is told another Host', () => {
  const renamed: AnswerPlace = { ...place, prefix: '', authorities: ['localhost:5173'] };
  it('has its redirects to itself led back to the hostname, and no others changed', () => {
    expect(rewriteUrl('http://localhost:5173/login', renamed)).toBe('https://shop.localhost:8443/login');
    for (const location of ['/login', '../x', 'http://localhost:5174/', 'https://example.com/']) {
      expect(rewriteUrl(location, renamed)).toBe(location);
    }
  });

  it('has the domain of its cookies taken off where it is its own, and nothing else', () => {
    expect(rewriteCookie('a=1; Domain=localhost; Path=/x; Secure', renamed)).toBe('a=1; Path=/x; Secure');
    expect(rewriteCookie('a=1; Domain=shop.localhost; Path=/', renamed)).toBe('a=1; Domain=shop.localhost; Path=/');
  });
});

describe('a cookie of an app below a prefix', () => {
  it.each([
    ['sid=1; Path=/', 'sid=1; Path=/_proxy/api'],
    ['sid=1; path=/v1; HttpOnly; SameSite=Lax', 'sid=1; Path=/_proxy/api/v1; HttpOnly; SameSite=Lax'],
    ['sid=1;PATH = /;Secure', 'sid=1; Path=/_proxy/api;Secure'],
    ['sid=1; Path=/_proxy/api/v1', 'sid=1; Path=/_proxy/api/v1'],
    ['sid=1; Path=/_proxy/apifoo', 'sid=1; Path=/_proxy/api/_proxy/apifoo'],
    ['sid=1; Path=/_proxy/api/../..', 'sid=1; Path=/_proxy/api/'],
    ['sid="a=b"; Domain=.shop.localhost; Max-Age=5', 'sid="a=b"; Max-Age=5'],
    ['__Host-sid=1; Secure; Path=/', '__Host-sid=1; Secure; Path=/'],
    ['sid=1', 'sid=1'],
    ['sid', 'sid'],
    ['', ''],
  ])('%s becomes %s', (cookie, expected) => {
    expect(rewriteCookie(cookie, place)).toBe(expected);
  });

  it('gets a path where the one that the browser takes would be outside', () => {
    expect(rewriteCookie('sid=1; Secure', { ...place, bare: true })).toBe('sid=1; Secure; Path=/_proxy/api');
  });

  it('with a mark comes back under its own name, alone', () => {
    const cookieMark = '_proxy.api.';
    const marked = { ...place, cookieMark };
    expect(rewriteCookie('__Host-sid=1; Secure; Path=/', marked)).toBe(
      '_proxy.api.__Host-sid=1; Secure; Path=/_proxy/api',
    );
    expect(markedCookies('session=origin; _proxy.api.sid=1;_proxy.api.b="x=y"; x_proxy.api.c=1', cookieMark)).toBe(
      'sid=1; b="x=y"',
    );
    expect(markedCookies('session=origin; _proxy.apis.sid=1', cookieMark)).toBeUndefined();
  });
});

it.each([
  ['5; url=/next', '5; url=/_proxy/api/next'],
  ["0;URL='/next'", "0;URL='/_proxy/api/next'"],
  ['0, /next', '0, /_proxy/api/next'],
  ['5', '5'],
  ['5; url=https://example.com/', '5; url=https://example.com/'],
])('a Refresh of %s becomes %s', (value, expected) => {
  expect(rewriteRefresh(value, place)).toBe(expected);
});
