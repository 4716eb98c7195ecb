import {
  type APIInteractionResponse,
  InteractionResponseType,
  MessageFlags,
} from 'discord-api-types/v10';
import type { Place } from '../place.ts';
import { EN } from '../wording/en.ts';
import type { Strings } from '../wording/strings.ts';
import { textEmbed } from './embed.ts';
import type { CommandInteraction } from './interaction.ts';
import { message } from './reply.ts';

/** What Discord hears within three seconds. */
export interface FirstAnswer {
  readonly response: APIInteractionResponse;
  /** Whether that is not the end of it: `handleDiscordJob` has to follow. */
  readonly isDeferred: boolean;
}

/**
 * Returns the first answer to a command: the whole answer where nothing has to be looked up, else that
 * there will be one.
 *
 * Whether only the asker sees it is decided here and cannot be changed later. In servers, and between
 * people, what a voice note sounds like is for the asker alone; in a direct message nobody else is there.
 * That a channel was opened or closed is for everybody in it.
 */
export function firstAnswer(
  { command, place, isModerator }: CommandInteraction,
  strings: Strings = EN,
): FirstAnswer {
  switch (command.kind) {
    case 'help':
    case 'about':
    case 'privacy':
      return atOnce(strings[command.kind].text, strings[command.kind].title);
    case 'unknown':
      return atOnce(strings.unknownCommand);
    case 'auto':
      if (place.isDirect) return atOnce(strings.onlyInChannels);
      return isModerator ? deferred({ isPrivate: false }) : atOnce(strings.moderatorsOnly);
    case 'read':
      return deferred({ isPrivate: isForAskerAlone(place) });
  }
}

/** Returns whether what is said about a voice note in a place is for the eyes of the asker alone. */
export function isForAskerAlone({ isDirect }: Place): boolean {
  return !isDirect;
}

/** Returns an answer that is the last one, for the asker alone. */
export function atOnce(text: string, title?: string): FirstAnswer {
  return {
    isDeferred: false,
    response: {
      type: InteractionResponseType.ChannelMessageWithSource,
      data: { ...message([textEmbed(text, title)]), flags: MessageFlags.Ephemeral },
    },
  };
}

function deferred({ isPrivate }: { readonly isPrivate: boolean }): FirstAnswer {
  return {
    isDeferred: true,
    response: {
      type: InteractionResponseType.DeferredChannelMessageWithSource,
      ...(isPrivate && { data: { flags: MessageFlags.Ephemeral } }),
    },
  };
}
