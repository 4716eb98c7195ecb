#!/usr/bin/env node
/**
 * The Discord bot that is always connected:
 *
 *   UNDERTONE_DISCORD_TOKEN=… npm run bot:discord
 *
 * It ends with SIGINT or SIGTERM, after what it has begun; a second signal ends it at once. The exit
 * code is 1 when it cannot work, and stderr says why.
 */
import { UndertoneError } from '../../core/errors.ts';
import { logEvent } from '../log.ts';
import { readBotEnvironment } from './environment.ts';
import { startDiscordBot } from './gateway.ts';
import { servicesFrom } from './services.ts';

/** What discord.js fails with while it builds its own objects must not end the bot. */
process.on('unhandledRejection', (reason) => logEvent('discord: an unexpected failure', reason));

try {
  await run();
} catch (thrown) {
  process.stderr.write(`${UndertoneError.from(thrown).message}\n`);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  const environment = readBotEnvironment();
  const services = await servicesFrom(environment);
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

/** Resolves at the first signal; the next one finds no listener and ends the process. */
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
