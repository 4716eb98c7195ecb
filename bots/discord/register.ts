#!/usr/bin/env node
/**
 * Registers the commands of the bot with Discord, and prints its invitation link:
 *
 *   UNDERTONE_DISCORD_TOKEN=… npm run bot:discord:register
 *   UNDERTONE_DISCORD_TOKEN=… npm run bot:discord:register -- --guild 123456789012345678
 *
 * Commands for a single server are useful for testing. Run it again whenever the commands change: it
 * replaces all of them.
 */
import { parseArgs } from 'node:util';
import { DiscordAPIError, REST } from '@discordjs/rest';
import { type RESTGetCurrentApplicationResult, Routes } from 'discord-api-types/v10';
import { UndertoneError } from '../../core/index.ts';
import { discordEnvironment } from '../environment.ts';
import { COMMANDS, inviteLink, PERMISSIONS, userInstallLink } from './commands.ts';
import { restOptions } from './rest.ts';

try {
  await register();
} catch (thrown) {
  process.stderr.write(`${explained(thrown).message}\n`);
  process.exitCode = 1;
}

async function register(): Promise<void> {
  const { UNDERTONE_DISCORD_TOKEN: token, UNDERTONE_DISCORD_API: api } = discordEnvironment();
  const guild = guildFrom(process.argv.slice(2));
  const rest = new REST(restOptions(api)).setToken(token);
  const { id } = (await rest.get(Routes.currentApplication())) as RESTGetCurrentApplicationResult;
  const route = guild ? Routes.applicationGuildCommands(id, guild) : Routes.applicationCommands(id);
  await rest.put(route, { body: COMMANDS });
  const names = COMMANDS.map(({ name }) => name).join(', ');
  const lines = [
    `Registered ${guild ? `in the server ${guild}` : 'everywhere'}: ${names}.`,
    '',
    'Invite the bot to a server with this link:',
    '',
    `  ${inviteLink(id)}`,
    '',
    'It requests these permissions:',
    '',
    ...PERMISSIONS.map(({ name, why }) => `  ${name.padEnd(26)}${why}`),
    '',
    'People can also install it for themselves, and use its commands everywhere:',
    '',
    `  ${userInstallLink(id)}`,
    '',
  ];
  process.stdout.write(lines.join('\n'));
}

function guildFrom(args: string[]): string | undefined {
  try {
    const { guild } = parseArgs({ args, options: { guild: { type: 'string' } } }).values;
    if (guild === undefined || /^\d{17,20}$/.test(guild)) return guild;
  } catch {
    // Handled below.
  }
  throw new UndertoneError(
    'parameter-invalid',
    'The only option is --guild with the id of a server, 17 to 20 digits. In Discord, turn on Developer Mode (Settings, Advanced) and copy the id from the menu of the server.',
  );
}

function explained(thrown: unknown): UndertoneError {
  if (thrown instanceof UndertoneError) return thrown;
  const { status, message } = thrown as DiscordAPIError;
  if (status === 401) {
    return new UndertoneError(
      'unauthorized',
      'Discord does not accept the token. Create a new one in the developer portal (your application, Bot, Reset Token) and set UNDERTONE_DISCORD_TOKEN to it.',
    );
  }
  const isRefusal = thrown instanceof DiscordAPIError;
  return new UndertoneError(
    'unavailable',
    isRefusal
      ? `Discord refused the request: ${message}. With --guild, check that the bot is in that server.`
      : 'Discord cannot be reached. Check the network connection and try again.',
    { cause: thrown },
  );
}
