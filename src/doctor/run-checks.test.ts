import { describe, expect, it } from 'vitest';
import { AppError } from '../core/errors.ts';
import type { Check } from './check.ts';
import type { DoctorMachine } from './machine.ts';
import { isHealthy, runChecks } from './run-checks.ts';

/** No check here asks it anything. */
const MACHINE = {} as DoctorMachine;

function check(id: string, look: Check['look'], timeoutMs?: number): Check {
  return { id, title: id, look, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
}

describe('runChecks()', () => {
  it('keeps the order, and one that fails or hangs leaves the others alone', async () => {
    const findings = await runChecks(
      [
        check('hangs', () => new Promise(() => {}), 20),
        check('throws', () => {
          throw new TypeError('x is not a function');
        }),
        check('refuses', () => Promise.reject(new AppError('DATA_DIR_UNUSABLE', 'No room', { hint: 'make room' }))),
        check('works', async () => [{ id: 'works', title: 'works', state: 'ok', detail: 'fine' }]),
      ],
      MACHINE,
    );
    expect(findings).toEqual([
      { id: 'hangs', title: 'hangs', state: 'unknown', detail: 'this could not be found out in 0.02 s' },
      { id: 'throws', title: 'throws', state: 'unknown', detail: 'x is not a function' },
      { id: 'refuses', title: 'refuses', state: 'problem', detail: 'No room', fix: 'make room' },
      { id: 'works', title: 'works', state: 'ok', detail: 'fine' },
    ]);
    expect(isHealthy(findings)).toBe(false);
    expect(isHealthy(findings.filter(({ state }) => state !== 'problem'))).toBe(true);
  });
});
