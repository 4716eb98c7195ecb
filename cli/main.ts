#!/usr/bin/env node
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { UndertoneError } from '../core/errors.ts';
import { classifyCommand } from './classify.ts';
import { modelCommand } from './model.ts';

/** Exit codes: everything worked; some inputs failed; the command line was wrong. */
const FAILED = 1;
const USAGE = 2;

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
  .command('serve')
  .description('start the local server: page, API and drop folder')
  .option('--port <n>', 'port to listen on', port, 8787)
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--inbox <folder>', 'folder whose new recordings are labelled', 'inbox')
  .option('--labels <folder>', 'folder that the labels are written to', 'labels')
  .option('--no-inbox', 'watch no folder')
  .action(async ({ inbox, ...options }) => {
    const { serve } = await import('./serve/index.ts');
    await serve({ ...options, inbox: inbox || null });
  });

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('Give a whole number from 1 on.');
  return value;
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
