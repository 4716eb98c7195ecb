import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import type { Services } from '../bots/answer.ts';
import { ApiClient } from '../bots/api-client.ts';
import { startDiscordBot } from '../bots/discord/gateway.ts';
import { discordHosts } from '../bots/discord/rest.ts';
import { memoryLimits } from '../bots/limits.ts';
import { fileSettings } from '../bots/settings.ts';
import { slackHosts } from '../bots/slack/files.ts';
import { startSocketBot } from '../bots/slack/socket.ts';
import { oneWorkspace } from '../bots/slack/workspaces.ts';
import { handler as discordInteractions } from '../functions/discord-interactions.ts';
import { handler as slackEvents } from '../functions/slack-events.ts';
import { ROOT } from '../lib/root.ts';
import { proxyEvent } from '../tests/functions/event.ts';
import { slackRequestEvent } from '../tests/functions/slack-request.ts';
import { readEmotion } from '../tests/support/discord/commands.ts';
import { type LocalDiscord, startDiscord } from '../tests/support/discord/server.ts';
import { type Counterpart, startSlack } from '../tests/support/slack/counterpart.ts';
import { signedRequest } from '../tests/support/slack/http-delivery.ts';
import { eventBody, messageEvent } from '../tests/support/slack/payloads.ts';
import { FifoQueue } from '../tests/support/sqs.ts';
import { AS_RECORDED, fiveSeconds, latencies } from './measure.ts';
import { startServer } from './server.ts';

const REQUESTS = 300;
const NOTES = 40;
const WARMUPS = 10;

/** Rate limits of Discord that never apply. */
const NO_LIMITS = { limit: 1e6, seconds: 1 };

/**
 * The Discord bot against a local counterpart of Discord, with the real API and the shipped model: time
 * to the first response to an interaction, and to the reply to a voice note.
 */
export async function benchDiscord(): Promise<void> {
  const discord = await startDiscord({ rateLimits: { bucket: NO_LIMITS, global: NO_LIMITS } });
  try {
    console.log('\nDiscord, against a local counterpart');
    await discordInteraction(discord);
    await discordReply(discord);
  } finally {
    await discord.close();
  }
}

/** From the signed interaction to the first response, with the question in the queue. */
async function discordInteraction(discord: LocalDiscord): Promise<void> {
  const user = discord.world.addUser();
  const channel = discord.world.addChannel(discord.world.addGuild());
  const note = discord.postVoice(channel, user, new Uint8Array(1000));
  const event = () => {
    const { payload } = discord.begin(channel, readEmotion(note, { user, channel }));
    const body = JSON.stringify(payload);
    const headers = discord.interactions.signatureOf(body);
    return proxyEvent('POST', '/discord/interactions', { body, headers });
  };
  const { publicKey } = discord.interactions;
  const settings = { UNDERTONE_DISCORD_PUBLIC_KEY: publicKey };
  await webhook('interaction: verify, enqueue, respond', settings, discordInteractions, event);
}

/** From the event of the gateway to the reply at Discord's API. */
async function discordReply(discord: LocalDiscord): Promise<void> {
  await withServices(async (services) => {
    const bot = await startDiscordBot({
      token: discord.token,
      api: discord.api,
      services: { ...services, hosts: discordHosts([`http://${discord.cdn.host}`]) },
    });
    try {
      const audio = fiveSeconds(...AS_RECORDED);
      const user = discord.world.addUser();
      const channel = discord.world.addDirect(user);
      await repeat('message to reply, a note of 5 s', NOTES, async () => {
        const note = discord.postVoice(channel, user, audio, 5);
        await discord.until(() => discord.repliesTo(note).length === 1);
      });
    } finally {
      await bot.close();
    }
  });
}

/**
 * The Slack bot against a local counterpart of Slack, with the real API and the shipped model: time to
 * the acknowledgement of an event, and to the answer to a clip.
 */
