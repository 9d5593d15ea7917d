import { describe, expect, it } from 'vitest';
import { clip, painter, printable, renderTable, wrap } from './text.ts';

const PLAIN = painter(false);

describe('renderTable()', () => {
  it('makes columns as wide as they need to be', () => {
    const table = renderTable(
      [{ title: 'A' }, { title: 'LONG' }, { title: 'C' }],
      [
        ['aaa', 'b', 'c'],
        ['a', '', 'cc'],
      ],
      PLAIN,
    );
    expect(table).toBe(['A    LONG  C', 'aaa  b     c', 'a          cc'].join('\n'));
  });

  it('cuts long cells and makes what is in them safe', () => {
    const table = renderTable([{ title: 'A', maxWidth: 5 }], [['1234567'], ['\u001b[2J']], PLAIN);
    expect(table).toBe('A\n1234…\n\ufffd[2J');
  });
});

describe('text for a terminal', () => {
  it('printable() leaves one line without control characters', () => {
    expect(printable('a\r\nb\tc\u0007\u202e')).toBe('a b c\ufffd\ufffd');
  });

  it('clip() keeps what fits', () => {
    expect([clip('abc', 3), clip('abcd', 3), clip('abc', 0)]).toEqual(['abc', 'ab…', '…']);
  });

  it('wrap() breaks at spaces and leaves long words whole', () => {
    expect(wrap('one two three-four five', 8)).toEqual(['one two', 'three-four', 'five']);
  });

  it('painter() without colours changes nothing', () => {
    expect(PLAIN('red', 'x')).toBe('x');
    expect(painter(true)('red', 'x')).toBe('\u001b[31mx\u001b[39m');
  });
});
