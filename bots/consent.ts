import { UndertoneError } from '../core/index.ts';
import type { ChannelSettings, Place } from './settings.ts';

/** A question about a voice note. */
export interface Ask {
  readonly place: Place;
  /** Who asks; null if nobody did and the bot would reply on its own. */
  readonly asker: string | null;
  /** Who recorded the note. */
  readonly author: string;
}

/**
 * Decides who may get an answer about a note. Direct messages are always answered. In a channel people
 * may ask about their own notes and get an answer that only they see. Once a moderator has opened the
 * channel, every note in it is answered for everyone to see.
 *
 * @returns whether only the asker may see the answer
 * @throws UndertoneError `not-permitted`; `unavailable` when the settings cannot be read
 * @example
 * const { isPrivate } = await checkConsent({ place, asker: 'U1', author: 'U1' }, settings);
 */
export async function checkConsent(
  { place, asker, author }: Ask,
  settings: ChannelSettings,
): Promise<{ readonly isPrivate: boolean }> {
  if (place.isDirect || (await settings.isAutomatic(place))) return { isPrivate: false };
  if (asker !== null && asker === author) return { isPrivate: true };
  throw new UndertoneError(
    'not-permitted',
    'In this channel people can only ask about their own voice notes. A moderator can open it for everyone with /undertone auto on.',
  );
}
