import type { DiscordAPIError } from '@discordjs/rest';
import { RESTJSONErrorCodes } from 'discord-api-types/v10';

const { UnknownChannel, UnknownMessage, UnknownWebhook, UnknownInteraction } = RESTJSONErrorCodes;
const { InvalidWebhookToken, InvalidFormBodyOrContentType } = RESTJSONErrorCodes;
const { MissingAccess, MissingPermissions, InvalidActionOnArchivedThread } = RESTJSONErrorCodes;
const { CannotReplyWithoutPermissionToReadMessageHistory, ThreadLocked } = RESTJSONErrorCodes;
const { CannotSendMessagesToThisUser, MessageWasBlockedByAutomaticModeration } = RESTJSONErrorCodes;
const { CannotSendMessagesToThisUserDueToHavingNoMutualGuilds } = RESTJSONErrorCodes;

/** Returns whether the message or interaction to answer no longer exists. */
export function isGone(thrown: unknown): boolean {
  return (
    hasCode(thrown, UnknownChannel, UnknownMessage, UnknownWebhook, UnknownInteraction) ||
    hasCode(thrown, InvalidWebhookToken) ||
    isReplyToNothing(thrown)
  );
}

/** Returns whether Discord takes no more answers to an interaction. */
export function isExpired(thrown: unknown): boolean {
  return hasCode(thrown, UnknownWebhook, UnknownInteraction, InvalidWebhookToken);
}

/** Returns whether the bot may not write there. */
export function isForbidden(thrown: unknown): boolean {
  return hasCode(
    thrown,
    MissingAccess,
    MissingPermissions,
    CannotReplyWithoutPermissionToReadMessageHistory,
    InvalidActionOnArchivedThread,
    ThreadLocked,
    CannotSendMessagesToThisUser,
    CannotSendMessagesToThisUserDueToHavingNoMutualGuilds,
    MessageWasBlockedByAutomaticModeration,
  );
}

/** Returns whether an interaction already has its first answer, as when it was delivered twice. */
export function isAcknowledged(thrown: unknown): boolean {
  return hasCode(thrown, RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged);
}

/** Returns whether the answer to an interaction does not exist (yet). */
export function isUnknownAnswer(thrown: unknown): boolean {
  return hasCode(thrown, UnknownWebhook, UnknownMessage);
}

function isReplyToNothing(thrown: unknown): boolean {
  if (!hasCode(thrown, InvalidFormBodyOrContentType)) return false;
  const { errors } = (thrown as Refusal).rawError as { errors?: object };
  return errors !== undefined && 'message_reference' in errors;
}

/** `instanceof` does not work here: discord.js loads a second copy of the class, as CommonJS. */
type Refusal = Pick<DiscordAPIError, 'code' | 'rawError'>;

function hasCode(thrown: unknown, ...codes: readonly number[]): boolean {
  const isRefusal = typeof thrown === 'object' && thrown !== null && 'rawError' in thrown;
  return isRefusal && codes.includes(Number((thrown as Refusal).code));
}
