import { defineConfig } from 'vitest/config';
import tests from './vitest.config.js';

/** Real processes and what can happen to them; see docs/operations.md. `npm run test:faults`. */
export default defineConfig({
  resolve: tests.resolve,
  oxc: tests.oxc,
  test: {
    name: 'faults',
    include: ['test/faults/**/*.faults.ts'],
    setupFiles: ['test/support/setup.ts'],
    globalSetup: ['test/support/compiled.global.ts', 'test/faults/support/report.ts'],
    // Half of a scenario is waiting.
    maxWorkers: 2,
    // A machine that CI shares with others may stand still for seconds, and most scenarios hold answers against a clock.
    // Races are not tried again. The table tells of every attempt.
    retry: process.env['CI'] ? 1 : 0,
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
