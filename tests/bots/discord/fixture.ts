import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, vi } from 'vitest';
import type { Services } from '../../../bots/answer.ts';
import { ApiClient } from '../../../bots/api-client.ts';
import { type DiscordBot, startDiscordBot } from '../../../bots/discord/gateway.ts';
import { memoryLimits } from '../../../bots/limits.ts';
import { fileSettings } from '../../../bots/settings.ts';
import { type RunningServer, startServer } from '../../../cli/serve/server.ts';
import { voiceLike, wavFile } from '../../fixtures/audio.ts';
import { useTinyModel } from '../../fixtures/model.ts';
import {
  type DiscordOptions,
  type LocalDiscord,
  startDiscord,
} from '../../support/discord/server.ts';
import type { LocalChannel } from '../../support/discord/world.ts';

/** A short recording in which somebody seems to speak. */
export const NOTE = wavFile(voiceLike({ seconds: 1 }));

/** What Discord takes without complaint, for tests that do not play rate limits. */
const GENEROUS = {
  bucket: { limit: 100_000, seconds: 1 },
  global: { limit: 100_000, seconds: 1 },
};

export interface Stage {
  readonly discord: LocalDiscord;
  readonly services: Services;
  /** A channel that a moderator has opened. */
  readonly open: LocalChannel;
  /** A channel that nobody has opened. */
  readonly closed: LocalChannel;
}

export interface StageWithBot extends Stage {
  readonly bot: DiscordBot;
}

export interface StageOptions extends DiscordOptions {
  readonly limits?: Services['limits'];
}

/**
 * Sets the stage for the tests of a file: the real API with a tiny model that always hears `sad`, and for
 * each test a Discord of its own. Everything is taken down at the end.
 */
export function useStage() {
  useTinyModel({ favourite: 'sad', confidence: 0.8 });
  let api: RunningServer;
  let folder: string;
  const endings: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'undertone-discord-'));
    api = await startServer({ port: 0, host: '127.0.0.1' });
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  afterAll(async () => {
    // Not after each test: some of a file run side by side.
    for (const end of endings.reverse()) await end();
    await api.close();
    await rm(folder, { recursive: true });
  });

  async function set(options: StageOptions = {}): Promise<Stage> {
    const { limits = memoryLimits(), ...rest } = options;
    const discord = await startDiscord({ rateLimits: GENEROUS, ...rest });
    endings.push(() => discord.close());
    const guild = discord.world.addGuild();
    const open = discord.world.addChannel(guild);
    const closed = discord.world.addChannel(guild);
    const settings = await fileSettings(join(folder, `${Math.random()}.json`));
    const services = {
      api: new ApiClient({ endpoint: api.url }),
      settings,
      limits,
      hosts: { hosts: [`http://${discord.cdn.host}`] },
    };
    await openChannel(services, open);
    return { discord, services, open, closed };
  }

  async function withBot(options: StageOptions = {}): Promise<StageWithBot> {
    return start(await set(options));
  }

  /** Logs the bot in. */
  async function start(stage: Stage): Promise<StageWithBot> {
    const { discord, services } = stage;
    const bot = await startDiscordBot({ token: discord.token, api: discord.api, services });
    endings.push(() => bot.close());
    await discord.until(() => discord.gateway.isConnected);
    return { ...stage, bot };
  }

  /** Returns a client of an API at which nobody is. */
  function silentApi(): ApiClient {
    return new ApiClient({ endpoint: 'http://127.0.0.1:9', tries: 1 });
  }

  /** Does something while the folder of the settings cannot be written to. */
  async function withoutFolder(work: () => Promise<void>): Promise<void> {
    await rename(folder, `${folder}-away`);
    await writeFile(folder, 'a file where a folder should be');
    await work();
    await rm(folder);
    await rename(`${folder}-away`, folder);
  }

  return { set, start, withBot, silentApi, withoutFolder, apiUrl: () => api.url };
}

export async function openChannel(
  { settings }: Pick<Services, 'settings'>,
  { id }: LocalChannel,
): Promise<void> {
  await settings.setAutomatic(
    { platform: 'discord', workspace: null, channel: id, isDirect: false },
    true,
  );
}

/** Collects the lines of the log instead of printing them. */
export function captureLog(): string[] {
  const lines: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    lines.push(String(chunk));
    return true;
  });
  return lines;
}
