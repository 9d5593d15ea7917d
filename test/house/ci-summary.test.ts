/** The last line of the gate's output is read by programs: it must never claim more than the report says. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../fixtures/temp-dir.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/test-summary.mjs', import.meta.url));

interface Outcome {
  lines: string[];
  code: number;
}

/** What the summary prints for a report (undefined: vitest wrote none) of a run that ended with `exitCode`. */
async function summaryOf(report: object | undefined, exitCode: number): Promise<Outcome> {
  const file = join(await tempDir('hw-report'), 'tests.json');
  if (report !== undefined) await writeFile(file, JSON.stringify(report));
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, file, String(exitCode)], (error, stdout) => {
      resolve({ lines: stdout.trimEnd().split('\n'), code: error === null ? 0 : 1 });
    });
  });
}

const GREEN = { numPassedTests: 7, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };

describe('the summary of a test run', () => {
  it('counts what passed', async () => {
    expect(await summaryOf(GREEN, 0)).toEqual({ lines: ['7 passed, 0 failed'], code: 0 });
  });

  it('counts what failed, and fails', async () => {
    expect(await summaryOf({ ...GREEN, numFailedTests: 2 }, 1)).toEqual({ lines: ['7 passed, 2 failed'], code: 1 });
  });

  it('says on a line before what was skipped', async () => {
    const report = { ...GREEN, numPendingTests: 3 };
    expect(await summaryOf(report, 0)).toEqual({ lines: ['3 skipped', '7 passed, 0 failed'], code: 0 });
  });

  it('counts a file that did not load as a failure', async () => {
    const report = { ...GREEN, testResults: [{ status: 'failed', assertionResults: [] }] };
    expect(await summaryOf(report, 1)).toEqual({ lines: ['7 passed, 1 failed'], code: 1 });
  });

  it('counts a run that failed for another reason as one failure', async () => {
    expect(await summaryOf(GREEN, 1)).toEqual({ lines: ['7 passed, 1 failed'], code: 1 });
  });

  it('takes no report for a failure', async () => {
    expect(await summaryOf(undefined, 1)).toEqual({ lines: ['0 passed, 1 failed'], code: 1 });
  });

  it('takes a run of no tests for a failure', async () => {
    expect(await summaryOf({ ...GREEN, numPassedTests: 0 }, 0)).toMatchObject({ code: 1 });
  });
});
