#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { UndertoneError } from '../core/index.ts';
import { ROOT } from '../lib/root.ts';
import { classifyCommand } from './classify.ts';
import { parseLabelSource, parseS3Url } from './cloud/s3-url.ts';
import { modelCommand } from './model.ts';
import { endWithOutput, printable } from './terminal.ts';

/** Exit codes besides 0: some inputs failed; the command line was wrong. */
const FAILED = 1;
const USAGE = 2;

// Users of the command cannot choose the version of the AWS SDK.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const program = new Command('undertone')
  .description('Hears the emotion in a voice note.')
  .version(version)
  .showHelpAfterError('(see undertone --help)')
  .exitOverride();

program
  .command('classify')
  .description('classify the emotion in recordings; searches folders, and reads stdin for "-"')
  .argument('<paths...>', 'files, folders or -')
  .option('--json', 'print one JSON array in the order of the arguments')
  .option('--csv', 'print one row per file')
  .option('--no-timeline', 'leave the timeline out of --json')
  .option('--model <folder>', 'model folder to use instead of the shipped one')
  .option('--workers <n>', 'number of processes for many files', positiveInteger)
  .action(async (paths, options) => {
    process.exitCode ??= (await classifyCommand(paths, options)) ? 0 : FAILED;
  });

program
  .command('evaluate')
  .description('measure the model on labelled recordings and write a report')
  .argument('<path>', 'folder with one folder an emotion, or CSV of file, label, speaker')
  .option('--report <file>', 'file for the report', 'undertone-evaluation.html')
  .option('--json', 'print the figures as JSON')
  .option('--model <folder>', 'model folder to use instead of the shipped one')
  .option('--workers <n>', 'number of processes', positiveInteger)
  .action(async (path, options) => {
    const { evaluateCommand } = await import('./evaluate/index.ts');
    process.exitCode ??= (await evaluateCommand(path, options)) ? 0 : FAILED;
  });

program
  .command('calibrate')
  .description('fit confidence and threshold on labelled recordings and write a model')
  .argument('<path>', 'folder with one folder an emotion, or CSV of file, label, speaker')
  .option('--out <folder>', 'folder for the model', 'undertone-model')
  .option('--accuracy <percent>', 'share of the answers that are to be correct', accuracy, 75)
  .option('--json', 'print the figures as JSON')
  .option('--model <folder>', 'model folder to begin with instead of the shipped one')
  .option('--workers <n>', 'number of processes', positiveInteger)
  .action(async (path, options) => {
    const { calibrateCommand } = await import('./evaluate/calibrate.ts');
    process.exitCode ??= (await calibrateCommand(path, options)) ? 0 : FAILED;
  });

program
  .command('model')
  .description('print the model card')
  .option('--json', 'print it as JSON')
  .option('--model <folder>', 'model folder to use instead of the shipped one')
  .action(modelCommand);

program
  .command('listen')
  .description('classify live speech from a microphone, every half second')
  .option('--device <name>', 'microphone to use instead of the default one')
  .option('--list-devices', 'list the microphones')
  .addOption(
    new Option('--from <file>', 'play a recording in real time instead').conflicts([
      'device',
      'listDevices',
    ]),
  )
  .option('--fast', 'process it as fast as possible')
  .option('--json', 'print one line of JSON for each verdict')
  .option('--model <folder>', 'model folder to use instead of the shipped one')
  .action(async (options, command: Command) => {
    if (options.fast && !options.from) command.error('error: --fast needs --from <file>.');
    const { listenCommand } = await import('./listen/index.ts');
    await listenCommand(options);
  });

program
  .command('watch')
  .description('label all recordings in a folder, and new ones as they appear')
  .argument('<folder>', 'folder to watch, with its subfolders')
  .option('--labels <folder>', 'folder for the labels (default: <folder>/labels)')
  .option('--json', 'print one line of JSON for each recording')
  .option('--model <folder>', 'model folder to use instead of the shipped one')
  .action(async (folder, options) => {
    const { watchCommand } = await import('./watch.ts');
    await watchCommand(folder, options);
  });

