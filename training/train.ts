import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { UndertoneError } from '../core/errors.ts';
import { reportHtml } from '../evaluation/report/html.ts';
import { ensureFolder } from '../lib/files.ts';
import { trainNetwork } from './network/train.ts';
import { networkReport, networkSummary } from './report/network/report.ts';
import { interruptible, progressOn, wholeNumber } from './terminal.ts';

const program = new Command('train')
  .description('Train the model that ships, and measure it on speakers it was not trained on.')
  .addOption(
    new Option('--data <folder>', 'folder with RAVDESS, and the other corpora if you have them')
      .env('UNDERTONE_DATA')
      .makeOptionMandatory(),
  )
  .option('--out <folder>', 'where to write the model', 'model')
  .option('--report <folder>', 'where to write the report', 'reports/latest')
  .option(
    '--work <folder>',
    'spectrograms and finished fits; a stopped run resumes from them',
    '.cache/training',
  )
  .option('--init <file>', 'published weights of mn04 to start from; random weights without it')
  .option(
    '--speech <file>',
    'published weights of the speech embedding; without it, no probe of that',
  )
  .option(
    '--members <seeds>',
    'seeds of the networks to average; "none": networks of the protocols',
    membersList,
    [1],
  )
  .option('--seeds <seeds>', 'seeds of the networks that are measured', seedList, [1])
  .option('--folds <numbers>', 'folds of RAVDESS to measure', seedList, [1, 2, 3, 4, 5])
  .option('--steps <n>', 'training steps of each network', wholeNumber, 2000)
  .option('--learning-rate <rate>', 'largest learning rate', positive, 1e-3)
  .option('--votes <weight>', 'weight of the votes of listeners, 0 to 1', share, 0)
  .option('--no-random-split', 'skip the random split, whose training and test share speakers')
  .option('--seed <n>', 'seed of the degradations', wholeNumber, 1)
  .option('--workers <n>', 'threads', wholeNumber, availableParallelism())
  .action(run);

async function run(options: {
  data: string;
  out: string;
  report: string;
  work: string;
  init?: string;
  speech?: string;
  members: number[];
  seeds: number[];
  folds: number[];
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
      speech: options.speech ?? null,
      progress: progressOn(process.stderr),
      onPoint: (fit, { step, loss, watched }) =>
        console.error(
          `${fit}: step ${step}, loss ${loss.toFixed(3)}${watched === null ? '' : `, validation UAR ${watched.toFixed(3)}`}`,
        ),
      signal,
    });
    await writeFile(join(options.report, 'results.json'), `${JSON.stringify(results, null, 1)}\n`);
    await writeFile(join(options.report, 'report.html'), reportHtml(networkReport(results)));
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
  const value = Number(text || undefined);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('Give a number from 0 to 1.');
  return value;
}

function membersList(text: string): number[] {
  return text === 'none' ? [] : seedList(text);
}

function seedList(text: string): number[] {
  const seeds = text.split(',').map((part) => wholeNumber(part.trim()));
  if (new Set(seeds).size !== seeds.length)
    throw new InvalidArgumentError('Name each seed only once.');
  return seeds;
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof UndertoneError ? error.message : error);
  process.exitCode = 1;
}
