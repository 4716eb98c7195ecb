import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../lib/root.ts';
import { startDiscord } from '../tests/support/discord/server.ts';
import { snowflakeOf } from '../tests/support/discord/snowflake.ts';

/** Connections and servers; Discord asks for about one connection for each thousand servers. */
const SIZES = [
  [1, 100],
  [2, 2000],
  [5, 5000],
] as const;
const CHANNELS = 40;
/** Milliseconds between two looks at the memory, until it has stopped growing. */
const INTERVAL = 3000;
const UNLIMITED = { limit: 1e6, seconds: 1 };

/** Memory of the connected Discord bot in many servers, against a local counterpart of Discord. */
export async function benchShards(): Promise<void> {
  console.log(`\nDiscord bot in many servers of ${CHANNELS} channels each: resident memory`);
  for (const [shards, servers] of SIZES) {
    const bytes = await memoryIn(servers, shards);
    const megabytes = (bytes / 2 ** 20).toFixed(0);
    console.log(`  ${`${servers} servers, ${shards} connections`.padEnd(52)} ${megabytes} MB`);
  }
}

async function memoryIn(servers: number, shards: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'undertone-bench-'));
  const rateLimits = { bucket: UNLIMITED, global: UNLIMITED };
  const discord = await startDiscord({ shards, rateLimits });
  for (let i = 0; i < servers; i++) {
    const guild = discord.world.addGuild({ id: snowflakeOf(1_500_000_000_000 + i) });
    for (let j = 0; j < CHANNELS; j++) discord.world.addChannel(guild);
  }
  const bot = spawn(process.execPath, [join(ROOT, 'dist/bots/discord/main.js')], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      UNDERTONE_DISCORD_TOKEN: discord.token,
      UNDERTONE_DISCORD_API: discord.api,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(bot.stdout, 'data');
    let before = 0;
    for (;;) {
      await sleep(INTERVAL);
      const bytes = await residentBytes(Number(bot.pid));
      if (bytes < 1.02 * before) return bytes;
      before = bytes;
    }
  } finally {
    bot.kill('SIGKILL');
    await discord.close();
    await rm(folder, { recursive: true });
  }
}

/** Reads the memory of a process where Linux tells it. */
async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}
