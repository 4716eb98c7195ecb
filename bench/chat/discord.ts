import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient } from '../../bots/api-client.ts';
import { startDiscordBot } from '../../bots/discord/gateway.ts';
import { discordHosts } from '../../bots/discord/rest.ts';
import { memoryLimits } from '../../bots/limits.ts';
import { fileSettings } from '../../bots/settings/file.ts';
import { ROOT } from '../../cdk/root.ts';
import { findFfmpeg } from '../../core/audio/ffmpeg.ts';
import { handler } from '../../functions/discord-interactions.ts';
import { proxyEvent } from '../../tests/functions/event.ts';
import { readEmotion } from '../../tests/support/discord/commands.ts';
import { type LocalDiscord, startDiscord } from '../../tests/support/discord/server.ts';
import { FifoQueue } from '../../tests/support/sqs.ts';
import { percentile } from '../measure.ts';
import { startServer } from '../server.ts';

const REQUESTS = 300;
const NOTES = 40;
/** Runs that come first and do not count. */
const WARMUPS = 10;

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
  print('verify, hand on, first answer', milliseconds);
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
    const audio = fiveSeconds();
    const user = discord.world.addUser();
    const channel = discord.world.addDirect(user);
    const milliseconds: number[] = [];
    for (let i = 0; i < WARMUPS + NOTES; i++) {
      const start = performance.now();
      const note = discord.postVoice(channel, user, audio, 5);
      await discord.until(() => discord.repliesTo(note).length === 1);
      milliseconds.push(performance.now() - start);
    }
    print('from the event to the reply, a note of 5 s', milliseconds);
  } finally {
    await bot.close();
    api.kill();
    await rm(folder, { recursive: true });
  }
}

function print(what: string, milliseconds: readonly number[]): void {
  const counted = milliseconds.slice(WARMUPS);
  const [half, slow] = [0.5, 0.99].map((share) => percentile(counted, share).toFixed(1));
  console.log(`  ${what.padEnd(44)} p50 ${half} ms, p99 ${slow} ms`);
}

/** The first five seconds of a sample. */
function fiveSeconds(): Uint8Array {
  const path = join(ROOT, 'samples', 'slow-low.ogg');
  const cut = ['-i', path, '-t', '5', '-c', 'copy', '-f', 'ogg', 'pipe:1'];
  return execFileSync(findFfmpeg(), ['-loglevel', 'error', ...cut]);
}
