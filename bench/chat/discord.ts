import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient } from '../../bots/api-client.ts';
import { startDiscordBot } from '../../bots/discord/gateway.ts';
import { discordHosts } from '../../bots/discord/rest.ts';
import { memoryLimits } from '../../bots/limits.ts';
import { fileSettings } from '../../bots/settings.ts';
import { handler } from '../../functions/discord-interactions.ts';
import { proxyEvent } from '../../tests/functions/event.ts';
import { readEmotion } from '../../tests/support/discord/commands.ts';
import { type LocalDiscord, startDiscord } from '../../tests/support/discord/server.ts';
import { FifoQueue } from '../../tests/support/sqs.ts';
import { startServer } from '../server.ts';
import { fiveSeconds, NOTES, OGG, REQUESTS, report, WARMUPS } from './common.ts';

/** What the platform lets everybody do at once plays no part here. */
const NO_LIMITS = { limit: 1e6, seconds: 1 };

/**
 * The Discord bot against a counterpart of Discord on this machine, with the real API and the model that
 * ships: how long a request by HTTP waits for its first answer, and a voice note for its reply.
 */
export async function benchDiscord(): Promise<void> {
  const discord = await startDiscord({ rateLimits: { bucket: NO_LIMITS, global: NO_LIMITS } });
  try {
    console.log('\nDiscord, a counterpart of it on this machine');
    await firstAnswers(discord);
    await replies(discord);
  } finally {
    await discord.close();
  }
}

/** Signature, schema, first answer, and handing on to a queue on this machine. */
async function firstAnswers(discord: LocalDiscord): Promise<void> {
  const queue = new FifoQueue();
  await queue.start();
  const { publicKey } = discord.interactions;
  Object.assign(process.env, queue.env, { UNDERTONE_DISCORD_PUBLIC_KEY: publicKey });
  const user = discord.world.addUser();
  const channel = discord.world.addChannel(discord.world.addGuild());
  const note = discord.postVoice(channel, user, new Uint8Array(1000));
  const milliseconds: number[] = [];
  for (let i = 0; i < WARMUPS + REQUESTS; i++) {
    const { payload } = discord.begin(channel, readEmotion(note, { user, channel }));
    const body = JSON.stringify(payload);
    const headers = discord.interactions.signatureOf(body);
    const event = proxyEvent('POST', '/discord/interactions', { body, headers });
    const start = performance.now();
    const { statusCode } = await handler(event);
    milliseconds.push(performance.now() - start);
    if (statusCode !== 200) throw new Error(`It was answered with ${statusCode}.`);
  }
  await queue.close();
  report('verify, hand on, first answer', milliseconds);
}

/** From the event at the gateway to the reply at the API of Discord. */
async function replies(discord: LocalDiscord): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'undertone-bench-'));
  const api = await startServer();
  const bot = await startDiscordBot({
    token: discord.token,
    api: discord.api,
    services: {
      api: new ApiClient({ endpoint: api.url }),
      settings: await fileSettings(join(folder, 'settings.json')),
      limits: memoryLimits({ perUser: 1e6, perChannel: 1e6 }),
      hosts: discordHosts([`http://${discord.cdn.host}`]),
    },
  });
  try {
    const audio = fiveSeconds(...OGG);
    const user = discord.world.addUser();
    const channel = discord.world.addDirect(user);
    const milliseconds: number[] = [];
    for (let i = 0; i < WARMUPS + NOTES; i++) {
      const start = performance.now();
      const note = discord.postVoice(channel, user, audio, 5);
      await discord.until(() => discord.repliesTo(note).length === 1);
      milliseconds.push(performance.now() - start);
    }
    report('from the event to the reply, a note of 5 s', milliseconds);
  } finally {
    await bot.close();
    api.kill();
    await rm(folder, { recursive: true });
  }
}
