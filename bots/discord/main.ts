#!/usr/bin/env node
/**
 * The Discord bot that is always connected:
 *
 *   UNDERTONE_DISCORD_TOKEN=… npm run bot:discord
 *
 * It ends with SIGINT or SIGTERM, after what it has begun; a second signal ends it at once. The exit
 * code is 1 when it cannot work, and stderr says why.
 */
import { UndertoneError } from '../../core/index.ts';
import { interrupted } from '../../lib/interrupted.ts';
import { logEvent } from '../../lib/log.ts';
import { botServices } from '../services.ts';
import { discordEnvironment } from './environment.ts';
import { startDiscordBot } from './gateway.ts';
import { discordHosts } from './rest.ts';

/** What discord.js fails with while it builds its own objects must not end the bot. */
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
  });
  print(`Undertone is in Discord and asks ${environment.UNDERTONE_API_ENDPOINT}. Ctrl+C ends it.`);
  try {
    await Promise.race([interrupted(), bot.ended]);
    print('Stopping: finishing what is in flight. Press Ctrl+C again to stop at once.');
  } finally {
    await bot.close();
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
