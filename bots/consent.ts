import { UndertoneError } from '../core/index.ts';
import type { Place } from './place.ts';
import type { ChannelSettings } from './settings/settings.ts';

/** A question about a voice note. */
export interface Ask {
  readonly place: Place;
  /** Who asks; null when nobody did and the bot would reply by itself. */
  readonly asker: string | null;
  /** Who recorded the note. */
  readonly author: string;
}

/**
 * Decides who may have a note heard. A direct message is answered. In a channel people may ask about
 * their own notes, and get an answer that only they see; anybody's notes are answered only where a
 * moderator has opted the channel in, and there everybody sees it.
 *
 * @returns whether the answer is for the asker's eyes alone
 * @throws UndertoneError `not-permitted`; `unavailable` when the settings cannot be read
 * @example
 * const { isPrivate } = await mayHear({ place, asker: 'U1', author: 'U1' }, settings);
 */
export async function mayHear(
  { place, asker, author }: Ask,
  settings: ChannelSettings,
): Promise<{ readonly isPrivate: boolean }> {
  if (place.isDirect || (await settings.isAutomatic(place))) return { isPrivate: false };
  if (asker !== null && asker === author) return { isPrivate: true };
  throw new UndertoneError(
    'not-permitted',
    'In this channel people can ask about their own voice notes only. A moderator can open it for everybody with /undertone auto on.',
  );
}
