#!/usr/bin/env node
/**
 * The Slack bot for one's own machine: `npm run bot:slack`. docs/slack.md tells how to set it up.
 */
import { UndertoneError } from '../../core/errors.ts';
import { interrupted } from '../../core/process/interrupted.ts';
import type { Services } from '../answer.ts';
import { ApiClient } from '../api-client.ts';
import { logEvent } from '../log.ts';
import { fileMemory, tableMemory } from '../memory.ts';
import { type SlackEnvironment, slackEnvironment } from './environment.ts';
import { slackHosts } from './files.ts';
import { startSocketBot } from './socket.ts';

const FAILED = 1;

/** What the client of Socket Mode fails with while it reads what comes must not end the bot. */
process.on('unhandledRejection', (reason) => logEvent('slack: an unexpected failure', reason));

try {
  await run(slackEnvironment());
} catch (thrown) {
  const error = UndertoneError.from(thrown);
  process.stderr.write(`${error.message}\n`);
  if (error.code === 'internal') process.stderr.write(`${String(error.cause)}\n`);
  process.exitCode = FAILED;
}
// A connection that Slack does not close properly would keep the process.
process.exit();

/** Runs the bot until SIGINT or SIGTERM, or until Slack takes a token back. */
async function run(environment: SlackEnvironment): Promise<void> {
  const { appToken, botToken, slackApi } = environment;
  const services = await servicesFor(environment);
  const bot = await startSocketBot({ services, appToken, botToken, apiUrl: slackApi });
  print(`The Slack bot is connected. It asks ${environment.apiEndpoint} about voice notes.`);
  const refusal = await Promise.race([interrupted().then(() => null), bot.revoked]);
  if (!refusal) print('Stopping: finishing what is under way. Press Ctrl+C again to stop at once.');
  await bot.stop();
  if (refusal) throw refusal;
}

async function servicesFor(environment: SlackEnvironment): Promise<Services> {
  const { apiEndpoint: endpoint, apiKey, table, settingsFile, botToken, fileHosts } = environment;
  return {
    api: new ApiClient({ endpoint, apiKey }),
    hosts: slackHosts(botToken, fileHosts),
    ...(table ? tableMemory(table) : await fileMemory(settingsFile)),
  };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
