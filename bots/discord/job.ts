import { setTimeout as sleep } from 'node:timers/promises';
import type { REST } from '@discordjs/rest';
import { Routes } from 'discord-api-types/v10';
import { UndertoneError } from '../../core/index.ts';
import { logEvent } from '../../lib/log.ts';
import { help, type Services } from '../answer.ts';
import { stringsFor } from '../wording/languages.ts';
import type { DiscordMedium, Strings } from '../wording/strings.ts';
import { snowflakeTime } from './catch-up.ts';
import { isExpired, isGone, isUnknownAnswer } from './failure.ts';
import { type CommandInteraction, readInteraction } from './interaction.ts';
import {
  isForAskerAlone,
  type MessageBody,
  message,
  rememberLocale,
  replyTo,
  textEmbed,
} from './reply.ts';

/** Milliseconds after which Discord no longer accepts edits of an answer. */
const ANSWER_WINDOW = 15 * 60 * 1000;
/** Milliseconds reserved for the edit itself. */
const RESERVE = 20_000;
/** Milliseconds in which the first answer may still be on its way to Discord, and between two attempts. */
const FIRST_ANSWER_DELAY = 5000;
const RETRY_PAUSE = 250;

export interface DiscordJobServices {
  readonly services: Services;
  /** Needs no token: every interaction has its own. */
  readonly rest: REST;
  /** Whether a gateway gives the bot messages too; it does unless told otherwise. */
  readonly medium?: DiscordMedium;
  /** Stops the analysis of notes; the answer then says so. */
  readonly signal?: AbortSignal;
}

/**
 * Handles an interaction whose first answer was deferred, and edits that answer: even when the work
 * fails, and then with a sentence that says why. An answer that can no longer be edited, because it was
 * deleted or is too old, is logged and skipped.
 *
 * @param payload the interaction as Discord sent it
 * @throws the error of the edit if a later attempt may succeed
 * @example
 * await handleDiscordJob(job.payload, { services, rest: interactionRest() });
 */
export async function handleDiscordJob(
  payload: unknown,
  { services, rest, medium = 'discord', signal }: DiscordJobServices,
): Promise<void> {
  const interaction = readInteraction(payload);
  const strings = stringsFor(interaction.locale, medium);
  const left = snowflakeTime(interaction.id) + ANSWER_WINDOW - RESERVE - Date.now();
  if (left <= 0 && !(await isWaiting(interaction, rest))) {
    logEvent('discord: an interaction was too old to be answered');
    return;
  }
  const window = AbortSignal.timeout(left > 0 ? Math.min(left, ANSWER_WINDOW) : ANSWER_WINDOW);
  const stop = signal ? AbortSignal.any([window, signal]) : window;
  const body = await work(interaction, { ...services, strings }, stop).catch((thrown) => {
    const error = UndertoneError.from(thrown);
    logEvent('discord: a command could not be carried out', error);
    return message([textEmbed(strings.errors[error.code])]);
  });
  await edit(interaction, body, rest).catch((thrown) => {
    if (!isGone(thrown)) throw thrown;
    logEvent('discord: an answer was gone before it could be edited', thrown);
  });
  await rememberLocale(interaction, services.settings);
}

/** Whether Discord still takes an answer that is too old by our clock, which may be wrong. */
async function isWaiting(
  { applicationId, token }: CommandInteraction,
  rest: REST,
): Promise<boolean> {
  const route = Routes.webhookMessage(applicationId, token, '@original');
  return rest.get(route, { auth: false }).then(
    () => true,
    (thrown) => !isExpired(thrown),
  );
}

async function work(
  { command, place, asker, isModerator, isMember }: CommandInteraction,
  services: Services & { readonly strings: Strings },
  signal: AbortSignal,
): Promise<MessageBody> {
  const { settings, strings } = services;
  if (command.kind === 'read') {
    const { notes, author } = command;
    const options = { signal, isPrivate: isForAskerAlone(place) };
    return replyTo({ place, asker, author, isGuest: !isMember }, notes, services, options);
  }
  if (command.kind === 'help') {
    const { title, text } = await help(place, asker, services);
    return message([textEmbed(text, title)]);
  }
  if (command.kind !== 'auto') return message([textEmbed(strings.unknownCommand)]);
  if (!isModerator) return message([textEmbed(strings.moderatorsOnly)]);
  await settings.setAutomatic(place, command.isOn);
  return message([textEmbed(command.isOn ? strings.automaticOn : strings.automaticOff)]);
}

async function edit(
  { id, applicationId, token }: CommandInteraction,
  body: MessageBody,
  rest: REST,
): Promise<void> {
  const route = Routes.webhookMessage(applicationId, token, '@original');
  const end = performance.now() + FIRST_ANSWER_DELAY;
  for (;;) {
    try {
      await rest.patch(route, { body, auth: false });
      return;
    } catch (thrown) {
      // By both clocks: that of this machine may be behind Discord's.
      const isNew = Date.now() - snowflakeTime(id) < FIRST_ANSWER_DELAY;
      const isEarly = isNew && performance.now() < end;
      if (!isEarly || !isUnknownAnswer(thrown)) throw thrown;
      await sleep(RETRY_PAUSE);
    }
  }
}
