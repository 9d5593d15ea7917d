import { expect, it } from 'vitest';
import { logText } from './log-frames.ts';

function frame(stream: number, text: string): Buffer {
  const head = Buffer.alloc(8);
  head[0] = stream;
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

it('joins the frames of both streams in their order', () => {
  expect(logText(Buffer.concat([frame(1, 'out\n'), frame(2, 'größer\n'), frame(1, '')]))).toBe('out\ngrößer\n');
});

it('takes what a terminal wrote as it is', () => {
  expect(logText(Buffer.from('\u001b[32mready\u001b[0m\r\n'))).toBe('\u001b[32mready\u001b[0m\r\n');
  expect(logText(Buffer.alloc(0))).toBe('');
});

it('begins with the first whole frame where the head was cut off, and ends where it ends', () => {
  const whole = Buffer.concat([frame(1, 'first line\n'), frame(2, 'second line\n'), frame(1, 'third line\n')]);
  for (const cut of [1, 3, 8, 12]) expect(logText(whole.subarray(cut))).toBe('second line\nthird line\n');
  expect(logText(whole.subarray(0, -3))).toBe('first line\nsecond line\nthird li');
});