export async function benchSlack(): Promise<void> {
  const manifest = await readFile(join(ROOT, 'bots', 'slack', 'manifest.json'), 'utf8');
  const slack = await startSlack({ manifest: JSON.parse(manifest) });
  // As Slack's clips are encoded; Ogg Opus is decoded without ffmpeg.
  const mp4 = ['-c:a', 'aac', '-f', 'mp4', '-movflags', 'frag_keyframe+empty_moov'];
  try {
    console.log('\nSlack, against a local counterpart');
    await slackEvent(slack);
    await slackAnswer(slack, 'a clip of 5 s (MP4)', fiveSeconds(...mp4));
    await slackAnswer(slack, 'an Ogg Opus file of 5 s', fiveSeconds(...AS_RECORDED));
  } finally {
    await slack.close();
  }
}

/** From the signed event to its acknowledgement, with the question in the queue. */
async function slackEvent(slack: Counterpart): Promise<void> {
  const ada = slack.workspace.addUser();
  const channel = slack.workspace.addChannel([ada], { hasBot: false });
  const place = { id: channel, kind: 'public', members: new Set<string>() } as const;
  const event = () => {
    const message = slack.say(channel, ada, { files: [{ content: new Uint8Array(1000) }] });
    const body = JSON.stringify(eventBody(messageEvent(message, place)));
    return slackRequestEvent(signedRequest(body, { secret: slack.signingSecret }));
  };
  const settings = {
    UNDERTONE_SLACK_SIGNING_SECRET: slack.signingSecret,
    UNDERTONE_SLACK_BOT_TOKEN: slack.botToken,
  };
  await webhook('event: verify, enqueue, acknowledge', settings, slackEvents, event);
}

/** From the envelope on the WebSocket to the post that Slack has accepted. */
async function slackAnswer(slack: Counterpart, name: string, note: Uint8Array): Promise<void> {
  await withServices(async (services) => {
    const { appToken, botToken } = slack;
    const hosts = slackHosts([`http://${slack.files.host}`]);
    const bot = await startSocketBot({
      appToken,
      workspaces: oneWorkspace(botToken, slack.api.url),
      apiUrl: slack.api.url,
      services: { ...services, hosts },
    });
    const ada = slack.workspace.addUser();
    const channel = slack.workspace.addChannel([ada], { kind: 'direct' });
    try {
      await repeat(`event to answer, ${name}`, NOTES, async (i) => {
        slack.say(channel, ada, { files: [{ content: note }] });
        while (slack.posts(channel).length <= i) await sleep(1);
      });
    } finally {
      await bot.stop();
    }
  });
}

/** Calls the handler of a webhook with signed requests; its queue is on this machine. */
async function webhook(
  name: string,
  settings: Readonly<Record<string, string>>,
  handler: (event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult>,
  nextEvent: () => APIGatewayProxyEvent,
): Promise<void> {
  const queue = new FifoQueue();
  await queue.start();
  Object.assign(process.env, queue.env, settings);
  const events = Array.from({ length: WARMUPS + REQUESTS }, nextEvent);
  await repeat(name, REQUESTS, async (i) => {
    const { statusCode } = await handler(events[i]);
    if (statusCode !== 200) throw new Error(`The response was ${statusCode}.`);
  });
  await queue.close();
}

/** Runs a bot with the API of a server of its own, and without limits for its users. */
async function withServices(run: (services: Omit<Services, 'hosts'>) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), 'undertone-bench-'));
  const server = await startServer();
  try {
    await run({
      api: new ApiClient({ endpoint: server.url }),
      settings: await fileSettings(join(folder, 'settings.json')),
      limits: memoryLimits({ perUser: 1e6, perChannel: 1e6 }),
    });
  } finally {
    server.kill();
    await rm(folder, { recursive: true });
  }
}

/** Times some runs, after a few that do not count, and prints median and 99th percentile. */
async function repeat(name: string, runs: number, work: (i: number) => Promise<void>) {
  const times: number[] = [];
  for (let i = 0; i < WARMUPS + runs; i++) {
    const start = performance.now();
    await work(i);
    times.push(performance.now() - start);
  }
  console.log(`  ${name.padEnd(52)} ${latencies(times.slice(WARMUPS), undefined, 1)}`);
}
