import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import type { Services } from '../../../bots/answer.ts';
import { ApiClient } from '../../../bots/api-client.ts';
import { memoryLimits } from '../../../bots/limits.ts';
import { fileSettings } from '../../../bots/settings.ts';
import { handleSlackJob } from '../../../bots/slack/app.ts';
import { slackHosts } from '../../../bots/slack/files.ts';
import { type SocketBot, startSocketBot } from '../../../bots/slack/socket.ts';
import { type RunningServer, startServer } from '../../../cli/serve/server.ts';
import { chatJobSchema } from '../../../functions/chat/job.ts';
import { handler } from '../../../functions/slack-events.ts';
import { voiceLike, wavFile } from '../../fixtures/audio.ts';
import { slackRequestEvent } from '../../functions/slack-request.ts';
import {
  type Counterpart,
  type CounterpartOptions,
  startSlack,
} from '../../support/slack/counterpart.ts';
import type { HttpDelivery } from '../../support/slack/http-delivery.ts';
import { FifoQueue } from '../../support/sqs.ts';

export const NOTE = wavFile(voiceLike({ seconds: 1.2 }));

/** The manifest that ships. */
export async function manifest() {
  const url = new URL('../../../bots/slack/manifest.json', import.meta.url);
  return JSON.parse(await readFile(url, 'utf8'));
}

/** Starts the API of the project for all tests of a file. */
export function useApi(): { readonly url: string } {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer({ port: 0, host: '127.0.0.1' });
  });
  afterAll(() => server.close());
  return {
    get url() {
      return server.url;
    },
  };
}

/** What the bot works with, its settings in a new folder. */
export async function slackServices(
  slack: Counterpart,
  folder: string,
  options: { readonly endpoint: string; readonly limits?: Services['limits'] },
): Promise<Services> {
  const { endpoint, limits = memoryLimits() } = options;
  return {
    api: new ApiClient({ endpoint }),
    settings: await fileSettings(join(folder, 'settings.json')),
    limits,
    hosts: slackHosts(slack.botToken, [`http://${slack.files.host}`]),
  };
}

export function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'undertone-slack-'));
}

export interface BotUnderTest {
  readonly slack: Counterpart;
  readonly services: Services;
  readonly bot: SocketBot;
  /** Resolves when Slack has nothing under way and the bot has said `count` things in all. */
  said(count: number, timeout?: number): Promise<void>;
}

type BotOptions = Partial<CounterpartOptions> & { readonly limits?: Services['limits'] };

/**
 * Runs the bot in Socket Mode for each test of a file, each against a workspace of its own.
 *
 * @example
 * const run = useSocketBot();
 * test('…', async () => { run.slack.say(…); await run.said(1); });
 */
export function useSocketBot({ limits, ...options }: BotOptions = {}): BotUnderTest {
  const api = useApi();
  let folder: string;
  let slack: Counterpart;
  let services: Services;
  let bot: SocketBot;
  beforeEach(async () => {
    folder = await newFolder();
    slack = await startSlack({ manifest: await manifest(), ...options });
    services = await slackServices(slack, folder, { endpoint: api.url, ...(limits && { limits }) });
    const { appToken, botToken } = slack;
    // A lost connection is made anew after a moment, not after five seconds.
    bot = await startSocketBot({
      ...{ services, appToken, botToken, apiUrl: slack.api.url, pingTimeout: 600 },
    });
  });
  afterEach(async () => {
    await bot.stop();
    await slack.close();
    await rm(folder, { recursive: true });
  });
  return {
    get slack() {
      return slack;
    },
    get services() {
      return services;
    },
    get bot() {
      return bot;
    },
    said: (count, timeout) => said(slack, count, timeout),
  };
}

export interface HttpBotUnderTest {
  readonly slack: Counterpart;
  readonly services: Services;
  readonly queue: FifoQueue;
  readonly http: HttpDelivery;
  /** Milliseconds by which acknowledgements are late, one after another. */
  readonly delays: number[];
  said(count: number, timeout?: number): Promise<void>;
}

/**
 * Runs the bot as on AWS: Slack calls the function, which fills the queue, and the worker does what is in
 * there, one job at a time of each channel.
 */
export function useHttpBot(options: Partial<CounterpartOptions> = {}): HttpBotUnderTest {
  const api = useApi();
  let folder: string;
  let slack: Counterpart;
  let services: Services;
  const queue = new FifoQueue();
  let http: HttpDelivery;
  let worker: NodeJS.Timeout;
  const delays: number[] = [];
  const lanes = new Map<string, Promise<void>>();
  beforeAll(() => queue.start());
  afterAll(() => queue.close());
  beforeEach(async () => {
    folder = await newFolder();
    slack = await startSlack({ manifest: await manifest(), ...options });
    services = await slackServices(slack, folder, { endpoint: api.url });
    queue.messages.length = 0;
    queue.sent = 0;
    Object.assign(process.env, queue.env, {
      UNDERTONE_SLACK_SIGNING_SECRET: slack.signingSecret,
      UNDERTONE_SLACK_BOT_TOKEN: slack.botToken,
    });
    delays.length = 0;
    http = slack.connectHttp(async (request) => {
      const { statusCode, body } = await handler(slackRequestEvent(request));
      await new Promise((resolve) => setTimeout(resolve, delays.shift() ?? 0));
      return { status: statusCode, body };
    });
    const deps = { services, botToken: slack.botToken, apiUrl: slack.api.url };
    lanes.clear();
    let done = 0;
    worker = setInterval(() => {
      for (; done < queue.messages.length; done++) {
        const { group, body } = queue.messages[done];
        const { payload } = chatJobSchema.parse(JSON.parse(body));
        const before = lanes.get(group) ?? Promise.resolve();
        lanes.set(
          group,
          before.then(() => handleSlackJob(payload, deps)),
        );
      }
    }, 5);
  });
  afterEach(async () => {
    clearInterval(worker);
    await slack.close();
    await rm(folder, { recursive: true });
  });
  return {
    get slack() {
      return slack;
    },
    get services() {
      return services;
    },
    queue,
    get http() {
      return http;
    },
    delays,
    async said(count, timeout) {
      await said(slack, count, timeout);
      // What is said twice, is said after a while.
      await Promise.all(lanes.values());
      await said(slack, count);
    },
  };
}

/** Waits for the answers, and then for what should not come. */
export async function said(slack: Counterpart, count: number, timeout = 40_000): Promise<void> {
  const all = () => slack.posts().length + slack.workspace.ephemerals.length;
  await vi.waitFor(() => expect(all()).toBeGreaterThanOrEqual(count), { timeout });
  await vi.waitFor(() => expect(slack.isQuiet).toBe(true), { timeout: 10_000 });
  slack.echoPosts();
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(all()).toBe(count);
}

/** Everything that can be read in blocks. */
export function textOf(blocks: readonly object[] | undefined): string {
  const texts: string[] = [];
  JSON.stringify(blocks ?? [], (key, value) => {
    if (key === 'text' && typeof value === 'string') texts.push(value);
    return value;
  });
  return texts.join('\n');
}
