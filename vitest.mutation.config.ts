import { defineConfig } from 'vitest/config';

/** The tests that `npm run mutation` runs: those of core/ alone, which need no build. */
export default defineConfig({
  test: {
    include: ['tests/core/**/*.test.ts'],
    // With all the changes in it, the code takes longer.
    testNamePattern: /^(?!what is repeated takes no more than its share of time)/,
    testTimeout: 600_000,
    isolate: false,
    unstubEnvs: true,
    restoreMocks: true,
  },
});
