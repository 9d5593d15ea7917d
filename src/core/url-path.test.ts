import { expect, it } from 'vitest';
import { isBelow } from './url-path.ts';

it.each([
  ['/api', true],
  ['/api/', true],
  ['/api?x', true],
  ['/api/../x', true],
  ['/apifoo', false],
  ['/API', false],
  ['/%61pi', false],
  ['/x/../api', false],
  ['//api', false],
  ['/', false],
])('%s is below /api: %s', (path, expected) => {
  expect(isBelow(path, '/api')).toBe(expected);
});
