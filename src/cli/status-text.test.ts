import { describe, expect, it } from 'vitest';
import { duration } from './status-text.ts';

describe('duration', () => {
  it.each([
    [-5, '0 s'],
    [999, '0 s'],
    [8_000, '8 s'],
    [60_000, '1 min'],
    [754_000, '12 min 34 s'],
    [11_520_000, '3 h 12 min'],
    [273_600_000, '3 d 4 h'],
    [259_260_000, '3 d'],
  ])('%i ms is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });
});
