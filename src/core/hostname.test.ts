import { describe, expect, it } from 'vitest';
import { classifyHostname, normalizeHostname, parseAuthority, toLabel } from './hostname.ts';

describe('parseAuthority()', () => {
  it.each([
    ['Shop.LOCALHOST', 'shop.localhost', undefined],
    ['shop.localhost.:443', 'shop.localhost', 443],
    ['[::1]:8443', '::1', 8443],
    ['127.0.0.1', '127.0.0.1', undefined],
  ])('reads %s', (text, hostname, port) => {
    expect(parseAuthority(text)).toEqual({ hostname, port });
  });

  it.each(['', ':80', 'a:', 'a:0', 'a:1:2', 'a b', 'a@b', '[::1', 'a.-b', '.a', `${'a'.repeat(254)}`])(
    'refuses %j',
    (text) => {
      expect(parseAuthority(text)).toBeNull();
    },
  );
});

describe('normalizeHostname()', () => {
  it('takes 253 characters and refuses 254', () => {
    const long = `${'a'.repeat(61)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}`;
    expect(long).toHaveLength(253);
    expect(normalizeHostname(long)).toBe(long);
    expect(normalizeHostname(`a${long}`)).toBeNull();
  });

  it('folds ASCII only: look-alikes are refused', () => {
    expect(normalizeHostname('\u212Aim.localhost')).toBeNull();
    expect(normalizeHostname('shöp.localhost')).toBeNull();
  });
});

describe('classifyHostname()', () => {
  it.each([
    ['shop.localhost', { kind: 'app', name: 'shop', domain: 'localhost' }],
    ['a.b.localhost', { kind: 'app', name: 'a.b', domain: 'localhost' }],
    ['localhost', { kind: 'control', domain: 'localhost' }],
    ['proxy.localhost', { kind: 'control', domain: 'localhost' }],
    ['x.proxy.localhost', { kind: 'control', domain: 'localhost' }],
    ['myproxy.localhost', { kind: 'app', name: 'myproxy', domain: 'localhost' }],
    ['localhost.example', { kind: 'foreign' }],
  ])('knows %s', (hostname, expected) => {
    expect(classifyHostname(hostname, ['localhost'])).toEqual(expected);
  });
});

describe('toLabel()', () => {
  it.each([
    ['feature/Fix_UI', 'feature-fix-ui'],
    ['@shop/web', 'shop-web'],
    ['Café Münster', 'cafe-munster'],
    ['---', ''],
  ])('turns %s into %s', (text, label) => {
    expect(toLabel(text)).toBe(label);
  });

  it('cuts long names to 63 characters and keeps two of one beginning apart', () => {
    const [a, b] = [toLabel(`${'x'.repeat(80)}a`), toLabel(`${'x'.repeat(80)}b`)];
    expect(a.length).toBeLessThanOrEqual(63);
    expect(a).not.toBe(b);
  });
});
