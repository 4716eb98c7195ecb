import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { UndertoneError } from '../../core/errors.ts';
import { ensureFolder } from '../folders.ts';
import { reportHtml } from '../report/html.ts';
import { summaryText } from '../report/summary.ts';
import { interruptible, progressOn, wholeNumber } from '../terminal.ts';
import { FAMILIES, type Family } from './families.ts';
import { trainBaselines } from './train.ts';

const program = new Command('train:baselines')
  .description(
    'Train forest, boosted trees and perceptron on the functionals of RAVDESS, and measure them on speakers they never heard.',
  )
  .addOption(
    new Option('--data <folder>', 'folder that holds the RAVDESS archives, unpacked')
      .env('UNDERTONE_DATA')
      .makeOptionMandatory(),
  )
  .option('--out <folder>', 'where the best of them is written', 'reports/baselines/model')
  .option('--report <folder>', 'where the figures are written', 'reports/baselines')
  .option('--work <folder>', 'caches and finished steps; a stopped run resumes', '.cache/baselines')
  .option('--families <names>', `of ${FAMILIES.join(', ')}`, familyList, [...FAMILIES])
  .option('--seed <n>', 'seed of every random choice', wholeNumber, 42)
  .option('--workers <n>', 'threads', wholeNumber, availableParallelism())
  .option('--quick', 'no search, first parameters of each family')
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
    await writeFile(join(options.report, 'report.html'), reportHtml(results));
    console.log(summaryText(results));
    console.log(
      `Model: ${options.out}\nReport: ${join(options.report, 'report.html')}\nFigures: ${join(options.report, 'results.json')}`,
    );
  });
}

function familyList(text: string): Family[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !FAMILIES.includes(name as Family));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`"${unknown}" is none of ${FAMILIES.join(', ')}.`);
  }
  return [...new Set(names as Family[])];
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(error instanceof UndertoneError ? error.message : error);
  process.exitCode = 1;
}
