import { defineConfig } from 'vitest/config';

/** The tests that `npm run mutation` runs: those of core/ alone, which need no build. */
export default defineConfig({
  test: {
    include: ['tests/core/**/*.test.ts'],
    testTimeout: 60_000,
    isolate: false,
    unstubEnvs: true,
    restoreMocks: true,
  },
});
