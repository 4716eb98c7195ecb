import { OAuth2Scopes, PermissionFlagsBits } from 'discord-api-types/v10';

/** What the bot has to be allowed in a server, and what for. */
export const PERMISSIONS = [
  { name: 'View Channels', bit: PermissionFlagsBits.ViewChannel, why: 'to see that a note came' },
  { name: 'Send Messages', bit: PermissionFlagsBits.SendMessages, why: 'to reply' },
  {
    name: 'Send Messages in Threads',
    bit: PermissionFlagsBits.SendMessagesInThreads,
    why: 'to reply there too',
  },
  { name: 'Embed Links', bit: PermissionFlagsBits.EmbedLinks, why: 'to show the answer as a card' },
  {
    name: 'Read Message History',
    bit: PermissionFlagsBits.ReadMessageHistory,
    why: 'to reply to a message, and to answer what came during an interruption',
  },
] as const;

/** Returns the address at which somebody adds the bot to a server. */
export function inviteLink(applicationId: string): string {
  const permissions = PERMISSIONS.reduce((all, { bit }) => all | bit, 0n);
  const query = new URLSearchParams({
    client_id: applicationId,
    scope: [OAuth2Scopes.Bot, OAuth2Scopes.ApplicationsCommands].join(' '),
    permissions: String(permissions),
  });
  return `https://discord.com/oauth2/authorize?${query}`;
}
