import { expect, it } from 'vitest';
import { LISTENER_LIMITS, limitsFor } from './listener-limits.ts';

it.each([
  [undefined, LISTENER_LIMITS.maxConnections],
  [1_048_576, LISTENER_LIMITS.maxConnections],
  [4_096, 1_948],
  [256, 28],
  [50, 16],
])('where %s files may be open, %i clients may be connected', (openFiles, maxConnections) => {
  expect(limitsFor(openFiles)).toEqual({ ...LISTENER_LIMITS, maxConnections });
});
