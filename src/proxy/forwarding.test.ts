import { describe, expect, it } from 'vitest';
import type { Exchange } from './exchange.ts';
import { forwardingOf } from './forwarding.ts';

/** Only what the fields are made of. */
function from(peer: string | undefined, secure = true): Exchange {
  return { secure, socket: { remoteAddress: peer } } as unknown as Exchange;
}

describe('what an upstream is told of the client', () => {
  it('is that of this client, whoever asked for the same host before', () => {
    const first = forwardingOf(from('127.0.0.1'), 'shop.localhost', 0, undefined);
    expect(first.fields.slice(0, 2)).toEqual(['X-Forwarded-For', '127.0.0.1']);
    expect(first.lines?.split('\r\n')).toEqual([
      'X-Forwarded-For: 127.0.0.1',
      'X-Forwarded-Host: shop.localhost',
      'X-Forwarded-Proto: https',
      'Forwarded: for=127.0.0.1;host="shop.localhost";proto=https',
      'X-Hostwise-Hop: 1',
      '',
    ]);
    const others = [
      forwardingOf(from('::1'), 'shop.localhost', 0, undefined),
      forwardingOf(from('127.0.0.1', false), 'shop.localhost', 0, undefined),
      forwardingOf(from('127.0.0.1'), 'shop.localhost', 1, undefined),
      forwardingOf(from('127.0.0.1'), 'shop.localhost', 0, '/_proxy/api'),
      forwardingOf(from('127.0.0.1'), 'blog.localhost', 0, undefined),
      first,
    ];
    expect(new Set(others.map(({ lines }) => lines)).size).toBe(others.length);
    expect(others[0]?.lines).toContain('Forwarded: for="[::1]";host="shop.localhost";proto=https\r\n');
    expect(forwardingOf(from('127.0.0.1'), 'shop.localhost', 0, undefined).fields).toEqual(first.fields);
  });

  it('is not written as lines where one would be another', () => {
    expect(forwardingOf(from('127.0.0.1'), 'shop.localhost\r\nX: y', 0, undefined).lines).toBeUndefined();
  });

  it('is made again when hosts without number have been asked for', () => {
    const text = (i: number) => forwardingOf(from('127.0.0.1'), `h${i}.localhost`, 0, undefined).lines;
    const first = text(0);
    for (let i = 1; i < 1_200; i++) expect(text(i)).toContain(`h${i}.localhost`);
    expect(text(0)).toBe(first);
  });
});
