import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { UndertoneError } from '../../core/errors.ts';
import { reportHtml } from '../../evaluation/report/html.ts';
import { ensureFolder } from '../../lib/files.ts';
import { baselinesReport, baselinesSummary } from '../report/baselines/report.ts';
import { interruptible, progressOn, wholeNumber } from '../terminal.ts';
import { FAMILIES, type Family } from './families.ts';
import { trainBaselines } from './train.ts';

const program = new Command('train:baselines')
  .description(
    'Train a random forest, boosted trees and a perceptron on the functionals of RAVDESS, and measure them on unseen speakers.',
  )
  .addOption(
    new Option('--data <folder>', 'folder with the unpacked RAVDESS archives')
      .env('UNDERTONE_DATA')
      .makeOptionMandatory(),
  )
  .option('--out <folder>', 'where to write the best model', 'reports/baselines/model')
  .option('--report <folder>', 'where to write the report', 'reports/baselines')
  .option(
    '--work <folder>',
    'caches and finished fits; a stopped run resumes from them',
    '.cache/baselines',
  )
  .option('--families <names>', `any of ${FAMILIES.join(', ')}`, familyList, [...FAMILIES])
  .option('--seed <n>', 'random seed', wholeNumber, 42)
  .option('--workers <n>', 'threads', wholeNumber, availableParallelism())
  .option('--quick', 'do not search hyperparameters')
  .action(run);

async function run(options: {
  data: string;
  out: string;
  report: string;
  work: string;
  families: Family[];
  seed: number;
  workers: number;
  quick?: boolean;
}): Promise<void> {
  await interruptible(async (signal) => {
    await ensureFolder(options.report, '--report');
    const results = await trainBaselines({
      ...options,
      isQuick: options.quick ?? false,
      progress: progressOn(process.stderr),
      signal,
    });
    await writeFile(join(options.report, 'results.json'), `${JSON.stringify(results, null, 1)}\n`);
    await writeFile(join(options.report, 'report.html'), reportHtml(baselinesReport(results)));
    console.log(baselinesSummary(results));
    console.log(
      `Model: ${options.out}\nReport: ${join(options.report, 'report.html')}\nFigures: ${join(options.report, 'results.json')}`,
    );
  });
}

function familyList(text: string): Family[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !FAMILIES.includes(name as Family));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`"${unknown}" is not one of ${FAMILIES.join(', ')}.`);
  }
  return [...new Set(names as Family[])];
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof UndertoneError ? error.message : error);
  process.exitCode = 1;
}
