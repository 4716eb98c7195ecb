import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What computes, and starts no server of ours and no browser. */
const NUMBERS = [
  'tests/{bench,core}/**/*.test.ts',
  'tests/evaluation/**/*.test.ts',
  // Without the one that opens reports in a browser.
  'tests/training/**/!(pages).test.ts',
  'tests/cdk/{api,chat,compaction,config,ffmpeg,gateway,security,stack,website}.test.ts',
];

/**
 * What uses packages (AWS, Discord, Slack) whose import takes longer than most of the tests. Files share
 * processes, in which a package is loaded once; tests/between-files.ts keeps them apart.
 */
const SERVICES = [
  'tests/{functions,lib}/**/*.test.ts',
  // Without those that start programs, which load packages of their own, or need a processor for themselves.
  'tests/bots/*.test.ts',
  'tests/bots/discord/!(programs|rate-limits).test.ts',
  'tests/bots/slack/!(burst|main|manifest).test.ts',
  'tests/local-cloud/{aws,fifo,queue}.test.ts',
  'tests/cli/serve/{admission,drop-folder}.test.ts',
  'tests/{architecture,docs}.test.ts',
  // What opens pages: in each process, its files also share a browser (tests/web/browser.ts).
  'tests/{web,device}/*.test.ts',
  'tests/training/report/pages.test.ts',
];

/** Take half a minute to a minute each: begun last, they would run alone at the end. */
const LONGEST = [
  'training/network/train',
  'fuzz',
  'web/uploads',
  'local-cloud/batch',
  'web/looks',
  'core/audio/decode',
  'cdk/asset',
  'device/page',
  'cli/cloud/labels',
  'bots/slack/burst',
  'bots/discord/rate-limits',
].map((name) => `/tests/${name}.test.ts`);

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) =>
      LONGEST.some((name) => moduleId.endsWith(name));
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    // Twice as many as there are cores: many of the files wait for a good part of their time. More are slower.
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
        test: {
          name: 'services',
          include: SERVICES,
          isolate: false,
          setupFiles: 'tests/between-files.ts',
        },
      },
      {
        extends: true,
        test: {
          name: 'programs',
          include: ['tests/**/*.test.ts'],
          exclude: [...NUMBERS, ...SERVICES],
        },
      },
    ],
  },
});
