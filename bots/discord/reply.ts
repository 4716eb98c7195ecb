import type { Client } from 'discord.js';
import {
  type APIAllowedMentions,
  type APIEmbed,
  type APIInteractionResponse,
  InteractionResponseType,
  MessageFlags,
} from 'discord-api-types/v10';
import { logEvent } from '../../lib/log.ts';
import { type AnswerOptions, answer, type Note, type Services } from '../answer.ts';
import type { Ask } from '../consent.ts';
import type { ChannelSettings, Place } from '../settings.ts';
import type { Strings } from '../wording/strings.ts';
import type { VerdictWords } from '../wording/verdict.ts';
import type { CommandInteraction, DiscordMessage } from './interaction.ts';

/** The most embeds in one message of Discord. */
const MAX_EMBEDS = 10;

/** The most characters of all embeds of a message together. */
const MAX_TEXT = 6000;

/** Nothing that the bot writes notifies anyone, whatever it contains. */
const NO_MENTIONS: APIAllowedMentions = { parse: [], replied_user: false };

/** 0xRRGGBB of everything but verdicts: help, notices, refusals. */
const QUIET = 0x6b7080;

/** The part of a message that posts, edits and first answers share. */
export interface MessageBody {
  readonly content?: string;
  readonly embeds: APIEmbed[];
  readonly allowed_mentions: APIAllowedMentions;
}

/**
 * Answers a question about the notes of one message: an embed for each note, and the notice of the first
 * use where it is due.
 *
 * @returns a message without embeds if nobody asked and all there is to say was just said
 */
export async function replyTo(
  ask: Ask,
  notes: readonly Note[],
  services: Services,
  options: AnswerOptions = {},
): Promise<MessageBody> {
  const embeds: APIEmbed[] = [];
  let notice: string | null = null;
  let isForwardRefused = false;
  for (const note of notes.length > 0 ? notes : [null]) {
    const reply = await answer(ask, note, services, options);
    if (reply.kind === 'verdict') {
      embeds.push(verdictEmbed(reply.words));
      notice ??= reply.notice;
      continue;
    }
    // The asker reads a sentence; whoever runs the bot needs to know why.
    if (reply.error.status >= 500) logEvent('discord: a note could not be analyzed', reply.error);
    // All notes of a forwarded message lack their author; once is enough to say so.
    if (reply.error.code === 'author-unknown') {
      if (isForwardRefused) continue;
      isForwardRefused = true;
    }
    if (ask.asker !== null || !reply.isRepeated) embeds.push(textEmbed(reply.text));
  }
  if (notice === null) return message(embeds);
  // Ten recordings in one message leave no room for another embed.
  if (embeds.length === MAX_EMBEDS) return { ...message(embeds), content: notice };
  return message([...embeds, textEmbed(notice)]);
}

/**
 * Returns a message of embeds that notifies nobody. If they are too long for Discord together, only the
 * first keeps its footer: it says the same in all.
 */
export function message(embeds: APIEmbed[]): MessageBody {
  const isTooLong = embeds.reduce((sum, embed) => sum + lengthOf(embed), 0) > MAX_TEXT;
  const shorter = embeds.map(({ footer, ...embed }, i) =>
    footer && i === 0 ? { ...embed, footer } : embed,
  );
  return { embeds: isTooLong ? shorter : embeds, allowed_mentions: NO_MENTIONS };
}

function lengthOf({ title = '', description = '', fields = [], footer }: APIEmbed): number {
  const inFields = fields.flatMap(({ name, value }) => [name, value]);
  return [title, description, ...inFields, footer?.text ?? ''].join('').length;
}

/** Returns a verdict as an embed, narrow enough for a phone. */
export function verdictEmbed(words: VerdictWords): APIEmbed {
  const { emoji, colour, title, sureness, meaning, others, timeline, footer } = words;
  const bars = others.map(({ label, share, bar }) => `\`${bar}\` ${label} ${share}`);
  const paragraphs = [sureness && `**${sureness}**`, meaning, bars.join('\n')];
  return {
    color: colour,
    title: `${emoji} ${title}`,
    description: paragraphs.filter(Boolean).join('\n\n'),
    ...(timeline && {
      fields: [
        {
          name: `${timeline.start} – ${timeline.end}`,
          value: [timeline.strip, timeline.legend, timeline.shares].join('\n'),
        },
      ],
    }),
    footer: { text: footer },
  };
}

/** Returns a sentence, or a page of help, as an embed. */
export function textEmbed(text: string, title?: string): APIEmbed {
  return { color: QUIET, description: text, ...(title && { title }) };
}

/** The response that Discord expects within three seconds. */
export interface FirstAnswer {
  readonly response: APIInteractionResponse;
  /** Whether the answer is still to come: `handleDiscordJob` has to follow. */
  readonly isDeferred: boolean;
}

/**
 * Returns the first answer to a command: the whole answer if nothing has to be looked up, otherwise that
 * there will be one.
 *
 * Whether only the asker sees the answer is decided here and cannot be changed later. In servers and
 * between people, only the asker sees how a voice note sounds; in a direct message nobody else is there.
 * Everyone in a channel sees that it was opened or closed.
 */
export function firstAnswer(
  { command, place, isModerator, isMember, mayReply }: CommandInteraction,
  strings: Strings,
): FirstAnswer {
  switch (command.kind) {
    // What is left of the limits has to be looked up.
    case 'help':
      return deferred({ isPrivate: true });
    case 'about':
    case 'privacy':
      return immediateAnswer(strings[command.kind].text, strings[command.kind].title);
    case 'unknown':
      return immediateAnswer(strings.unknownCommand);
    case 'auto':
      if (place.isDirect) return immediateAnswer(strings.onlyInChannels);
      if (command.isOn && !isMember) return immediateAnswer(strings.addMe);
      if (!isModerator) return immediateAnswer(strings.moderatorsOnly);
      // An open channel in which it may not write would stay silent, and nobody would know why.
      if (command.isOn && !mayReply && strings.allowMe) return immediateAnswer(strings.allowMe);
      return deferred({ isPrivate: false });
    case 'read':
      return deferred({ isPrivate: isForAskerAlone(place) });
  }
}

/** Returns whether only the asker may see what is said about a voice note in a place. */
export function isForAskerAlone({ isDirect }: Place): boolean {
  return !isDirect;
}

/** Returns a complete answer that only the asker sees. */
export function immediateAnswer(text: string, title?: string): FirstAnswer {
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
