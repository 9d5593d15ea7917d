import { expect, it } from 'vitest';
import { latencyLines, trafficWords } from './chart-lines.ts';

const slice = (requests: number, p95Ms: number | null, errors = 0) => ({
  atMs: 0,
  requests,
  errors,
  p50Ms: p95Ms === null ? null : p95Ms / 2,
  p95Ms,
});
const SLICES = [slice(0, null), slice(4, 10), slice(2, 20, 1), slice(0, null), slice(1, 5)];
const SIZE = { width: 50, height: 24, slowest: 20 };

it('draws a line for each run of slices with traffic, and a level one for a slice alone', () => {
  expect(latencyLines(SLICES, 'p95Ms', SIZE)).toEqual(['15.0,12.0 25.0,2.0', '40.0,17.0 50.0,17.0']);
  expect(latencyLines([slice(0, null)], 'p50Ms', SIZE)).toEqual([]);
});

it('says the same in words', () => {
  expect(trafficWords(SLICES)).toBe('7 requests in 15 minutes, 1 error, lately 2.5 ms, 95 % within 5 ms');
});
