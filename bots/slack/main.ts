#!/usr/bin/env node
/**
 * The Slack bot for one's own machine: `npm run bot:slack`. docs/slack.md tells how to set it up.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { UndertoneError } from '../../core/errors.ts';
import type { Services } from '../answer.ts';
import { ApiClient } from '../api-client.ts';
import { dynamoLimits, memoryLimits } from '../limits.ts';
import { dynamoSettings } from '../settings/dynamodb.ts';
import { fileSettings } from '../settings/file.ts';
import { type SlackEnvironment, slackEnvironment } from './environment.ts';
import { slackHosts } from './files.ts';
import { startSocketBot } from './socket.ts';

const FAILED = 1;

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
  const refusal = await Promise.race([interrupted(), bot.revoked]);
  if (!refusal) print('Stopping: finishing what is under way. Press Ctrl+C again to stop at once.');
  await bot.stop();
  if (refusal) throw refusal;
}

async function servicesFor(environment: SlackEnvironment): Promise<Services> {
  const { apiEndpoint: endpoint, apiKey, table, settingsFile, botToken, fileHosts } = environment;
  const shared = {
    api: new ApiClient({ endpoint, apiKey }),
    hosts: slackHosts(botToken, fileHosts),
  };
  if (!table) {
    return { ...shared, settings: await fileSettings(settingsFile), limits: memoryLimits() };
  }
  const client = new DynamoDBClient();
  return {
    ...shared,
    settings: dynamoSettings(table, DynamoDBDocumentClient.from(client)),
    limits: dynamoLimits(table, client),
  };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Resolves at the first signal; the next one finds no listener and ends the process. */
function interrupted(): Promise<null> {
  return new Promise((resolve) => {
    const stop = () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      resolve(null);
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}
