#!/usr/bin/env node
/** The self-hosted Slack bot: `npm run bot:slack`. docs/slack.md explains how to set it up. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createAdaptorServer } from '@hono/node-server';
import { UndertoneError } from '../../core/index.ts';
import { interrupted } from '../../lib/interrupted.ts';
import { logEvent } from '../../lib/log.ts';
import { encryptionWith } from '../encryption.ts';
import { slackEnvironment } from '../environment.ts';
import { botServices, tableClient } from '../services.ts';
import { slackHosts } from './files.ts';
import { type InstallPages, installPages } from './install.ts';
import { dynamoInstallations, fileInstallations } from './installations.ts';
import { INSTALL_PATH, REDIRECT_PATH } from './payloads.ts';
import { startSocketBot } from './socket.ts';
import { type DistributedApp, installedWorkspaces, oneWorkspace } from './workspaces.ts';

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

type Environment = ReturnType<typeof slackEnvironment>;

/** Runs the bot until SIGINT or SIGTERM, or until Slack revokes its token. */
async function run(): Promise<void> {
  const environment = slackEnvironment();
  const { UNDERTONE_SLACK_APP_TOKEN: appToken, UNDERTONE_SLACK_API: apiUrl } = environment;
  const hosts = slackHosts(environment.UNDERTONE_FILE_HOSTS);
  const services = await botServices(environment, hosts);
  const { UNDERTONE_SLACK_BOT_TOKEN: botToken } = environment;
  const app = await distributedApp(environment);
  const workspaces = app ? installedWorkspaces(app) : oneWorkspace(`${botToken}`, apiUrl);
  const url = app && (await servePages(installPages(app), environment));
  const bot = await startSocketBot({ services, appToken, workspaces, apiUrl });
  // Before the line is printed: whoever waits for it may end the bot at once.
  const stopped = interrupted().then(() => null);
  print(
    `The Slack bot is connected and uses ${environment.UNDERTONE_API_ENDPOINT}. Press Ctrl+C to stop.`,
  );
  if (url) print(`Workspaces install it at ${url}${INSTALL_PATH}, through a tunnel with HTTPS.`);
  const refusal = await Promise.race([stopped, bot.revoked]);
  if (!refusal) print('Stopping after the pending answers. Press Ctrl+C again to stop at once.');
  await bot.stop();
  if (refusal) throw refusal;
}

/** Returns the app that any workspace can install; undefined if there is one workspace with its token. */
async function distributedApp(environment: Environment): Promise<DistributedApp | undefined> {
  if (environment.UNDERTONE_SLACK_CLIENT_ID === undefined) return undefined;
  const encryption = encryptionWith(environment.UNDERTONE_SLACK_ENCRYPTION_KEYS);
  const { UNDERTONE_SLACK_INSTALLATIONS_TABLE: table } = environment;
  return {
    clientId: environment.UNDERTONE_SLACK_CLIENT_ID,
    clientSecret: environment.UNDERTONE_SLACK_CLIENT_SECRET,
    encryption,
    installations: table
      ? dynamoInstallations(table, DynamoDBDocumentClient.from(tableClient()), encryption)
      : await fileInstallations(environment.UNDERTONE_SLACK_INSTALLATIONS_FILE, encryption),
    apiUrl: environment.UNDERTONE_SLACK_API,
  };
}

/**
 * Serves the pages of the installation on the loopback address, and nothing else: the tunnel that lets
 * browsers and Slack in ends there.
 *
 * @returns their address
 */
async function servePages(pages: InstallPages, environment: Environment): Promise<string> {
  const port = Number(
    'UNDERTONE_SLACK_INSTALL_PORT' in environment && environment.UNDERTONE_SLACK_INSTALL_PORT,
  );
  const server = createAdaptorServer({
    fetch: (request) => {
      const isPage = [INSTALL_PATH, REDIRECT_PATH].includes(new URL(request.url).pathname);
      return isPage && request.method === 'GET' ? pages(request) : notFound();
    },
    overrideGlobalObjects: false,
  }) as Server;
  server.unref().listen(port, '127.0.0.1');
  await once(server, 'listening').catch((cause) => {
    throw new UndertoneError(
      'port-taken',
      `Nothing can listen at port ${port} of 127.0.0.1. Set UNDERTONE_SLACK_INSTALL_PORT to a free port.`,
      { cause },
    );
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function notFound(): Response {
  return new Response('There is nothing at this address.\n', { status: 404 });
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
