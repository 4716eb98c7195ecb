import { UndertoneError } from '../core/index.ts';
import type { ChannelSettings, Place } from './settings.ts';

/** A question about a voice note. */
export interface Ask {
  readonly place: Place;
  /** Who asks; null if nobody did and the bot would reply on its own. */
  readonly asker: string | null;
  /** Who recorded the note, as far as that is known. */
  readonly author: string;
  /** Whether the bot is not in the place: nobody can have opened it, or no longer wants it to be open. */
  readonly isGuest?: boolean;
}

/**
 * Decides who may get an answer about a note. Direct messages are always answered. In a channel people
 * may ask about their own notes and get an answer that only they see. Once a moderator has opened the
 * channel, every note in it is answered for everyone to see. A forwarded note of which nobody knows who
 * recorded it is answered in no channel: that person may not even be in it.
 * Where the bot is not a member, people may ask about their own notes only.
 *
 * @returns whether only the asker may see the answer
 * @throws UndertoneError `not-permitted`, `author-unknown`; `unavailable` when the settings cannot be read
 * @example
 * const { isPrivate } = await checkConsent({ place, asker: 'U1', author: 'U1' }, settings);
 */
export async function checkConsent(
  { place, asker, author, isGuest = false }: Ask,
  settings: ChannelSettings,
  { isAuthorUnknown = false }: { readonly isAuthorUnknown?: boolean } = {},
): Promise<{ readonly isPrivate: boolean }> {
  if (place.isDirect) return { isPrivate: false };
  const isOpen = !isGuest && (await settings.isAutomatic(place));
  if (isAuthorUnknown && (isOpen || asker !== null)) {
    throw new UndertoneError(
      'author-unknown',
      'A forwarded note does not say who recorded it. It is answered in a direct message to the bot only.',
    );
  }
  if (isOpen) return { isPrivate: false };
  if (asker !== null && asker === author) return { isPrivate: true };
  throw new UndertoneError(
    'not-permitted',
    'In this channel people can only ask about their own voice notes. A moderator can open it for everyone with /undertone auto on.',
  );
}

/**
 * Returns whether a note may be answered, and throws only what does not decide that.
 *
 * @throws UndertoneError `author-unknown`; `unavailable` when the settings cannot be read
 */
export async function isPermitted(ask: Ask, settings: ChannelSettings): Promise<boolean> {
  try {
    await checkConsent(ask, settings);
    return true;
  } catch (thrown) {
    if (UndertoneError.from(thrown).code === 'not-permitted') return false;
    throw thrown;
  }
}
