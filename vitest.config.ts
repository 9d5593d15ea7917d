import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/frameworks/**'],
    globalSetup: ['test/fixtures/right-node.ts'],
    reporters: ['default', './test/fixtures/skip-reporter.ts'],
    // Two cores: more workers only make real servers and browsers slower.
    maxWorkers: 2,
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // What is awaited comes when it comes; a busy machine takes longer than a second.
    expect: { poll: { timeout: 10_000 } },
    allowOnly: false,
    passWithNoTests: false,
  },
});
