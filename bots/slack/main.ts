#!/usr/bin/env node
/** The self-hosted Slack bot: `npm run bot:slack`. docs/slack.md explains how to set it up. */
import { UndertoneError } from '../../core/index.ts';
import { interrupted } from '../../lib/interrupted.ts';
import { logEvent } from '../../lib/log.ts';
import { slackEnvironment } from '../environment.ts';
import { botServices } from '../services.ts';
import { slackHosts } from './files.ts';
import { startSocketBot } from './socket.ts';

const FAILED = 1;

/** Errors inside the Socket Mode client must not stop the bot. */
process.on('unhandledRejection', (reason) => logEvent('slack: an unexpected failure', reason));

try {
  await run();
} catch (thrown) {
  const error = UndertoneError.from(thrown);
  process.stderr.write(`${error.message}\n`);
  if (error.code === 'internal') process.stderr.write(`${String(error.cause)}\n`);
  process.exitCode = FAILED;
}
// A connection that Slack does not close properly would keep the process alive.
process.exit();

/** Runs the bot until SIGINT or SIGTERM, or until Slack revokes a token. */
async function run(): Promise<void> {
  const environment = slackEnvironment();
  const { UNDERTONE_SLACK_APP_TOKEN: appToken, UNDERTONE_SLACK_BOT_TOKEN: botToken } = environment;
  const hosts = slackHosts(botToken, environment.UNDERTONE_FILE_HOSTS);
  const services = await botServices(environment, hosts);
  const apiUrl = environment.UNDERTONE_SLACK_API;
  const bot = await startSocketBot({ services, appToken, botToken, apiUrl });
  // Before the line is printed: whoever waits for it may end the bot at once.
  const stopped = interrupted().then(() => null);
  print(
    `The Slack bot is connected and uses ${environment.UNDERTONE_API_ENDPOINT}. Press Ctrl+C to stop.`,
  );
  const refusal = await Promise.race([stopped, bot.revoked]);
  if (!refusal) print('Stopping after the pending answers. Press Ctrl+C again to stop at once.');
  await bot.stop();
  if (refusal) throw refusal;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
