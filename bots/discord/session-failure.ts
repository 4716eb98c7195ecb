import { DiscordjsError, DiscordjsErrorCodes } from 'discord.js';
import { GatewayCloseCodes } from 'discord-api-types/v10';
import { UndertoneError } from '../../core/index.ts';

/** Returns why the bot could not log in, with what to do about it. */
export function loginFailure(thrown: unknown): UndertoneError {
  if (thrown instanceof UndertoneError) return thrown;
  if (thrown instanceof DiscordjsError && thrown.code === DiscordjsErrorCodes.TokenInvalid) {
    return tokenRefused(thrown);
  }
  const { message = '' } = thrown as Partial<Error>;
  if (/disallowed intents/i.test(message)) return intentsRefused(thrown);
  if (/authentication failed/i.test(message)) return tokenRefused(thrown);
  return new UndertoneError(
    'unavailable',
    'Discord cannot be reached. Check the connection of this machine, and UNDERTONE_DISCORD_API where it is set; then start the bot again.',
    { cause: thrown },
  );
}

/** Returns why Discord ended a session for good. */
export function sessionFailure(closeCode: number): UndertoneError {
  if (closeCode === GatewayCloseCodes.DisallowedIntents) return intentsRefused();
  if (closeCode === GatewayCloseCodes.AuthenticationFailed) return tokenRefused();
  return new UndertoneError(
    'unavailable',
    `Discord has ended the session for good, with the code ${closeCode}. Update Undertone and start the bot again.`,
  );
}

function tokenRefused(cause?: unknown): UndertoneError {
  return new UndertoneError(
    'unauthorized',
    'Discord does not take the token: it is wrong, or it was reset. Make a new one in the developer portal (your application, Bot, Reset Token), put it into UNDERTONE_DISCORD_TOKEN and start the bot again.',
    { cause },
  );
}

function intentsRefused(cause?: unknown): UndertoneError {
  return new UndertoneError(
    'configuration-invalid',
    'Discord does not let this application see attachments. Switch on "Message Content Intent" in the developer portal (your application, Bot, Privileged Gateway Intents), save, and start the bot again.',
    { cause },
  );
}
