/**
 * Print `N passed, N failed` from vitest's JSON report; what was skipped stands on a line before it.
 *
 *   node scripts/test-summary.mjs REPORT EXIT_CODE
 *
 * A run that failed without a failed test (a file that does not load, a broken check, no report at all) counts as one
 * failure: nobody may read "0 failed" from a run that was not well.
 */
import { readFileSync } from 'node:fs';

const [reportFile, exitCode] = process.argv.slice(2);
const report = readReport(reportFile);
const brokenFiles = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
const counted = report.numFailedTests + brokenFiles.length;
const failed = counted === 0 && exitCode !== '0' ? 1 : counted;
const skipped = report.numPendingTests + report.numTodoTests;
if (skipped > 0) console.log(`${skipped} skipped`);
console.log(`${report.numPassedTests} passed, ${failed} failed`);
if (failed > 0 || report.numPassedTests === 0) process.exitCode = 1;

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { testResults: [], numFailedTests: 0, numPassedTests: 0, numPendingTests: 0, numTodoTests: 0 };
  }
}
