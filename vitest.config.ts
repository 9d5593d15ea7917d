import { defineConfig } from 'vitest/config';

/** Nobody waits that long on a quiet machine; on a busy one each step takes ten times its time, and no test is about that. */
const HANG_MS = 60_000;

export default defineConfig({
  test: {
    globalSetup: ['test/fixtures/right-node.ts'],
    reporters: ['default', './test/fixtures/skip-reporter.ts'],
    // Two cores: more workers only make real servers and browsers slower (three took as long, and browsers met their limits).
    maxWorkers: 2,
    pool: 'forks',
    // Tests side by side mostly wait.
    maxConcurrency: 20,
    // What is awaited comes when it comes; a busy machine takes longer than a second.
    expect: { poll: { timeout: 30_000 } },
    allowOnly: false,
    passWithNoTests: false,
    // The projects run in the order of their names, the larger files first. The long files of "real" come before the many
    // short ones of "unit", so that no core is idle at the end.
    projects: [
      {
        extends: true,
        test: {
          name: 'real',
          globalSetup: ['test/fixtures/bundled-program.ts'],
          include: ['test/**/*.test.ts'],
          exclude: ['**/node_modules/**', 'test/frameworks/**'],
          testTimeout: HANG_MS,
          hookTimeout: HANG_MS,
        },
      },
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts'],
          testTimeout: HANG_MS,
          hookTimeout: HANG_MS,
          // They mock no module and leave nothing behind: what they import need not be loaded a hundred times.
          isolate: false,
        },
      },
    ],
  },
});
