import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** What computes, and starts neither servers nor browsers. */
const NUMBERS = [
  'tests/core/**/*.test.ts',
  'tests/evaluation/**/*.test.ts',
  'tests/training/**/*.test.ts',
  'tests/cdk/{api,chat,security,stack,website}.test.ts',
];

export default defineConfig({
  test: {
    // Twice as many as there are cores: many of the files wait for a good part of their time.
    maxWorkers: 2 * availableParallelism(),
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'numbers',
          include: NUMBERS,
          // Many small files: a new process for each would take longer than the tests.
          isolate: false,
          unstubEnvs: true,
          restoreMocks: true,
        },
      },
      {
        extends: true,
        test: { name: 'programs', include: ['tests/**/*.test.ts'], exclude: NUMBERS },
      },
    ],
  },
});
