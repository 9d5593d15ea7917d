import { describe, expect, it } from 'vitest';
import { type HeaderLookup, isLoadedAhead, isNavigation } from './page-format.ts';

function headers(all: Record<string, string>): HeaderLookup {
  return (name) => all[name];
}

const navigate = (dest: string) =>
  headers({ 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': dest, accept: 'text/html' });

describe('isNavigation()', () => {
  it('is a page in a tab', () => {
    expect(isNavigation('GET', navigate('document'))).toBe(true);
    expect(isNavigation('GET', headers({ accept: 'text/html,*/*' }))).toBe(true);
    expect(isNavigation('POST', navigate('document'))).toBe(false);
    expect(isNavigation('GET', headers({ accept: '*/*' }))).toBe(false);
  });

  it.each(['iframe', 'frame', 'embed', 'object', 'fencedframe', 'empty', 'image'])('is no %s of a page', (dest) => {
    expect(isNavigation('GET', navigate(dest))).toBe(false);
  });
});

describe('isLoadedAhead()', () => {
  it.each([
    [{ 'sec-purpose': 'prefetch' }],
    [{ 'sec-purpose': 'prefetch;prerender' }],
    [{ 'sec-purpose': 'prefetch;anonymous-client-ip' }],
    [{ purpose: 'prefetch' }],
    [{ purpose: 'preview' }],
    [{ 'x-moz': 'prefetch' }],
  ])('is so with %j', (all) => {
    expect(isLoadedAhead(headers(all as Record<string, string>))).toBe(true);
  });

  it('is not so without', () => {
    expect(isLoadedAhead(headers({ purpose: 'of life' }))).toBe(false);
  });
});
