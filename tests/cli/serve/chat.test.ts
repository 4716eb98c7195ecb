import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { InteractionResponseType, PermissionFlagsBits } from 'discord-api-types/v10';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { stringsFor } from '../../../bots/wording/languages.ts';
import { startServer } from '../../../cli/serve/server.ts';
import { manifest, textOf } from '../../bots/slack/bot.ts';
import { voiceLike, wavFile } from '../../fixtures/audio.ts';
import { writeTinyModel } from '../../fixtures/model.ts';
import { expectProblem } from '../../functions/problem.ts';
import { slash } from '../../support/discord/commands.ts';
import { askDirectly } from '../../support/discord/direct-question.ts';
import type { LocalInteraction } from '../../support/discord/interactions.ts';
import { type LocalDiscord, startDiscord } from '../../support/discord/server.ts';
import { type Counterpart, startSlack } from '../../support/slack/counterpart.ts';
import { type Get, Visitor } from '../../support/slack/visitor.ts';
import { answerOf, rawRequest } from './http.ts';
import { type ServeProcess, startServe } from './process.ts';

const note = wavFile(voiceLike({ seconds: 1 }));
/** More questions than are worked on at a time. */
const BUSY = 4;

let folder: string;
let model: string;
let discord: LocalDiscord;
let slack: Counterpart;
let server: ServeProcess;
let url: string;

async function start(slackApp: Record<string, string> = oneWorkspace()): Promise<void> {
  server = startServe(folder, ['--port', '0', '--no-inbox'], {
    UNDERTONE_MODEL: model,
    UNDERTONE_DISCORD_PUBLIC_KEY: discord.interactions.publicKey,
    UNDERTONE_DISCORD_API: discord.api,
    UNDERTONE_SLACK_SIGNING_SECRET: slack.signingSecret,
    ...slackApp,
    UNDERTONE_SLACK_API: slack.api.url,
    UNDERTONE_FILE_HOSTS: `http://${discord.cdn.host},http://${slack.files.host}`,
  });
  [, url] = await server.printed(/listening at (\S+)/);
  await server.printed(/The local cloud is up/);
}

function oneWorkspace(): Record<string, string> {
  return { UNDERTONE_SLACK_BOT_TOKEN: slack.botToken };
}

function anyWorkspace(): Record<string, string> {
  return {
    UNDERTONE_SLACK_CLIENT_ID: slack.oauth.clientId,
    UNDERTONE_SLACK_CLIENT_SECRET: slack.oauth.clientSecret,
    UNDERTONE_SLACK_ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-chat-'));
  model = await writeTinyModel({ favourite: 'happy', confidence: 0.9 });
  discord = await startDiscord();
  slack = await startSlack({ manifest: await manifest() });
  slack.connectHttp(({ body, headers }) => send('/slack/events', body, headers));
  await start();
});

afterAll(async () => {
  server.child.kill('SIGKILL');
  await server.exit;
  await Promise.all([discord.close(), slack.close()]);
  await rm(folder, { recursive: true });
  await rm(model, { recursive: true });
});

