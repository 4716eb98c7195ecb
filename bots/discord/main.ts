#!/usr/bin/env node
/**
 * The connected Discord bot:
 *
 *   UNDERTONE_DISCORD_TOKEN=… npm run bot:discord
 *
 * SIGINT or SIGTERM stops it once pending answers are sent; a second signal stops it at once. If it
 * cannot run, stderr says why and the exit code is 1.
 */
import { UndertoneError } from '../../core/index.ts';
import { interrupted } from '../../lib/interrupted.ts';
import { logEvent } from '../../lib/log.ts';
import { discordEnvironment } from '../environment.ts';
import { botServices } from '../services.ts';
import { startDiscordBot } from './gateway.ts';
import { discordHosts } from './rest.ts';

/** Errors inside discord.js must not stop the bot. */
process.on('unhandledRejection', (reason) => logEvent('discord: an unexpected failure', reason));

try {
  await run();
} catch (thrown) {
  process.stderr.write(`${UndertoneError.from(thrown).message}\n`);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  const environment = discordEnvironment();
  const hosts = discordHosts(environment.UNDERTONE_FILE_HOSTS);
  const services = await botServices(environment, hosts);
  const bot = await startDiscordBot({
    token: environment.UNDERTONE_DISCORD_TOKEN,
    api: environment.UNDERTONE_DISCORD_API,
    services,
    healthPort: environment.UNDERTONE_HEALTH_PORT,
  });
  // Before the line is printed: whoever waits for it may end the bot at once.
  const stopped = interrupted();
  print(
    `Undertone is connected to Discord and uses ${environment.UNDERTONE_API_ENDPOINT}. Press Ctrl+C to stop.`,
  );
  try {
    await Promise.race([stopped, bot.ended]);
    print('Stopping after the pending answers. Press Ctrl+C again to stop at once.');
  } finally {
    await bot.close();
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
