import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { InteractionResponseType, InteractionType } from 'discord-api-types/v10';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EN } from '../../bots/wording/languages.ts';
import { bundleGateway, bundleHandler } from '../../cdk/bundle/code.ts';
import { startLocalAws } from '../../local-cloud/aws.ts';
import { writeTinyModel } from '../fixtures/model.ts';
import { modelEvent, proxyEvent } from '../functions/event.ts';
import { askDirectly } from '../support/discord/direct-question.ts';
import { type LocalDiscord, startDiscord } from '../support/discord/server.ts';
import { startLambda } from '../support/runtime-api.ts';

/** Any architecture runs here: these bundles have no native code. */
const PLATFORM = { architecture: 'arm64', node: 20 } as const;

let folder: string;
let discord: LocalDiscord;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-bundle-'));
  discord = await startDiscord();
});

afterEach(async () => {
  await discord.close();
  await rm(folder, { recursive: true });
});

test('the Discord webhook verifies signatures', async () => {
  bundleHandler({ ...PLATFORM, name: 'discord-interactions' }, folder);
  const environment = { UNDERTONE_DISCORD_PUBLIC_KEY: discord.interactions.publicKey };
  await using lambda = await startLambda({ folder, environment });
  const body = JSON.stringify({ type: InteractionType.Ping });
  const headers = discord.interactions.signatureOf(body);
  const ask = async (sent: string) => {
    const event = proxyEvent('POST', '/discord/interactions', { body: sent, headers });
    return (await lambda.invoke<APIGatewayProxyResult>(event)).payload as APIGatewayProxyResult;
  };
  const pong = await ask(body);
  expect(pong.statusCode, lambda.log).toBe(200);
  expect(JSON.parse(pong.body)).toEqual({ type: InteractionResponseType.Pong });
  expect((await ask(`${body} `)).statusCode).toBe(401);
});

test('another model is bundled where its folder is given', async () => {
  const model = await writeTinyModel();
  bundleHandler({ ...PLATFORM, name: 'model', model }, folder);
  await rm(model, { recursive: true });
  await using lambda = await startLambda({ folder });
  const { payload } = await lambda.invoke<APIGatewayProxyResult>(modelEvent());
  expect(JSON.parse((payload as APIGatewayProxyResult).body).name, lambda.log).toBe('tiny');
});

test('the Slack webhook verifies signatures', async () => {
  bundleHandler({ ...PLATFORM, name: 'slack-events' }, folder);
  const secret = 'a signing secret';
  await using lambda = await startLambda({
    folder,
    environment: { UNDERTONE_SLACK_SIGNING_SECRET: secret, UNDERTONE_SLACK_BOT_TOKEN: 'xoxb-1' },
  });
  const body = JSON.stringify({ type: 'url_verification', challenge: 'prove it' });
  const timestamp = String(Math.floor(Date.now() / 1000));
  const hash = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  const headers = {
    'content-type': 'application/json',
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': `v0=${hash}`,
  };
  const ask = async (sent: string) => {
    const event = proxyEvent('POST', '/slack/events', { body: sent, headers });
    return (await lambda.invoke<APIGatewayProxyResult>(event)).payload as APIGatewayProxyResult;
  };
  expect((await ask(`${body} `)).statusCode, lambda.log).toBe(401);
  const answer = await ask(body);
  expect(answer.statusCode, lambda.log).toBe(200);
  expect(JSON.parse(answer.body)).toEqual({ challenge: 'prove it' });
});

test('the pages of the Slack app lead to Slack', async () => {
  bundleHandler({ ...PLATFORM, name: 'slack-install' }, folder);
  await using lambda = await startLambda({
    folder,
    environment: {
      UNDERTONE_SLACK_SIGNING_SECRET: 'a signing secret',
      UNDERTONE_SLACK_CLIENT_ID: '123.456',
      UNDERTONE_SLACK_CLIENT_SECRET: 'a client secret',
      UNDERTONE_SLACK_ENCRYPTION_KEYS: Buffer.alloc(32, 7).toString('base64'),
      UNDERTONE_SLACK_INSTALLATIONS_TABLE: 'installations',
    },
  });
  const event = proxyEvent('GET', '/slack/install', {});
  const { payload } = await lambda.invoke<APIGatewayProxyResult>(event);
  const { statusCode, headers, body } = payload as APIGatewayProxyResult;
  expect(statusCode, lambda.log).toBe(200);
  expect(headers?.['content-type']).toContain('text/html');
  expect(body).toMatch(
    /href="https:\/\/slack\.com\/oauth\/v2\/authorize\?scope=[^"]+client_id=123\.456"/,
  );
});

test('the worker always answers, here that a voice message is gone', async () => {
  bundleHandler({ ...PLATFORM, name: 'chat' }, folder);
  const aws = await startLocalAws({ folder: null });
  await using lambda = await startLambda({
    folder,
    // As in the stack: the remaining time decides how long a note may take.
    timeoutMs: 120_000,
    environment: {
      ...aws.env,
      UNDERTONE_DISCORD_API: discord.api,
      UNDERTONE_FILE_HOSTS: `http://${discord.cdn.host}`,
      // Not called: a missing note is not sent to the API.
      UNDERTONE_API_ENDPOINT: 'http://127.0.0.1:9',
    },
  });
  const { interaction, link } = askDirectly(discord, new Uint8Array(100));
  discord.cdn.replace(link, { status: 404 });
  const type = InteractionResponseType.DeferredChannelMessageWithSource;
  discord.interactions.answer(interaction.id, interaction.token, { type });
  const body = JSON.stringify({
    platform: 'discord',
    id: interaction.id,
    payload: interaction.payload,
  });
  const attributes = { ApproximateReceiveCount: '1', MessageGroupId: 'discord-1' };
  const event = { Records: [{ messageId: '1', body, attributes }] };
  // A message that SQS delivers twice is processed once.
  for (let i = 0; i < 2; i++) {
    const answer = await lambda.invoke(event);
    expect(answer, lambda.log).toEqual({ isError: false, payload: { batchItemFailures: [] } });
  }
  expect(interaction.edits).toHaveLength(1);
  expect(JSON.stringify(interaction.edits[0])).toContain(EN.errors['attachment-gone']);
  expect(lambda.log).not.toContain(interaction.token);
  await lambda.close();
  await aws.close();
});

test('the bot in the image logs in, writes nothing to disk and stops on SIGTERM', async () => {
  bundleGateway({ node: PLATFORM.node }, folder);
  const aws = await startLocalAws({ folder: null });
  const bot = spawn(process.execPath, ['index.mjs'], {
    cwd: folder,
    env: {
      ...aws.env,
      UNDERTONE_DISCORD_TOKEN: discord.token,
      UNDERTONE_DISCORD_API: discord.api,
      UNDERTONE_API_ENDPOINT: 'http://127.0.0.1:9',
    },
  });
  let output = '';
  for (const stream of [bot.stdout, bot.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const ended = once(bot, 'close');
  await discord.until(() => output.includes('Undertone is connected to Discord'));
  bot.kill('SIGTERM');
  const [code] = await ended;
  expect(code, output).toBe(0);
  expect(await readdir(folder)).toEqual(['Dockerfile', 'index.mjs']);
  await aws.close();
});
