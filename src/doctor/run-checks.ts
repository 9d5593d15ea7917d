/** All checks at once, each with its own time and its own failure. */
import { AppError, messageOf } from '../core/errors.ts';
import { CHECK_TIMEOUT_MS, type Check, type Finding } from './check.ts';
import type { DoctorMachine } from './machine.ts';

/** Run them. Never rejects; findings stand in the order of the checks. */
export async function runChecks(checks: readonly Check[], machine: DoctorMachine): Promise<Finding[]> {
  return (await Promise.all(checks.map((check) => runOne(check, machine)))).flat();
}

/** Is something broken? What could not be found out is not known to be. */
export function isHealthy(findings: readonly Finding[]): boolean {
  return findings.every(({ state }) => state !== 'problem');
}

async function runOne(check: Check, machine: DoctorMachine): Promise<Finding[]> {
  const { id, title, timeoutMs = CHECK_TIMEOUT_MS } = check;
  const line = (rest: Pick<Finding, 'state' | 'detail' | 'fix'>): Finding[] => [{ id, title, ...rest }];
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Finding[]>((resolve) => {
    timer = setTimeout(() => {
      resolve(line({ state: 'unknown', detail: `this could not be found out in ${timeoutMs / 1000} s` }));
    }, timeoutMs);
  });
  try {
    // A check that throws before its first await must not take the others along.
    return await Promise.race([Promise.resolve().then(() => check.look(machine)), late]);
  } catch (error) {
    if (!(error instanceof AppError)) return line({ state: 'unknown', detail: messageOf(error) });
    return line({ state: 'problem', detail: error.message, ...(error.hint === undefined ? {} : { fix: error.hint }) });
  } finally {
    clearTimeout(timer);
  }
}