program
  .command('serve')
  .description('start the local server: page, API, drop folder and local cloud')
  .option('--port <n>', 'port to listen on', port, 8787)
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--inbox <folder>', 'folder to watch for recordings', 'inbox')
  .option('--labels <folder>', 'folder for the labels', 'labels')
  .option('--no-inbox', 'do not watch a folder')
  .option('--cloud <folder>', 'folder of the local cloud', '.undertone')
  .option('--no-cloud', 'do not start the local cloud; uploads are unavailable')
  .option(
    '--label-timeout <seconds>',
    'time limit for labelling a batch in the local cloud, from 30 to 900',
    labelTimeout,
    60,
  )
  .option(
    '--local-callbacks',
    'also post results to callbacks on this machine, over http, while you develop their receiver',
    false,
  )
  .action(async ({ inbox, cloud, ...options }) => {
    const { serve } = await import('./serve/index.ts');
    await serve({ ...options, inbox: inbox || null, cloud: cloud || null });
  });

program
  .command('site')
  .description('write the page as a static site that analyzes on the visitor’s device')
  .argument('<folder>', 'folder for the site')
  .option('--model <folder>', 'model folder to use instead of the shipped one')
  .action(async (folder, options) => {
    const { siteCommand } = await import('./site.ts');
    await siteCommand(folder, options);
  });

program
  .command('backfill')
  .description('label recordings already in a bucket')
  .argument('<address>', 's3://bucket or s3://bucket/prefix', parseS3Url)
  .option('--queue-url <url>', 'labelling queue (default: UNDERTONE_QUEUE_URL)')
  .option('--resume', 'continue where the last run with the same arguments ended')
  .option('--checkpoint <file>', 'file that stores the progress')
  .action(async (location, options) => {
    const { backfillCommand } = await import('./cloud/backfill.ts').catch(withoutSdk);
    await backfillCommand(location, options);
  });

program
  .command('labels')
  .description('export the labels of a results bucket or a folder, or query them')
  .argument('<address>', 's3://bucket/labels/, or a folder or file with labels', parseLabelSource)
  .option('--csv', 'print one row per recording (default)')
  .option('--jsonl', 'print one JSON object per line, with timelines')
  .option('--sql <query>', 'ask the table "labels" with a SELECT instead (needs DuckDB)')
  .option('--from <date>', 'first upload day, YYYY-MM-DD (UTC)', day)
  .option('--to <date>', 'last upload day', day)
  .action(async (source, options) => {
    const { labelsCommand } = await import('./cloud/labels.ts').catch(withoutSdk);
    process.exitCode ??= (await labelsCommand(source, options)) ? 0 : FAILED;
  });

/** Says what a command for AWS needs that is not installed with the library. */
function withoutSdk(error: NodeJS.ErrnoException): never {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  throw new UndertoneError(
    'setting-invalid',
    'This command needs the AWS SDK, which is not installed. Run "npm install @aws-sdk/client-s3 @aws-sdk/client-sqs" first.',
    { cause: error },
  );
}

const emptyText = (what: string) =>
  `${what} is empty. Leave it out or give a value; perhaps a variable of a script is not set.`;

/** Checks a calendar day, as in the partitions of the results. */
function day(text: string): string {
  const time = Date.parse(`${text}T00:00:00Z`);
  if (
    !/^\d{4}-\d\d-\d\d$/.test(text) ||
    Number.isNaN(time) ||
    new Date(time).toISOString().slice(0, 10) !== text
  ) {
    throw new InvalidArgumentError('Give a day such as 2026-05-31.');
  }
  return text;
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('Give a whole number of at least 1.');
  return value;
}

function accuracy(text: string): number {
  const value = Number(text);
  if (!(value >= 1 && value <= 99)) throw new InvalidArgumentError('Give a number from 1 to 99.');
  return value;
}

/** The slowest recording needs up to 30 seconds. */
function labelTimeout(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 30 && seconds <= 900)) {
    throw new InvalidArgumentError('Give a number of seconds from 30 to 900.');
  }
  return seconds;
}

function port(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) {
    throw new InvalidArgumentError('Give a port from 0 (any free one) to 65535.');
  }
  return value;
}

// A variable of a script that is not set: it would be taken for this folder, for a file without a name.
program.hook('preAction', (_, command) => {
  if (command.args.includes('')) command.error(`error: ${emptyText('An argument')}`);
  for (const option of command.options) {
    if (command.getOptionValue(option.attributeName()) !== '') continue;
    command.error(`error: ${emptyText(`The value of ${option.long}`)}`);
  }
});

endWithOutput(process.stdout);
// Where nobody can read what is said beside the results, they still come.
process.stderr.on('error', () => {});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  } else {
    const told = UndertoneError.from(error);
    console.error(printable(told.message));
    if (told !== error && process.env.DEBUG) console.error(error);
    process.exitCode = FAILED;
  }
}
