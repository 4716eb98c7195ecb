import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import type { Services } from '../../../bots/answer.ts';
import { ApiClient } from '../../../bots/api-client.ts';
import { memoryLimits } from '../../../bots/limits.ts';
import { fileSettings } from '../../../bots/settings.ts';
import { handleSlackJob, type SlackJobServices } from '../../../bots/slack/app.ts';
import { slackHosts } from '../../../bots/slack/files.ts';
import { type SocketBot, startSocketBot } from '../../../bots/slack/socket.ts';
import { oneWorkspace } from '../../../bots/slack/workspaces.ts';
import { type RunningServer, startServer } from '../../../cli/serve/server.ts';
import { chatJobSchema } from '../../../functions/chat/queue.ts';
import { handler } from '../../../functions/slack-events.ts';
import { startEventSource } from '../../../local-cloud/functions.ts';
import { LocalQueue } from '../../../local-cloud/queue.ts';
import { type QueueEndpoint, startQueueEndpoint } from '../../../local-cloud/sqs.ts';
import { voiceLike, wavFile } from '../../fixtures/audio.ts';
import { slackRequestEvent } from '../../functions/slack-request.ts';
import {
  type Counterpart,
  type CounterpartOptions,
  startSlack,
} from '../../support/slack/counterpart.ts';
import type { HttpDelivery } from '../../support/slack/http-delivery.ts';

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
    hosts: slackHosts([`http://${slack.files.host}`]),
  };
}

/** What a job of the worker is done with, in one workspace. */
export function jobServices(slack: Counterpart, services: Services): SlackJobServices {
  const apiUrl = slack.api.url;
  return { services, workspaces: oneWorkspace(slack.botToken, apiUrl), apiUrl };
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
 * Returns a function that runs the bot in Socket Mode against a workspace of its own, for tests that
 * run side by side.
 *
 * @example
 * const start = useSocketBots();
 * test('…', async () => {
 *   await using run = await start();
 *   run.slack.say(…);
 *   await run.said(1);
 * });
 */
export function useSocketBots({
  limits,
  ...options
}: BotOptions = {}): () => Promise<BotUnderTest & AsyncDisposable> {
  const api = useApi();
  return async () => {
    const folder = await newFolder();
    const slack = await startSlack({ manifest: await manifest(), ...options });
    const services = await slackServices(slack, folder, {
      endpoint: api.url,
      ...(limits && { limits }),
    });
    const { appToken } = slack;
    const apiUrl = slack.api.url;
    const workspaces = oneWorkspace(slack.botToken, apiUrl);
    // A lost connection is made anew after a moment, not after five seconds.
    const bot = await startSocketBot({ services, appToken, workspaces, apiUrl, pingTimeout: 600 });
    return {
      slack,
      services,
      bot,
      said: (count, timeout) => said(slack, count, timeout),
      async [Symbol.asyncDispose]() {
        await bot.stop();
        await slack.close();
        await rm(folder, { recursive: true });
      },
    };
  };
}

/**
 * Runs the bot in Socket Mode for each test of a file, each against a workspace of its own.
 *
 * @example
 * const run = useSocketBot();
 * test('…', async () => { run.slack.say(…); await run.said(1); });
 */
export function useSocketBot(options: BotOptions = {}): BotUnderTest {
  const start = useSocketBots(options);
  let run: BotUnderTest & AsyncDisposable;
  beforeEach(async () => {
    run = await start();
  });
  afterEach(() => run[Symbol.asyncDispose]());
  return {
    get slack() {
      return run.slack;
    },
    get services() {
      return run.services;
    },
    get bot() {
      return run.bot;
    },
    said: (count, timeout) => run.said(count, timeout),
  };
}

export interface HttpBotUnderTest {
  readonly slack: Counterpart;
  readonly services: Services;
  /** What the worker was asked to do so far, as Slack sent it. */
  readonly jobs: readonly unknown[];
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
  let queue: LocalQueue;
  let endpoint: QueueEndpoint;
  let http: HttpDelivery;
  let endWorker: () => Promise<void>;
  const delays: number[] = [];
  const jobs: unknown[] = [];
  let queueFolder: string;
  beforeAll(async () => {
    queueFolder = await newFolder();
    queue = new LocalQueue({
      name: 'undertone-chat.fifo',
      folder: queueFolder,
      visibilityTimeout: 10 * 60_000,
      maxReceiveCount: 3,
    });
    endpoint = await startQueueEndpoint([queue]);
  });
  afterAll(async () => {
    await endpoint.close();
    await rm(queueFolder, { recursive: true });
  });
  beforeEach(async () => {
    folder = await newFolder();
    slack = await startSlack({ manifest: await manifest(), ...options });
    services = await slackServices(slack, folder, { endpoint: api.url });
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_SQS: endpoint.endpoint,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      UNDERTONE_CHAT_QUEUE_URL: endpoint.urlOf(queue),
      UNDERTONE_SLACK_SIGNING_SECRET: slack.signingSecret,
      UNDERTONE_SLACK_BOT_TOKEN: slack.botToken,
    });
    delays.length = 0;
    jobs.length = 0;
    http = slack.connectHttp(async (request) => {
      const { statusCode, body } = await handler(slackRequestEvent(request));
      await new Promise((resolve) => setTimeout(resolve, delays.shift() ?? 0));
      return { status: statusCode, body };
    });
    const deps = jobServices(slack, services);
    endWorker = startEventSource({
      queue,
      batchSize: 1,
      concurrency: 50,
      onError: (error) => expect(error).toBeUndefined(),
      handler: async ({ Records: [{ body }] }) => {
        const { payload } = chatJobSchema.parse(JSON.parse(body));
        jobs.push(payload);
        await handleSlackJob(payload, deps);
        return undefined;
      },
    });
  });
  afterEach(async () => {
    await endWorker();
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
    jobs,
    get http() {
      return http;
    },
    delays,
    async said(count, timeout) {
      await said(slack, count, timeout);
      // What is said twice, is said after a while.
      const isDone = () => expect(queue.counts()).toMatchObject({ waiting: 0, inFlight: 0 });
      await vi.waitFor(isDone, { timeout: 10_000 });
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
