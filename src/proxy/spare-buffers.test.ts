import { expect, it } from 'vitest';
import { giveBack, isSpare, takeSpare } from './spare-buffers.ts';

it('a buffer has one owner at a time, and there is an end to them', () => {
  const taken = Array.from({ length: 40 }, takeSpare);
  const given = taken.filter((spare) => spare !== undefined);
  expect(given.length).toBeLessThan(40);
  expect(new Set(given.map(({ buffer }) => buffer)).size).toBe(given.length);
  expect(takeSpare()).toBeUndefined();
  expect(given.every((spare) => isSpare(spare.subarray(1, 2)))).toBe(true);
  expect(isSpare(Buffer.alloc(10))).toBe(false);
  // A part of it stands for the whole.
  const [one] = given;
  if (one) giveBack(one.subarray(0, 10));
  // Twice is no more than once.
  if (one) giveBack(one);
  const again = takeSpare();
  expect(again?.buffer).toBe(one?.buffer);
  expect(again).toHaveLength(one?.length ?? 0);
  expect(takeSpare()).toBeUndefined();
});

it('frees the memory of a piece that has its own, and leaves alone what is shared', () => {
  const own = Buffer.from(new ArrayBuffer(100));
  giveBack(own);
  expect(own).toHaveLength(0);
  const shared = Buffer.from(new ArrayBuffer(100));
  const part = shared.subarray(0, 50);
  giveBack(part);
  giveBack(Buffer.alloc(0));
  expect(part).toHaveLength(50);
});
