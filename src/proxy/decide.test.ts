import { describe, expect, it } from 'vitest';
import { type DecideRules, decide, type RequestHead } from './decide.ts';

const RULES: DecideRules = {
  domains: ['localhost'],
  redirectToHttps: 'nothing',
  httpsPort: 8443,
  seedPaths: true,
};

function head(part: Partial<RequestHead>): RequestHead {
  return {
    kind: 'request',
    method: 'GET',
    target: '/',
    authority: 'shop.localhost:8443',
    secure: true,
    serverName: 'shop.localhost',
    navigation: false,
    hop: undefined,
    coding: undefined,
    ...part,
  };
}

const verdict = (part: Partial<RequestHead>, rules: Partial<DecideRules> = {}) =>
  decide(head(part), { ...RULES, ...rules });

describe('decide() on the authority', () => {
  it('forwards an app name, folding case and a trailing dot', () => {
    expect(verdict({ authority: 'SHOP.Localhost.:8443' })).toEqual({
      kind: 'forward',
      hostname: 'shop.localhost',
      path: '/',
    });
  });

  it.each([
    ['missing', undefined, 'HOST_MISSING'],
    ['empty', '', 'HOST_MISSING'],
    ['sent twice', null, 'HOST_INVALID'],
    ['with a control character', 'shop\u0000.localhost', 'HOST_INVALID'],
    ['with an empty label', 'a..localhost', 'HOST_INVALID'],
    ['with userinfo', 'user@shop.localhost', 'HOST_INVALID'],
    ['with a port that is none', 'shop.localhost:99999', 'HOST_INVALID'],
    ['with a label over 63 characters', `${'a'.repeat(64)}.localhost`, 'HOST_INVALID'],
    ['with 20 labels', `${'a.'.repeat(20)}localhost`, 'HOST_INVALID'],
    ['foreign', 'evil.example', 'HOST_FOREIGN'],
    ['an IPv4 literal', '127.0.0.1:8443', 'HOST_FOREIGN'],
    ['an IPv6 literal', '[::1]:8443', 'HOST_FOREIGN'],
    ['a name that only ends like ours', 'notlocalhost', 'HOST_FOREIGN'],
  ])('rejects a host that is %s', (_what, authority, code) => {
    expect(verdict({ authority, serverName: undefined })).toMatchObject({ kind: 'reject', code });
  });

  it('accepts underscores inside a label and punycode', () => {
    for (const name of ['my_app.localhost', 'xn--mnchen-3ya.localhost']) {
      expect(verdict({ authority: name, serverName: name })).toMatchObject({ kind: 'forward', hostname: name });
    }
  });

  it('rejects a host other than the SNI name of the connection with 421', () => {
    expect(verdict({ authority: 'other.localhost' })).toMatchObject({ kind: 'reject', code: 'HOST_MISDIRECTED' });
  });

  it('ends a loop after 5 hops', () => {
    expect(verdict({ hop: '4' })).toMatchObject({ kind: 'forward' });
    expect(verdict({ hop: '5' })).toMatchObject({ kind: 'reject', code: 'REQUEST_LOOP' });
    expect(verdict({ hop: 'garbage' })).toMatchObject({ kind: 'forward' });
  });

  it('refuses a body in any coding but chunks', () => {
    for (const coding of ['chunked', 'Chunked', undefined])
      expect(verdict({ coding })).toMatchObject({ kind: 'forward' });
    for (const coding of ['gzip, chunked', 'chunked, chunked', 'identity', '']) {
      expect(verdict({ coding })).toMatchObject({ kind: 'reject', code: 'REQUEST_CODING' });
    }
  });

  it('takes the host of an absolute-form target, and rejects one that contradicts the Host header', () => {
    const target = 'http://shop.localhost:8443/a//b?x=1';
    expect(verdict({ target })).toEqual({ kind: 'forward', hostname: 'shop.localhost', path: '/a//b?x=1' });
    expect(verdict({ target: 'http://api.localhost/' })).toMatchObject({ kind: 'reject', code: 'HOST_INVALID' });
  });

  it('prefers the longest of overlapping domains', () => {
    const rules = { domains: ['localhost', 'dev.localhost'] };
    expect(verdict({ authority: 'proxy.dev.localhost', serverName: undefined }, rules)).toMatchObject({
      kind: 'control',
      on: 'control',
    });
  });
});