/** Sends what a platform sends, through a tunnel that lends this machine its name. */
async function send(
  path: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url + path, {
      method: 'POST',
      headers: { host: 'some-words.tunnel.example', ...headers },
    });
    sent.on('response', async (response) => {
      resolve({ status: response.statusCode ?? 0, body: await text(response) });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Asks for a page through the tunnel. */
const get: Get = async (path, cookie) => {
  const headers = { host: 'some-words.tunnel.example', cookie };
  const page = await rawRequest(url, { path, headers });
  return { status: page.status, headers: new Headers(page.headers), html: page.body };
};

/** Sends an interaction and gives Discord the first answer. */
async function ask(interaction: LocalInteraction): Promise<void> {
  const sent = JSON.stringify(interaction.payload);
  const signature = discord.interactions.signatureOf(sent);
  const { status, body } = await send('/discord/interactions', sent, signature);
  expect(status, body).toBe(200);
  const response = JSON.parse(body);
  expect(response.type).toBe(InteractionResponseType.DeferredChannelMessageWithSource);
  discord.interactions.answer(interaction.id, interaction.token, response);
}

function isFetched(link: string): boolean {
  return discord.cdn.requests.has(new URL(link).pathname);
}

describe('with the public key of a Discord application', () => {
  test('a tap is answered by the same functions as in the cloud', async () => {
    await server.printed(/Chat {4}http:\S+\/discord\/interactions answers/);
    const { interaction } = askDirectly(discord, note);
    await ask(interaction);
    await discord.until(() => interaction.edits.length > 0);
    expect(JSON.stringify(interaction.original?.embeds)).toContain('Happy');
  });

  test('a channel is opened without a promise to answer what nobody asks about', async () => {
    const channel = discord.world.addChannel(discord.world.addGuild());
    const asker = {
      user: discord.world.addUser(),
      channel,
      permissions: PermissionFlagsBits.ManageChannels,
    };
    const interaction = discord.begin(channel, slash('auto on', asker));
    await ask(interaction);
    await discord.until(() => interaction.edits.length > 0);
    const description = interaction.original?.embeds[0].description;
    expect(description).toBe(stringsFor('en-US', 'discord-without-gateway').automaticOn);
    expect(description).toContain('I don’t answer on my own');
  });

  test('what Discord did not sign is refused', async () => {
    const body = JSON.stringify(askDirectly(discord, note).interaction.payload);
    const headers = discord.interactions.signatureOf(`${body} `);
    expect((await send('/discord/interactions', body, headers)).status).toBe(401);
    expect((await send('/discord/interactions', body, {})).status).toBe(401);
  });
});

test('with the secret and the token of a Slack app a note is answered in its thread', async () => {
  await server.printed(/Chat {4}http:\S+\/slack\/events answers/);
  const ada = slack.workspace.addUser();
  const channel = slack.workspace.addChannel([ada], { kind: 'direct' });
  const { ts } = slack.say(channel, ada, { files: [{ content: note }] });
  await vi.waitFor(() => expect(slack.posts()).toHaveLength(1), { timeout: 20_000 });
  const [post] = slack.posts();
  expect(post).toMatchObject({ channel, threadTs: ts });
  expect(textOf(post.blocks)).toContain('Happy');
  // Nobody else can install that app.
  expect((await get('/slack/install', '')).status).toBe(404);
});

test('what has begun when it is told to end is answered with its verdict', async () => {
  const { interaction, link } = askDirectly(discord, note);
  await ask(interaction);
  await discord.until(() => isFetched(link));
  server.child.kill('SIGTERM');
  expect(await server.exit).toMatchObject({ code: 0, err: '' });
  expect(JSON.stringify(interaction.original?.embeds)).toContain('Happy');
  await start(anyWorkspace());
});

/** A server in this process, whose environment names no platform. */
async function startBare() {
  const bare = await startServer({ port: 0, host: '127.0.0.1' });
  return { url: bare.url, [Symbol.asyncDispose]: () => bare.close() };
}

test('a platform that is not set up is told which variables do it', async () => {
  await using bare = await startBare();
  const answer = await answerOf(fetch(`${bare.url}/slack/events`, { method: 'POST', body: '{}' }));
  const detail = expectProblem(answer, 404, 'not-found');
  expect(detail).toContain('UNDERTONE_SLACK_SIGNING_SECRET and UNDERTONE_SLACK_BOT_TOKEN');
  expect(detail).toContain('docs/slack.md');
});

// By the server that was started when the first was told to end.
test('any workspace installs the Slack app through the tunnel, where it is set up so', async () => {
  const workspace = slack.addWorkspace();
  const page = await new Visitor(get).install(slack, workspace);
  expect(page.status).toBe(200);
  // Not the one of the page of this server, which allows scripts.
  expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src/);
  const ada = workspace.addUser();
  const channel = workspace.addChannel([ada], { kind: 'direct' });
  slack.say(channel, ada, { files: [{ content: note }] });
  const posts = () => slack.posts(channel, workspace);
  await vi.waitFor(() => expect(posts()).toHaveLength(1), { timeout: 20_000 });
  expect(posts()[0].text).toContain('Happy');
  server.child.kill('SIGTERM');
  expect(await server.exit).toMatchObject({ code: 0, err: '' });
  await start();
});

test('what waits when everything is killed is answered after the next start', async () => {
  // As many as are worked on at a time, and none of them comes to its end.
  const stuck: string[] = [];
  while (stuck.length < BUSY) {
    const { interaction, link } = askDirectly(discord, note);
    discord.cdn.replace(link, { drip: note, everyMs: 10_000 });
    stuck.push(link);
    await ask(interaction);
  }
  const { interaction: waiting } = askDirectly(discord, note);
  await ask(waiting);
  await discord.until(() => stuck.every(isFetched));
  server.child.kill('SIGKILL');
  await server.exit;
  expect(waiting.edits).toEqual([]);
  await start();
  await discord.until(() => waiting.edits.length > 0);
  expect(waiting.edits).toHaveLength(1);
  // Nothing of the others is lost: each is there, and comes again when its time is over.
  const left = () => readdir(join(folder, '.undertone', 'chat', 'messages'));
  await vi.waitFor(async () => expect(await left()).toHaveLength(BUSY));
});
