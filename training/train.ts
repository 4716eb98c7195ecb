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
    new Option('--data <folder>', 'folder with RAVDESS, and the other corpora if you have them')
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
  .option('--init <file>', 'published weights of mn04 to begin with; at random without them')
  .option('--members <seeds>', 'seeds of the networks whose average ships', seedList, [1, 2, 3])
  .option(
    '--seeds <seeds>',
    'seeds of the networks that the protocols are measured with',
    seedList,
    [1],
  )
  .option('--steps <n>', 'steps of a fit', wholeNumber, 2500)
  .option('--learning-rate <rate>', 'largest learning rate', positive, 1e-3)
  .option('--votes <weight>', 'weight of the votes of listeners, 0 to 1', share, 0.25)
  .option('--no-random-split', 'leave out the fit on the random split, which leaks speakers')
  .option('--seed <n>', 'seed of the degradations', wholeNumber, 1)
  .option('--workers <n>', 'threads', wholeNumber, availableParallelism())
  .action(run);

async function run(options: {
  data: string;
  out: string;
  report: string;
  work: string;
  init?: string;
  members: number[];
  seeds: number[];
  steps: number;
  learningRate: number;
  votes: number;
  randomSplit: boolean;
  seed: number;
  workers: number;
}): Promise<void> {
  await interruptible(async (signal) => {
    await ensureFolder(options.report, '--report');
    const results = await trainNetwork({
      ...options,
      init: options.init ?? null,
      progress: progressOn(process.stderr),
      onPoint: (fit, { step, loss, watched }) =>
        console.error(
          `${fit}: step ${step}, loss ${loss.toFixed(3)}${watched === null ? '' : `, UAR of what is left out ${watched.toFixed(3)}`}`,
        ),
      signal,
    });
    await writeFile(join(options.report, 'results.json'), `${JSON.stringify(results, null, 1)}\n`);
    await writeFile(join(options.report, 'report.html'), networkReportHtml(results));
    console.log(networkSummary(results));
    console.log(`Model: ${options.out}\nReport: ${join(options.report, 'report.html')}`);
  });
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('Give a number above 0.');
  return value;
}

function share(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('Give a number from 0 to 1.');
  return value;
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
