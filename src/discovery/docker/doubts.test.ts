import { describe, expect, it } from 'vitest';
import { Doubts } from './doubts.ts';

describe('Doubts', () => {
  it('asks again at once, then with growing patience, at last every minute', () => {
    let nowMs = 0;
    const doubts = new Doubts(() => nowMs);
    doubts.add('a', { words: 'broken', isStale: true });
    expect(doubts.due()).toEqual([{ id: 'a', isFirst: true }]);
    const waits = Array.from({ length: 9 }, () => {
      doubts.add('a', { words: 'broken', isStale: true });
      const fromMs = nowMs;
      while (doubts.due().length === 0) nowMs += 500;
      expect(doubts.due()).toEqual([{ id: 'a', isFirst: false }]);
      return (nowMs - fromMs) / 1000;
    });
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('warns of one by its words and counts the others, until nothing is doubtful', () => {
    const doubts = new Doubts(() => 0);
    doubts.add('quiet', { words: undefined, isStale: false });
    expect(doubts.warning).toBeUndefined();
    expect(doubts.due()).toEqual([{ id: 'quiet', isFirst: false }]);
    doubts.add('a', { words: 'answered 500', isStale: true });
    doubts.add('b', { words: 'hangs', isStale: false });
    expect(doubts.warning).toBe('answered 500 (and 1 more)');
    expect(['quiet', 'a', 'b', 'c'].map((id) => doubts.isStale(id))).toEqual([false, true, false, false]);
    for (const id of ['a', 'b', 'quiet']) doubts.clear(id);
    expect(doubts.warning).toBeUndefined();
    expect(doubts.due()).toEqual([]);
  });
});
