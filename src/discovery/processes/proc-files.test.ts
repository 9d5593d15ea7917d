import { describe, expect, it } from 'vitest';
import { parseStat } from './proc-files.ts';

const REST = '990 4121 990 34816 4121 4194304 1 2 3 4 5 6 7 8 20 0 11 0 264234 1 2 3';

describe('parseStat', () => {
  it.each(['node', 'my) S 1 (x', 'a b', ''])('reads parent and start time of a process called %j', (name) => {
    expect(parseStat(`4121 (${name}) S ${REST}`)).toEqual({ ppid: 990, startTicks: 264_234 });
  });

  it.each(['', 'nonsense', '4121 (node) S 990', '4121 (node) S x '.padEnd(80, '1 ')])(
    'gives nothing for %j',
    (line) => {
      expect(parseStat(line)).toBeUndefined();
    },
  );
});
