import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { UndertoneError } from '../core/index.ts';
import { writeAtomically } from '../lib/files.ts';

/** Where a question is asked. */
export interface Place {
  readonly platform: 'discord' | 'slack';
  /**
   * Guild of Discord, or what has installed the app in Slack: a team or a whole organization. Null where
   * there is none, as in direct messages of Discord.
   */
  readonly workspace: string | null;
  /** For a thread, its parent channel: the settings of a channel apply to its threads. */
  readonly channel: string;
  /** Whether the conversation is between one person and the bot. */
  readonly isDirect: boolean;
}

/** A workspace of Slack, or all of Discord, whose ids are unique across its servers. */
export type Workspace = Pick<Place, 'platform' | 'workspace'>;

/** What a bot remembers about its channels. Survives restarts. */
export interface ChannelSettings {
  /** Whether a moderator has opened the channel, so that every voice note in it is answered. */
  isAutomatic(place: Place): Promise<boolean>;
  setAutomatic(place: Place, isOn: boolean): Promise<void>;
  /** Returns the open channels of a workspace. */
  automaticChannels(workspace: Workspace): Promise<string[]>;
  /**
   * Returns true exactly once for each audience and records that: the notice goes with the first answer
   * that someone sees.
   *
   * @param audience who sees the answer, such as `user:123`; only a hash of it is kept
   */
  isFirstUse(workspace: Workspace, audience: string): Promise<boolean>;
  /** Returns the locale in which a person last used a command; null if it is not known. */
  language(workspace: Workspace, person: string): Promise<string | null>;
  /** @param person such as `user:123`; only a hash of it is kept */
  setLanguage(workspace: Workspace, person: string, locale: string): Promise<void>;
  /** Forgets all of the above about a workspace that has removed the bot. */
  forget(workspace: Workspace): Promise<void>;
  /**
   * Returns the time up to which every note of a platform has been answered, in milliseconds since 1970;
   * null if it was never set.
   */
  answeredUntil(platform: Place['platform']): Promise<number | null>;
  setAnsweredUntil(platform: Place['platform'], milliseconds: number): Promise<void>;
}

/**
 * Returns a prefix for the ids of a workspace's people and channels, so that no two workspaces share a
 * setting or a limit: Slack promises unique ids within one workspace only.
 *
 * @example
 * scopeOf({ platform: 'slack', workspace: 'T1' }); // slack:T1:
 */
export function scopeOf({ platform, workspace }: Workspace): string {
  return platform === 'slack' ? `${platform}:${workspace ?? ''}:` : `${platform}:`;
}

/** Returns the name under which a channel is stored. */
export function channelName(place: Place): string {
  return scopeOf(place) + place.channel;
}

/** Returns the name under which an audience or a person is stored. */
export function hashedName(workspace: Workspace, id: string): string {
  const scope = scopeOf(workspace);
  return scope + anonymous(scope + id);
}

/** Returns a hash that can be compared but not read: nobody needs to know who uses a bot. */
export function anonymous(audience: string): string {
  return createHash('sha256').update(audience).digest('base64url').slice(0, 22);
}

/**
 * Above this number the oldest audiences are forgotten, and see the notice once more; so are the oldest
 * languages.
 */
const MAX_NOTICED = 10_000;

const fileSchema = z.object({
  automatic: z.array(z.string()).default([]),
  noticed: z.array(z.string()).default([]),
  languages: z.record(z.string(), z.string()).default({}),
  answeredUntil: z.record(z.string(), z.number()).default({}),
});

/**
 * Keeps the settings of one process in a JSON file. Every change replaces the file atomically, so it is
 * complete whenever the process ends.
 *
 * @throws UndertoneError `configuration-invalid` if the file exists but cannot be used
 * @example
 * const settings = await fileSettings('.undertone/chat-settings.json');
 */
export async function fileSettings(path: string): Promise<ChannelSettings> {
  const { automatic, noticed, languages, answeredUntil } = await read(path);
  const channels = new Set(automatic);
  const audiences = new Set(noticed);
  const locales = new Map(Object.entries(languages));
  let writing = Promise.resolve();
  const save = () => {
    // One write after another, each with the state of that moment.
    writing = writing
      .catch(() => {})
      .then(() => {
        const all = {
          automatic: [...channels],
          noticed: [...audiences],
          languages: Object.fromEntries(locales),
          answeredUntil,
        };
        return writeAtomically(path, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 });
      });
    return writing.catch((cause) => {
      throw new UndertoneError(
        'unavailable',
        'The settings could not be saved. Ask whoever runs this bot to check its folder.',
        { cause },
      );
    });
  };
  return {
    async isAutomatic(place) {
      return channels.has(channelName(place));
    },
    async setAutomatic(place, isOn) {
      const name = channelName(place);
      if (channels.has(name) === isOn) return;
      if (isOn) channels.add(name);
      else channels.delete(name);
      await save();
    },
    async automaticChannels(workspace) {
      const scope = scopeOf(workspace);
      return [...channels]
        .filter((name) => name.startsWith(scope))
        .map((name) => name.slice(scope.length));
    },
    async isFirstUse(workspace, audience) {
      const name = hashedName(workspace, audience);
      if (audiences.has(name)) return false;
      audiences.add(name);
      for (const oldest of audiences) {
        if (audiences.size <= MAX_NOTICED) break;
        audiences.delete(oldest);
      }
      await save();
      return true;
    },
    async language(workspace, person) {
      return locales.get(hashedName(workspace, person)) ?? null;
    },
    async setLanguage(workspace, person, locale) {
      const name = hashedName(workspace, person);
      if (locales.get(name) === locale) return;
      locales.set(name, locale);
      for (const oldest of locales.keys()) {
        if (locales.size <= MAX_NOTICED) break;
        locales.delete(oldest);
      }
      await save();
    },
    async forget(workspace) {
      const scope = scopeOf(workspace);
      for (const names of [channels, audiences, locales]) {
        for (const name of names.keys()) if (name.startsWith(scope)) names.delete(name);
      }
      await save();
    },
    async answeredUntil(platform) {
      return answeredUntil[platform] ?? null;
    },
    async setAnsweredUntil(platform, milliseconds) {
      answeredUntil[platform] = milliseconds;
      await save();
    },
  };
}

async function read(path: string): Promise<z.infer<typeof fileSchema>> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return fileSchema.parse({});
    throw new UndertoneError(
      'configuration-invalid',
      `The settings in ${path} cannot be read. Repair the file, or move it away to start over.`,
      { cause },
    );
  }
}
