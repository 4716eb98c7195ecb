import { DiscordAPIError } from '@discordjs/rest';
import { RESTJSONErrorCodes } from 'discord-api-types/v10';

const { UnknownChannel, UnknownMessage, UnknownWebhook, UnknownInteraction } = RESTJSONErrorCodes;
const { InvalidWebhookToken, InvalidFormBodyOrContentType } = RESTJSONErrorCodes;
const { MissingAccess, MissingPermissions, InvalidActionOnArchivedThread } = RESTJSONErrorCodes;
const { CannotSendMessagesToThisUser } = RESTJSONErrorCodes;

/** Returns whether what was to be answered is gone, so that there is nothing to tell anybody. */
export function isGone(thrown: unknown): boolean {
  return (
    hasCode(thrown, UnknownChannel, UnknownMessage, UnknownWebhook, UnknownInteraction) ||
    hasCode(thrown, InvalidWebhookToken) ||
    isReplyToNothing(thrown)
  );
}

/** Returns whether the bot may not write there. */
export function isForbidden(thrown: unknown): boolean {
  return hasCode(
    thrown,
    MissingAccess,
    MissingPermissions,
    InvalidActionOnArchivedThread,
    CannotSendMessagesToThisUser,
  );
}

/** Returns whether the answer to an interaction does not exist, or not yet. */
export function isUnknownAnswer(thrown: unknown): boolean {
  return hasCode(thrown, UnknownWebhook, UnknownMessage);
}

function isReplyToNothing(thrown: unknown): boolean {
  if (!hasCode(thrown, InvalidFormBodyOrContentType)) return false;
  const { errors } = (thrown as DiscordAPIError).rawError as { errors?: object };
  return errors !== undefined && 'message_reference' in errors;
}

function hasCode(thrown: unknown, ...codes: readonly number[]): boolean {
  return thrown instanceof DiscordAPIError && codes.includes(Number(thrown.code));
}
