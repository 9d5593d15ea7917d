import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLsofFields, readingsOfPath, unescapeLsof } from './lsof-fields.ts';

describe('parseLsofFields', () => {
  it('reads processes with their files, in whatever order the fields come', () => {
    const text = 'p12\0R1\0cnode\0\nf22\0tIPv6\0n[::1]:1\0\nf23\0n*:2\0tIPv4\0\np13\0\np14\0cx\0\nfcwd\0n/\0\n';
    expect(parseLsofFields(text)).toEqual([
      {
        pid: 12,
        fields: { p: '12', R: '1', c: 'node' },
        files: [
          { f: '22', t: 'IPv6', n: '[::1]:1' },
          { f: '23', n: '*:2', t: 'IPv4' },
        ],
      },
      { pid: 13, fields: { p: '13' }, files: [] },
      { pid: 14, fields: { p: '14', c: 'x' }, files: [{ f: 'cwd', n: '/' }] },
    ]);
  });

  it('keeps names with quotes, brackets and line feeds, which begin no process', () => {
    const [process, ...others] = parseLsofFields('p7\0cwe"ird\np8)(\0\nf3\0n*:80\0\n');
    expect(process?.fields.c).toBe('we"ird\np8)(');
    expect(others).toEqual([]);
  });

  it('leaves out what makes no sense', () => {
    expect(parseLsofFields('')).toEqual([]);
    expect(parseLsofFields('lsof: no such thing\nf3\0n*:80\0px\0\np0\0\n')).toEqual([]);
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('p', 'f', '\0', '\n', '1', '\\', 'x') }), (text) => {
        for (const { pid } of parseLsofFields(text)) expect(pid).toBeGreaterThan(0);
      }),
    );
  });
});

describe('unescapeLsof', () => {
  it.each([
    ['/tmp/b\\xc3\\xbccher \\xe2\\x80\\x93 \\xe6\\x9c\\xac (x)', '/tmp/bücher – 本 (x)'],
    ['a\\nb\\t\\r\\f\\b', 'a\nb\t\r\f\b'],
    ['a\\\\x41\\\\n', 'a\\x41\\n'],
    ['/tmp/^X', '/tmp/^X'],
    ['/tmp/^\\xc2\\xa0', '/tmp/^\u00a0'],
    ['\\xff', '\uFFFD'],
    ['end\\', 'end\\'],
    ['\\q', '\\q'],
  ])('%j means %j', (text, meant) => {
    expect(unescapeLsof(text)).toBe(meant);
  });

  it('takes a caret for a control character when told to', () => {
    expect(unescapeLsof('^A^[^?x^', { carets: true })).toBe('\x01\x1b\uFFFDx^');
  });

  it('gives each reading of a path once, likeliest first', () => {
    expect(readingsOfPath('/srv/shop')).toEqual(['/srv/shop']);
    expect(readingsOfPath('/a^B\\n')).toEqual(['/a^B\n', '/a\x02\n', '/a^B\\n']);
  });

  it('is the inverse of what lsof does to text without carets', () => {
    const escaped = (text: string) =>
      [...Buffer.from(text)]
        .map((byte) => {
          if (byte === 0x5c) return '\\\\';
          if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
          return (
            { 8: '\\b', 9: '\\t', 10: '\\n', 12: '\\f', 13: '\\r' }[byte] ?? `\\x${byte.toString(16).padStart(2, '0')}`
          );
        })
        .join('');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(unescapeLsof(escaped(text))).toBe(text);
      }),
    );
  });
});
