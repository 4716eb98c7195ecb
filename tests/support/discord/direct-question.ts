import { ApplicationCommandType, InteractionType } from 'discord-api-types/v10';
import { NAMES } from '../../../bots/discord/commands.ts';
import type { LocalInteraction } from './interactions.ts';
import type { LocalDiscord } from './server.ts';

/** A question, and the address of the recording that it is about. */
export interface DirectQuestion {
  readonly interaction: LocalInteraction;
  readonly link: string;
}

/** Somebody sends the bot a voice message and asks about it, with the command of its menu. */
export function askDirectly(discord: LocalDiscord, audio: Uint8Array): DirectQuestion {
  const { world, interactions } = discord;
  const somebody = world.addUser();
  const channel = world.addDirect(somebody);
  const message = discord.postVoice(channel, somebody, audio);
  const interaction = interactions.begin(channel, {
    type: InteractionType.ApplicationCommand,
    channel: { id: channel.id, type: channel.type },
    user: somebody,
    data: {
      type: ApplicationCommandType.Message,
      name: NAMES.readEmotion,
      target_id: message.id,
      resolved: { messages: { [message.id]: message } },
    },
  });
  return { interaction, link: message.attachments[0].url };
}
