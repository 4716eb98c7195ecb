import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { UndertoneError } from '../../core/index.ts';
import { writeAtomically } from '../../lib/files.ts';
import { anonymous, type ChannelSettings, channelName } from './settings.ts';

/** The oldest are forgotten above this number, and told once more what this is. */
const MAX_NOTICED = 10_000;

const fileSchema = z.object({
  automatic: z.array(z.string()).default([]),
  noticed: z.array(z.string()).default([]),
  answeredUntil: z.record(z.string(), z.number()).default({}),
});

/**
 * Keeps the settings in a JSON file, for one process. Every change replaces the file in one step, so
 * that it is whole whenever the process ends.
 *
 * @throws UndertoneError `configuration-invalid` when there is a file that cannot be used
 * @example
 * const settings = await fileSettings('.undertone/chat-settings.json');
 */
export async function fileSettings(path: string): Promise<ChannelSettings> {
  const { automatic, noticed, answeredUntil } = await read(path);
  const channels = new Set(automatic);
  const audiences = new Set(noticed);
  let writing = Promise.resolve();
  const save = () => {
    // One after another, each with all that is known by then.
    writing = writing
      .catch(() => {})
      .then(() => {
        const all = { automatic: [...channels], noticed: [...audiences], answeredUntil };
        return writeAtomically(path, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 });
      });
    return writing.catch((cause) => {
      throw new UndertoneError(
        'unavailable',
        'The settings could not be saved. Ask the person who runs this bot to look at its folder.',
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
    async automaticChannels(platform) {
      const prefix = channelName({ platform, channel: '' });
      return [...channels]
        .filter((name) => name.startsWith(prefix))
        .map((name) => name.slice(prefix.length));
    },
    async isFirstUse(audience) {
      const name = anonymous(audience);
      if (audiences.has(name)) return false;
      audiences.add(name);
      for (const oldest of audiences) {
        if (audiences.size <= MAX_NOTICED) break;
        audiences.delete(oldest);
      }
      await save();
      return true;
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
      `The settings in ${path} cannot be read. Repair the file, or move it away to begin anew.`,
      { cause },
    );
  }
}
