import { expect, it } from 'vitest';
import { OncePerPause } from './once-per-pause.ts';

it('lets a key be done once in a pause, each by itself', () => {
  let now = 0;
  const once = new OncePerPause(() => now, 10_000);
  expect([once.mayNow('a'), once.mayNow('a'), once.mayNow('b')]).toEqual([true, false, true]);
  now = 9_999;
  expect(once.mayNow('a')).toBe(false);
  now = 10_000;
  expect(once.mayNow('a')).toBe(true);
});
