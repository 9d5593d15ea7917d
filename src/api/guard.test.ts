import { describe, expect, it } from 'vitest';
import {
  bearerToken,
  type CallerVerdict,
  classifyCaller,
  isLoopback,
  isTypedNavigation,
  ownOrigin,
  type Place,
  type RequestHeaders,
  sameSecret,
} from './guard.ts';

const OWN = 'https://proxy.localhost:8443';
const NAVIGATE = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
const FETCH = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };
const CURL = { host: 'proxy.localhost', 'user-agent': 'curl/8.5.0', accept: '*/*' };

function kind(on: Place, method: string, headers: RequestHeaders): CallerVerdict['kind'] {
  return classifyCaller({ headers, on, method, ownOrigin: OWN }).kind;
}

describe('on the dashboard’s host', () => {
  const cases: [string, string, RequestHeaders, CallerVerdict['kind']][] = [
    ['our page reads', 'GET', { ...FETCH, 'sec-fetch-site': 'same-origin' }, 'browser'],
    ['our page writes', 'PUT', { ...FETCH, 'sec-fetch-site': 'same-origin', origin: OWN }, 'browser'],
    ['our page’s form', 'POST', { ...NAVIGATE, 'sec-fetch-site': 'same-origin', origin: OWN }, 'browser'],
    ['a typed page', 'GET', { ...NAVIGATE, 'sec-fetch-site': 'none' }, 'browser'],
    ['a typed page, HEAD', 'HEAD', { ...NAVIGATE, 'sec-fetch-site': 'none' }, 'browser'],
    ['a browser with Origin alone, ours', 'PUT', { origin: OWN }, 'browser'],
    ['a browser with Origin alone, another', 'PUT', { origin: 'https://shop.localhost:8443' }, 'refused'],
    ['a typed POST', 'POST', { ...NAVIGATE, 'sec-fetch-site': 'none' }, 'refused'],
    ['“none” without a navigation', 'GET', { ...FETCH, 'sec-fetch-site': 'none' }, 'refused'],
    ['an app’s fetch', 'GET', { ...FETCH, 'sec-fetch-site': 'cross-site' }, 'refused'],
    [
      'an app’s fetch with its origin',
      'GET',
      { ...FETCH, 'sec-fetch-site': 'cross-site', origin: 'https://shop.localhost' },
      'refused',
    ],
    ['a same-site sibling', 'GET', { ...FETCH, 'sec-fetch-site': 'same-site' }, 'refused'],
    [
      'an image on another page',
      'GET',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
      'refused',
    ],
    [
      'a frame on another page',
      'GET',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
      'refused',
    ],
    [
      'another page’s WebSocket',
      'GET',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'websocket', origin: 'https://evil.localhost' },
      'refused',
    ],
    [
      'another page’s form',
      'POST',
      { ...NAVIGATE, 'sec-fetch-site': 'cross-site', origin: 'https://evil.localhost:8443' },
      'refused',
    ],
    ['another page’s form without an origin', 'POST', { ...NAVIGATE, 'sec-fetch-site': 'cross-site' }, 'refused'],
    ['a link on another page', 'GET', { ...NAVIGATE, 'sec-fetch-site': 'cross-site' }, 'arrival'],
    ['a link on a same-site page', 'GET', { ...NAVIGATE, 'sec-fetch-site': 'same-site' }, 'arrival'],
    ['Origin null', 'POST', { ...NAVIGATE, 'sec-fetch-site': 'same-origin', origin: 'null' }, 'refused'],
    ['Origin null alone', 'GET', { origin: 'null' }, 'refused'],
    ['an empty Origin', 'GET', { origin: '' }, 'refused'],
    [
      'our origin on another port',
      'PUT',
      { 'sec-fetch-site': 'same-origin', origin: 'https://proxy.localhost:9999' },
      'refused',
    ],
    ['our origin by the other scheme', 'PUT', { origin: 'http://proxy.localhost:8443' }, 'refused'],
    ['two origins', 'PUT', { origin: [OWN, 'https://evil.localhost'] }, 'refused'],
    ['a doubled site header', 'GET', { 'sec-fetch-site': 'same-origin, cross-site' }, 'refused'],
    ['Sec-Fetch without the site', 'GET', FETCH, 'refused'],
    ['a Sec-Fetch header yet to be invented', 'GET', { 'sec-fetch-frob': 'x' }, 'refused'],
    ['curl', 'GET', CURL, 'program'],
    ['curl writes', 'PUT', CURL, 'program'],
    ['relayed by a proxy', 'GET', { ...CURL, 'x-forwarded-for': '1.2.3.4' }, 'refused'],
    ['relayed, standard header', 'GET', { ...CURL, forwarded: 'for=1.2.3.4' }, 'refused'],
    ['relayed, Via', 'GET', { ...CURL, via: '1.1 x' }, 'refused'],
    ['relayed by ourselves', 'GET', { ...CURL, 'x-hostwise-hop': '1' }, 'refused'],
    [
      'a relayed page of ours',
      'GET',
      { ...FETCH, 'sec-fetch-site': 'same-origin', 'x-forwarded-host': 'x' },
      'refused',
    ],
  ];
  it.each(cases)('%s (%s)', (_name, method, headers, expected) => {
    expect(kind('control', method, headers)).toBe(expected);
  });

  it('takes no origin for its own when Host is unreadable or another (rebinding)', () => {
    const headers = { ...FETCH, 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' };
    const ownOriginOfEvil = ownOrigin('evil.example', true, 'proxy.localhost');
    expect(ownOriginOfEvil).toBeUndefined();
    expect(classifyCaller({ headers, on: 'control', method: 'GET', ownOrigin: ownOriginOfEvil }).kind).toBe('refused');
  });
});

