import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { UndertoneError } from '../core/errors.ts';
import { ensureFolder } from './folders.ts';
import { trainNetwork } from './network/train.ts';
import { networkReportHtml } from './report/network/html.ts';
import { networkSummary } from './report/network/summary.ts';
import { interruptible, progressOn, wholeNumber } from './terminal.ts';

const program = new Command('train')
  .description('Train the model that ships and measure it on speakers it never heard.')
  .addOption(
    new Option('--data <folder>', 'folder with RAVDESS, and CREMA-D and ESC-10 if you have them')
      .env('UNDERTONE_DATA')
      .makeOptionMandatory(),
  )
  .option('--out <folder>', 'where the model is written', 'model')
  .option('--report <folder>', 'where the figures are written', 'reports/latest')
  .option(
    '--work <folder>',
    'spectrograms and finished fits; a stopped run resumes',
    '.cache/training',
  )
  .option('--voice <file>', 'report of `npm run train:voice`', 'reports/voice/voice.json')
  .option('--members <seeds>', 'seeds of the networks whose average ships', seedList, [1, 2])
  .option('--other-seeds <seeds>', 'further seeds, run on two folds', seedList, [])
  .option('--steps <n>', 'steps of a cycle', wholeNumber, 4500)
  .option('--cycles <n>', 'fits that follow each other and are averaged', wholeNumber, 2)
  .option('--pretraining-steps <n>', 'steps of a fit on CREMA-D alone', wholeNumber, 5000)
  .option('--no-random-split', 'leave out the fits on the random split, which leaks speakers')
  .option('--width <n>', 'channels of the first layer', wholeNumber, 16)
  .option('--seed <n>', 'seed of the degradations', wholeNumber, 1)
  .option('--workers <n>', 'threads', wholeNumber, availableParallelism())
  .action(run);

async function run(options: {
  data: string;
  out: string;
  report: string;
  work: string;
  voice: string;
  members: number[];
  otherSeeds: number[];
  steps: number;
  cycles: number;
  randomSplit: boolean;
  pretrainingSteps: number;
  width: number;
  seed: number;
  workers: number;
}): Promise<void> {
  await interruptible(async (signal) => {
    await ensureFolder(options.report, '--report');
    const results = await trainNetwork({
      ...options,
      progress: progressOn(process.stderr),
      onPoint: (fit, { step, loss, watched }) =>
        console.error(
          `${fit}: step ${step}, loss ${loss.toFixed(3)}${watched === null ? '' : `, UAR of strangers ${watched.toFixed(3)}`}`,
        ),
      signal,
    });
    await writeFile(join(options.report, 'results.json'), `${JSON.stringify(results, null, 1)}\n`);
    await writeFile(join(options.report, 'report.html'), networkReportHtml(results));
    console.log(networkSummary(results));
    console.log(`Model: ${options.out}\nReport: ${join(options.report, 'report.html')}`);
  });
}

function seedList(text: string): number[] {
  const seeds = text.split(',').map((part) => wholeNumber(part.trim()));
  if (new Set(seeds).size !== seeds.length) throw new InvalidArgumentError('Name each seed once.');
  return seeds;
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof UndertoneError ? error.message : error);
  process.exitCode = 1;
}
