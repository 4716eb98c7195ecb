#!/usr/bin/env node
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { UndertoneError } from '../core/index.ts';
import { classifyCommand } from './classify.ts';
import { parseS3Url } from './cloud/s3-url.ts';
import { modelCommand } from './model.ts';

/** Exit codes: everything worked; some inputs failed; the command line was wrong. */
const FAILED = 1;
const USAGE = 2;

// Which version of the AWS SDK is used is not for the user of a command to decide.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const program = new Command('undertone')
  .description('Hears the emotion in a voice note.')
  .showHelpAfterError('(undertone --help shows what is possible)')
  .exitOverride();

program
  .command('classify')
  .description('say the emotion of recordings; folders are searched, "-" reads one from stdin')
  .argument('<paths...>', 'files, folders or -')
  .option('--json', 'one JSON array in the order of the arguments')
  .option('--csv', 'one row per file')
  .option('--no-timeline', 'leave the timeline out of --json')
  .option('--model <folder>', 'model folder to use instead of the shipped one')
  .option('--workers <n>', 'processes to share many files between', positiveInteger)
  .action(async (paths, options) => {
    process.exitCode = (await classifyCommand(paths, options)) ? 0 : FAILED;
  });

program
  .command('model')
  .description('print the model card')
  .option('--json', 'as it is stored')
  .option('--model <folder>', 'model folder to use instead of the shipped one')
  .action(modelCommand);

program
  .command('listen')
  .description('say the emotion of a voice while it speaks, every half second')
  .option('--device <name>', 'microphone to listen to instead of the standard one')
  .option('--list-devices', 'name the microphones that there are')
  .addOption(
    new Option('--from <file>', 'play a recording in real time instead').conflicts([
      'device',
      'listDevices',
    ]),
  )
  .option('--fast', 'play it as fast as it can be heard')
  .option('--json', 'one line of JSON for each verdict')
  .option('--model <folder>', 'model folder to use instead of the shipped one')
  .action(async (options, command: Command) => {
    if (options.fast && !options.from) command.error('error: --fast needs --from <file>.');
    const { listenCommand } = await import('./listen/index.ts');
    await listenCommand(options);
  });

program
  .command('watch')
  .description('label everything in a folder, and whatever appears in it')
  .argument('<folder>', 'folder with its subfolders')
  .option('--labels <folder>', 'folder that the labels are written to (default: <folder>/labels)')
  .option('--json', 'one line of JSON for each recording')
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
  .option('--inbox <folder>', 'folder whose new recordings are labelled', 'inbox')
  .option('--labels <folder>', 'folder that the labels are written to', 'labels')
  .option('--no-inbox', 'watch no folder')
  .option('--cloud <folder>', 'folder of the local S3 and its queue', '.undertone')
  .option('--no-cloud', 'start no local S3, so no uploads')
  .option(
    '--label-timeout <seconds>',
    'after which labelling objects of the local S3 is tried again, from 30 on',
    labelTimeout,
    60,
  )
  .action(async ({ inbox, cloud, ...options }) => {
    const { serve } = await import('./serve/index.ts');
    await serve({ ...options, inbox: inbox || null, cloud: cloud || null });
  });

program
  .command('backfill')
  .description('have what is in a bucket already labelled, as if it came now')
  .argument('<address>', 's3://bucket or s3://bucket/prefix', parseS3Url)
  .option('--queue-url <url>', 'labelling queue; UNDERTONE_QUEUE_URL without it')
  .option('--resume', 'go on where the last call with the same arguments ended')
  .option('--checkpoint <file>', 'file that keeps how far it has come')
  .action(async (location, options) => {
    const { backfillCommand } = await import('./cloud/backfill.ts');
    await backfillCommand(location, options);
  });

program
  .command('labels')
  .description('gather the labels of a results bucket')
  .argument('<address>', 's3://bucket/labels/', parseS3Url)
  .option('--csv', 'one row per recording; the default')
  .option('--jsonl', 'one JSON object per line, with timelines')
  .option('--from <date>', 'first day on which recordings came, YYYY-MM-DD (UTC)', day)
  .option('--to <date>', 'last day', day)
  .action(async (location, options) => {
    const { labelsCommand } = await import('./cloud/labels.ts');
    process.exitCode = (await labelsCommand(location, options)) ? 0 : FAILED;
  });

/** A day of the calendar as the partitions of the results have it. */
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
    throw new InvalidArgumentError('Give a whole number from 1 on.');
  return value;
}

/** Less would not do for the slowest recording. */
function labelTimeout(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 30 && seconds <= 900)) {
    throw new InvalidArgumentError('Give a number of seconds from 30 to 900.');
  }
  return seconds;
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535) {
    throw new InvalidArgumentError('Give a port from 0 (any free one) to 65535.');
  }
  return value;
}

// `undertone classify … | head` closes the pipe: that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  } else {
    console.error(UndertoneError.from(error).message);
    if (!(error instanceof UndertoneError) && process.env.DEBUG) console.error(error);
    process.exitCode = FAILED;
  }
}
