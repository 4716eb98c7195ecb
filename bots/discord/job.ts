import { setTimeout as sleep } from 'node:timers/promises';
import type { REST } from '@discordjs/rest';
import { Routes } from 'discord-api-types/v10';
import { UndertoneError } from '../../core/index.ts';
import { logEvent } from '../../lib/log.ts';
import type { Services } from '../answer.ts';
import { EN } from '../wording/en.ts';
import { textEmbed } from './embed.ts';
import { isGone, isUnknownAnswer } from './failure.ts';
import { isForAskerAlone } from './first-answer.ts';
import { type CommandInteraction, readInteraction } from './interaction.ts';
import { type MessageBody, message, replyTo } from './reply.ts';
import { snowflakeTime } from './snowflake.ts';

/** Milliseconds after which Discord takes no edits of an answer any more. */
const ANSWER_WINDOW = 15 * 60 * 1000;
/** Milliseconds that are left for the edit itself. */
const RESERVE = 20_000;
/** Milliseconds in which the first answer may not have reached Discord yet: this may be faster. */
const FIRST_ANSWER = { within: 5000, pause: 250 } as const;

export interface DiscordJobServices {
  readonly services: Services;
  /** Needs no token: an interaction brings its own. */
  readonly rest: REST;
  /** Ends the hearing of notes, which are answered with a sentence then. */
  readonly signal?: AbortSignal;
}

/**
 * Does what an interaction asks for whose first answer was deferred, and edits that answer: always,
 * also when it fails, and then with a sentence that says why. An answer that is out of reach by now,
 * deleted or too old, is logged and left.
 *
 * @param payload the interaction as Discord sent it
 * @throws what the edit failed with when another try later may do better
 * @example
 * await handleDiscordJob(job.payload, { services, rest: interactionRest() });
 */
export async function handleDiscordJob(
  payload: unknown,
  { services, rest, signal }: DiscordJobServices,
): Promise<void> {
  const interaction = readInteraction(payload);
  const left = snowflakeTime(interaction.id) + ANSWER_WINDOW - RESERVE - Date.now();
  if (left <= 0) {
    logEvent('discord: an interaction was too old to be answered');
    return;
  }
  const window = AbortSignal.timeout(left);
  const stop = signal ? AbortSignal.any([window, signal]) : window;
  const body = await work(interaction, services, stop).catch((thrown) => {
    const { errors } = services.strings ?? EN;
    const error = UndertoneError.from(thrown);
    logEvent('discord: what was asked could not be done', error);
    return message([textEmbed(errors[error.code])]);
  });
  await edit(interaction, body, rest).catch((thrown) => {
    if (!isGone(thrown)) throw thrown;
    logEvent('discord: an answer was gone before it could be edited', thrown);
  });
}

async function work(
  { command, place, asker, isModerator }: CommandInteraction,
  services: Services,
  signal: AbortSignal,
): Promise<MessageBody> {
  const { settings, strings = EN } = services;
  if (command.kind === 'read') {
    const { notes, author } = command;
    const options = { signal, isPrivate: isForAskerAlone(place) };
    return replyTo({ place, asker, author }, notes, services, options);
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
  for (;;) {
    try {
      await rest.patch(route, { body, auth: false });
      return;
    } catch (thrown) {
      const isEarly = Date.now() - snowflakeTime(id) < FIRST_ANSWER.within;
      if (!isEarly || !isUnknownAnswer(thrown)) throw thrown;
      await sleep(FIRST_ANSWER.pause);
    }
  }
}
