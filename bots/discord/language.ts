import type { Client } from 'discord.js';
import { logEvent } from '../../lib/log.ts';
import type { ChannelSettings } from '../settings.ts';
import type { CommandInteraction, DiscordMessage } from './interaction.ts';

const DISCORD = { platform: 'discord', workspace: null } as const;

/**
 * Returns the language of a reply that nobody asked for: in a server that of the server, in a direct
 * message the one in which its author last used a command. Null where it is not known.
 */
export async function localeOfReply(
  { guild_id, author }: DiscordMessage,
  { guilds }: Pick<Client, 'guilds'>,
  settings: ChannelSettings,
): Promise<string | null> {
  if (guild_id !== undefined) return guilds.cache.get(guild_id)?.preferredLocale ?? null;
  return settings.language(DISCORD, `user:${author.id}`).catch(() => null);
}

/** Keeps the language of the asker for their direct messages, of which Discord does not tell it. */
export async function rememberLocale(
  { asker, locale }: CommandInteraction,
  settings: ChannelSettings,
): Promise<void> {
  if (locale === null) return;
  await settings
    .setLanguage(DISCORD, `user:${asker}`, locale)
    .catch((thrown) => logEvent('discord: the language of a person was not saved', thrown));
}