describe('on an app’s hostname', () => {
  const cases: [string, string, RequestHeaders, CallerVerdict['kind']][] = [
    ['the app’s own fetch', 'PUT', { ...FETCH, 'sec-fetch-site': 'same-origin', origin: OWN }, 'refused'],
    ['the app’s own fetch, reading', 'GET', { ...FETCH, 'sec-fetch-site': 'same-origin' }, 'refused'],
    ['a typed page', 'GET', { ...NAVIGATE, 'sec-fetch-site': 'none' }, 'to-dashboard'],
    ['a link', 'GET', { ...NAVIGATE, 'sec-fetch-site': 'same-origin' }, 'to-dashboard'],
    ['a form', 'POST', { ...NAVIGATE, 'sec-fetch-site': 'same-origin', origin: OWN }, 'refused'],
    [
      'a frame',
      'GET',
      { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
      'refused',
    ],
    [
      'a fetch over plain HTTP without Sec-Fetch',
      'GET',
      { 'accept-language': '', 'user-agent': 'x', accept: '*/*' },
      'refused',
    ],
    ['the same with a browser’s name', 'GET', { 'user-agent': 'Mozilla/5.0', accept: '*/*' }, 'refused'],
    [
      'a navigation over plain HTTP without Sec-Fetch',
      'GET',
      { 'user-agent': 'Mozilla/5.0', accept: 'text/html' },
      'to-dashboard',
    ],
    ['curl', 'GET', CURL, 'program'],
    ['curl that wants a page', 'GET', { ...CURL, accept: 'text/html' }, 'program'],
    ['relayed', 'GET', { ...CURL, 'x-forwarded-proto': 'https' }, 'refused'],
  ];
  it.each(cases)('%s (%s)', (_name, method, headers, expected) => {
    expect(kind('app', method, headers)).toBe(expected);
  });
});

describe('isTypedNavigation', () => {
  it.each<[string, string, RequestHeaders, boolean]>([
    ['typed', 'GET', { ...NAVIGATE, 'sec-fetch-site': 'none' }, true],
    ['a script’s navigation', 'GET', { ...NAVIGATE, 'sec-fetch-site': 'same-origin' }, false],
    ['a link elsewhere', 'GET', { ...NAVIGATE, 'sec-fetch-site': 'cross-site' }, false],
    ['a POST', 'POST', { ...NAVIGATE, 'sec-fetch-site': 'none' }, false],
    ['a fetch', 'GET', { ...FETCH, 'sec-fetch-site': 'none' }, false],
    ['curl', 'GET', { ...CURL, accept: 'text/html' }, false],
  ])('%s', (_name, method, headers, expected) => {
    expect(isTypedNavigation(headers, method)).toBe(expected);
  });
});

describe('ownOrigin', () => {
  it.each([
    ['proxy.localhost:8443', true, 'https://proxy.localhost:8443'],
    ['proxy.localhost:443', true, 'https://proxy.localhost'],
    ['proxy.localhost', false, 'http://proxy.localhost'],
    ['PROXY.localhost.:80', false, 'http://proxy.localhost'],
    ['proxy.localhost:443', false, 'http://proxy.localhost:443'],
    ['evil.example', true, undefined],
    ['a b', true, undefined],
    [undefined, true, undefined],
  ])('%s', (authority, secure, expected) => {
    expect(ownOrigin(authority, secure, 'proxy.localhost')).toBe(expected);
  });
});

describe('secrets', () => {
  it('reads a bearer token and no other scheme', () => {
    expect(bearerToken({ authorization: 'Bearer abc-123' })).toBe('abc-123');
    expect(bearerToken({ authorization: 'bearer  abc ' })).toBe('abc');
    expect(bearerToken({ authorization: 'Basic abc' })).toBeUndefined();
    expect(bearerToken({ authorization: 'Bearer a b' })).toBeUndefined();
    expect(bearerToken({})).toBeUndefined();
  });

  it('compares whole secrets, and an empty one equals nothing', () => {
    expect(sameSecret('abc', 'abc')).toBe(true);
    expect(sameSecret('ab', 'abc')).toBe(false);
    expect(sameSecret('abcd', 'abc')).toBe(false);
    expect(sameSecret('', '')).toBe(false);
    expect(sameSecret(undefined, 'abc')).toBe(false);
  });

  it('knows loopback addresses', () => {
    for (const yes of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) expect(isLoopback(yes)).toBe(true);
    for (const no of ['192.168.0.1', '::ffff:10.0.0.1', '127.evil', '::', undefined])
      expect(isLoopback(no)).toBe(false);
  });
});
