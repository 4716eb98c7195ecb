import type { APIAllowedMentions, APIEmbed } from 'discord-api-types/v10';
import { logEvent } from '../../lib/log.ts';
import { type AnswerOptions, answer, type Note, type Services } from '../answer.ts';
import type { Ask } from '../consent.ts';
import { textEmbed, verdictEmbed } from './embed.ts';

/** Embeds that Discord takes in one message. */
const MAX_EMBEDS = 10;

/** Nobody is notified by anything that the bot writes, whatever stands in it. */
const NO_MENTIONS: APIAllowedMentions = { parse: [], replied_user: false };

/** The part of a message that is the same for posts, edits and first answers. */
export interface MessageBody {
  readonly content?: string;
  readonly embeds: APIEmbed[];
  readonly allowed_mentions: APIAllowedMentions;
}

/**
 * Answers a question about the notes of one message: an embed for each of them, and the notice of the
 * first use where it is due.
 *
 * @returns a message without embeds when nobody asked and there is nothing to say but what was just said
 */
export async function replyTo(
  ask: Ask,
  notes: readonly Note[],
  services: Services,
  options: AnswerOptions = {},
): Promise<MessageBody> {
  const embeds: APIEmbed[] = [];
  let notice: string | null = null;
  for (const note of notes.length > 0 ? notes : [null]) {
    const reply = await answer(ask, note, services, options);
    if (reply.kind === 'verdict') {
      embeds.push(verdictEmbed(reply.words));
      notice ??= reply.notice;
      continue;
    }
    // The asker reads a sentence; whoever runs the bot has to know why.
    if (reply.error.status >= 500) logEvent('discord: a note could not be heard', reply.error);
    if (ask.asker !== null || !reply.isRepeated) embeds.push(textEmbed(reply.text));
  }
  if (notice === null) return message(embeds);
  // Ten recordings in one message leave no room for another embed.
  if (embeds.length === MAX_EMBEDS) return { ...message(embeds), content: notice };
  return message([...embeds, textEmbed(notice)]);
}

/** Returns a message of embeds that notifies nobody. */
export function message(embeds: APIEmbed[]): MessageBody {
  return { embeds, allowed_mentions: NO_MENTIONS };
}
