import { createHash } from 'node:crypto';
import type { Place } from '../place.ts';

/** What is remembered of the places that a bot is in. Survives restarts. */
export interface ChannelSettings {
  /** Whether a moderator has opted the channel in: anybody's voice notes are answered there. */
  isAutomatic(place: Place): Promise<boolean>;
  setAutomatic(place: Place, isOn: boolean): Promise<void>;
  /** Returns the channels of a platform that are opted in. */
  automaticChannels(platform: Place['platform']): Promise<string[]>;
  /**
   * Returns true exactly once for each audience, and notes that: the notice of what this is goes with
   * the first answer that somebody sees.
   *
   * @param audience who sees the answer, such as `discord:user:123`; only a hash of it is kept
   */
  isFirstUse(audience: string): Promise<boolean>;
  /**
   * Returns until when every note of a platform was answered, in milliseconds since 1970; null where
   * that was never set.
   */
  answeredUntil(platform: Place['platform']): Promise<number | null>;
  setAnsweredUntil(platform: Place['platform'], milliseconds: number): Promise<void>;
}

/** Returns under which name a channel is remembered. */
export function channelName({ platform, channel }: Pick<Place, 'platform' | 'channel'>): string {
  return `${platform}:${channel}`;
}

/** Who has used a bot is nobody's business: this can be compared and not read. */
export function anonymous(audience: string): string {
  return createHash('sha256').update(audience).digest('base64url').slice(0, 22);
}
