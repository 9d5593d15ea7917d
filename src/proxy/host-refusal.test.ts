import { describe, expect, it } from 'vitest';
import { AnswerPeek, hostChecker, mayRefuseHost } from './host-refusal.ts';

describe('an answer is looked into', () => {
  const html = ['Content-Type', 'text/html; charset=utf-8'];
  it.each([
    [403, html, '500', true],
    [403, [], undefined, true],
    [400, ['content-type', 'TEXT/PLAIN'], undefined, true],
    [200, html, '19', true],
    [200, html, '20', false],
    [200, html, undefined, false],
    [404, html, '19', false],
    [500, html, undefined, false],
    [403, ['content-type', 'application/json'], '5', false],
    [403, ['content-type', 'text/event-stream'], undefined, false],
    [403, [...html, 'Content-Encoding', 'br'], '5', false],
  ])('with status %i, %j and length %s: %s', (status, headers, length, expected) => {
    expect(mayRefuseHost(status, headers, length)).toBe(expected);
  });
});

describe('a refusal', () => {
  it.each([
    [403, 'Blocked request. This host ("a") is not allowed.\nTo allow', 'vite'],
    [403, ' Invalid Host header\n', 'webpack'],
    [400, "DisallowedHost at /\nInvalid HTTP_HOST header: 'a'. You may need to add", 'django'],
    [403, 'Blocked host: a', 'rails'],
    [403, '<h1>Blocked hosts: a, b</h1>', 'rails'],
    [400, 'Invalid Host header', undefined],
    [400, 'Blocked hosts: a', undefined],
    [403, 'Unblocked hosts: none', undefined],
    [403, 'DisallowedHost: Invalid HTTP_HOST header:', undefined],
    [400, 'DisallowedHost', undefined],
  ])('with status %i and %j is by %s', (status, text, by) => {
    expect(hostChecker(status, text)).toBe(by);
  });

  it('is known when its words come in pieces, and not sought beyond 16 KiB', () => {
    const peek = new AnswerPeek(403);
    expect(peek.add(Buffer.from('Blocked ho'))).toBeUndefined();
    expect(peek.add(Buffer.from('sts: a'))).toBe('rails');
    const long = new AnswerPeek(403);
    expect(long.add(Buffer.from(`${'x'.repeat(16 * 1024)}Blocked hosts: a`))).toBeUndefined();
    expect(long.isFull).toBe(true);
  });
});