describe('decide() on paths', () => {
  it.each([
    '/_tls_check?domain=a.localhost',
    '/_debug',
    '/_api/mappings',
    '/_api/mappings/',
    '/_api/mappings/a.localhost',
    '/_hostwise/x',
  ])('takes %s from the app', (target) => {
    expect(verdict({ target })).toMatchObject({ kind: 'control', on: 'app' });
  });

  it.each(['/favicon.ico', '/_api/users', '/_api/mappingsX', '/_debugger', '/_next/x', '/_proxyX/y', '/__vite'])(
    'leaves %s to the app',
    (target) => {
      expect(verdict({ target })).toEqual({ kind: 'forward', hostname: 'shop.localhost', path: target });
    },
  );

  it('gives the seed paths back when they are off', () => {
    expect(verdict({ target: '/_debug' }, { seedPaths: false })).toMatchObject({ kind: 'forward' });
    expect(verdict({ target: '/_hostwise/x' }, { seedPaths: false })).toMatchObject({ kind: 'control' });
  });

  it.each(['proxy.localhost', 'anything.proxy.localhost', 'localhost'])('never routes %s', (authority) => {
    expect(verdict({ authority, serverName: undefined })).toMatchObject({ kind: 'control', on: 'control' });
  });

  it('cuts the prefix of a sibling and leaves every other byte', () => {
    expect(verdict({ target: '/_proxy/API/v1/a%2Fb//c?x=%20&y' })).toEqual({
      kind: 'forward',
      hostname: 'shop.localhost',
      service: 'api',
      prefix: '/_proxy/API',
      path: '/v1/a%2Fb//c?x=%20&y',
    });
    expect(verdict({ target: '/_proxy/api' })).toMatchObject({ path: '/' });
    expect(verdict({ target: '/_proxy/api?x' })).toMatchObject({ path: '/?x' });
  });

  it.each(['/_proxy/', '/_proxy/..%2f/x', '/_proxy//x', `/_proxy/${'a'.repeat(200)}/`])(
    'rejects the sibling %s',
    (target) => {
      expect(verdict({ target })).toMatchObject({ kind: 'reject', code: 'HOST_INVALID' });
    },
  );
});

describe('decide() on ?force and ?prompt', () => {
  it('finds them and says what remains', () => {
    expect(verdict({ target: '/a?x=1&force&prompt=the+old%20one&y' })).toMatchObject({
      path: '/a?x=1&force&prompt=the+old%20one&y',
      instruction: { force: true, prompt: 'the old one', path: '/a?x=1&y' },
    });
  });

  it('leaves force with a value, force on a POST, and other parameters alone', () => {
    for (const part of [{ target: '/?force=1' }, { target: '/?force', method: 'POST' }, { target: '/?myprompt=x' }]) {
      expect(verdict(part)).not.toHaveProperty('instruction');
    }
  });
});

describe('decide() on plain HTTP', () => {
  const plain = { secure: false, serverName: undefined, authority: 'shop.localhost:8080' };

  it('redirects to the HTTPS port when told to, with the path as it was', () => {
    expect(verdict({ ...plain, target: '/a?b' }, { redirectToHttps: 'everything' })).toEqual({
      kind: 'redirect',
      location: 'https://shop.localhost:8443/a?b',
    });
    expect(verdict({ ...plain }, { redirectToHttps: 'everything', httpsPort: 443 })).toMatchObject({
      location: 'https://shop.localhost/',
    });
  });

  it('redirects navigations alone where only browsers are known to trust the CA', () => {
    const rules = { redirectToHttps: 'navigations' } as const;
    expect(verdict({ ...plain, navigation: true }, rules)).toMatchObject({ kind: 'redirect' });
    expect(verdict({ ...plain }, rules)).toMatchObject({ kind: 'forward' });
  });

  it('never redirects /_tls_check or an upgrade', () => {
    const rules = { redirectToHttps: 'everything' } as const;
    expect(verdict({ ...plain, target: '/_tls_check?domain=x' }, rules)).toMatchObject({ kind: 'control' });
    expect(verdict({ ...plain, kind: 'upgrade' }, rules)).toMatchObject({ kind: 'forward' });
  });

  it('never redirects to a foreign host', () => {
    expect(verdict({ ...plain, authority: 'evil.example' }, { redirectToHttps: 'everything' })).toMatchObject({
      kind: 'reject',
    });
  });
});
