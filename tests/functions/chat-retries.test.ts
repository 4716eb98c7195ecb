import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { SQSEvent } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { EN } from '../../bots/wording/languages.ts';
import { handler as chat } from '../../functions/chat.ts';
import { handler as interactions } from '../../functions/discord-interactions.ts';
import { CHAT, CHAT_RETRY_DELAYS } from '../../functions/infrastructure.ts';
import { startEventSource } from '../../local-cloud/functions.ts';
import { LocalQueue, type QueueCounts } from '../../local-cloud/queue.ts';
import { type QueueEndpoint, startQueueEndpoint } from '../../local-cloud/sqs.ts';
import { captureLog, NOTE, type Stage, useStage } from '../bots/discord/fixture.ts';
import { readEmotion } from '../support/discord/commands.ts';
import type { LocalInteraction } from '../support/discord/interactions.ts';
import type { LocalChannel } from '../support/discord/world.ts';
import { proxyEvent } from './event.ts';
import { lambdaContext, useLocalAws } from './local-aws.ts';

const PATIENCE = { timeout: 20_000, interval: 20 };

const stage = useStage();
useLocalAws();

let scene: Stage;
let folder: string;
let queue: LocalQueue;
let endpoint: QueueEndpoint;
let end: () => Promise<void>;
/** Milliseconds by which the clock is ahead. */
let ahead = 0;
/** Messages that have come back from the worker. */
let failures = 0;

beforeAll(async () => {
  scene = await stage.set();
  Object.assign(process.env, {
    UNDERTONE_API_ENDPOINT: stage.apiUrl(),
    UNDERTONE_DISCORD_API: scene.discord.api,
    UNDERTONE_DISCORD_PUBLIC_KEY: scene.discord.interactions.publicKey,
    UNDERTONE_FILE_HOSTS: `http://${scene.discord.cdn.host}`,
  });
  folder = await mkdtemp(join(tmpdir(), 'undertone-retries-'));
  queue = new LocalQueue({
    ...{ name: 'undertone-chat.fifo', folder },
    ...{ visibilityTimeout: 10 * 60_000, maxReceiveCount: CHAT.tries },
  });
  endpoint = await startQueueEndpoint([queue]);
  process.env.AWS_ENDPOINT_URL_SQS = endpoint.endpoint;
  process.env.UNDERTONE_CHAT_QUEUE_URL = endpoint.urlOf(queue);
});

afterAll(async () => {
  await endpoint.close();
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  captureLog();
  const now = Date.now;
  ahead = 0;
  vi.spyOn(Date, 'now').mockImplementation(() => now() + ahead);
});

afterEach(() => end());

/** Starts the worker, which gets so many messages at a time, and so many milliseconds for them. */
function work({ batchSize = 1, remaining = 120_000 } = {}): void {
  failures = 0;
  const handler = async (event: SQSEvent) => {
    const response = await chat(event, lambdaContext(remaining));
    failures += response.batchItemFailures.length;
    return response;
  };
  const onError = (error: unknown) => expect(error).toBeUndefined();
  end = startEventSource({ queue, handler, batchSize, concurrency: 2, onError });
}

/** Waits until so many messages have come back from the worker. */
function failed(count: number): Promise<void> {
  return vi.waitFor(() => expect(failures).toBe(count), PATIENCE);
}

function counts(expected: Partial<QueueCounts>): Promise<void> {
  return vi.waitFor(() => expect(queue.counts()).toMatchObject(expected), PATIENCE);
}

/** Asks about a note as Discord does: signed, to the function, which puts it into the queue. */
async function ask(channel: LocalChannel): Promise<LocalInteraction> {
  const { discord } = scene;
  const user = discord.world.addUser();
  const note = discord.postVoice(channel, user, NOTE);
  const asked = discord.begin(channel, readEmotion(note, { user, channel }));
  const body = JSON.stringify(asked.payload);
  const headers = discord.interactions.signatureOf(body);
  const answer = await interactions(proxyEvent('POST', '/discord/interactions', { body, headers }));
  expect(answer.statusCode).toBe(200);
  discord.interactions.answer(asked.id, asked.token, JSON.parse(answer.body));
  return asked;
}

/** Has Discord refuse the answer to a question some times. */
function refuse({ token }: LocalInteraction, times: number): void {
  scene.discord.fail({ method: 'PATCH', path: new RegExp(token), times, how: { status: 403 } });
}

const titleOf = ({ original }: LocalInteraction) => original?.embeds[0]?.title;
const answered = (asked: LocalInteraction) =>
  vi.waitFor(() => expect(titleOf(asked)).toBe('😢 Sad'), PATIENCE);

/** Which of some questions Discord has taken the answers to, in that order. */
function orderOf(...questions: readonly LocalInteraction[]): number[] {
  return scene.discord.requests
    .filter(({ method, status }) => method === 'PATCH' && status === 200)
    .map(({ path }) => questions.findIndex(({ token }) => path.includes(token)))
    .filter((index) => index >= 0);
}

test('what failed is tried again soon; its channel waits for it, and others do not', async () => {
  const { open, closed } = scene;
  const first = await ask(open);
  refuse(first, 1);
  const second = await ask(open);
  work();
  await failed(1);
  const elsewhere = await ask(closed);
  await answered(elsewhere);
  await counts({ waiting: 1, inFlight: 1 });
  expect(second.edits).toEqual([]);
  ahead = CHAT_RETRY_DELAYS[0] * 1000;
  await answered(second);
  expect(titleOf(first)).toBe('😢 Sad');
  expect(orderOf(first, second, elsewhere)).toEqual([2, 0, 1]);
  await counts({ waiting: 0, inFlight: 0, dead: 0 });
});

test('after its last try it is a dead letter, and its channel goes on', async () => {
  const lost = await ask(scene.open);
  refuse(lost, CHAT.tries);
  const next = await ask(scene.open);
  work();
  for (const [i, delay] of CHAT_RETRY_DELAYS.entries()) {
    await failed(i + 1);
    expect(next.edits).toEqual([]);
    ahead += delay * 1000;
  }
  // Without another wait.
  await answered(next);
  expect(failures).toBe(CHAT.tries);
  expect(lost.edits).toEqual([]);
  await counts({ waiting: 0, inFlight: 0, dead: 1 });
});

test('where the worker gets many at once, only the channel of what failed waits', async () => {
  const { open, closed } = scene;
  // A queue that hands out several of a channel, as SQS does and the local one does not.
  const first = await ask(open);
  refuse(first, 1);
  const [second, elsewhere] = [await ask(open), await ask(closed)];
  const [head, other] = queue.receive(2);
  const job = { platform: 'discord', id: second.id, payload: second.payload };
  const later = { ...head, messageId: 'later', receiptHandle: 'later', body: JSON.stringify(job) };
  const answer = await chat({ Records: [head, later, other] }, lambdaContext());
  expect(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual([
    head.messageId,
    'later',
  ]);
  await answered(elsewhere);
  expect([first.edits, second.edits]).toEqual([[], []]);
  queue.remove(other.messageId);
  ahead = CHAT_RETRY_DELAYS[0] * 1000;
  work();
  await answered(second);
  expect(orderOf(first, second)).toEqual([0, 1]);
});

test('is answered on its last try where the table of what was done is away', async () => {
  const asked = await ask(scene.open);
  const client = new DynamoDBClient();
  const TableName = process.env.UNDERTONE_IDEMPOTENCY_TABLE;
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  await client.send(new DeleteTableCommand({ TableName }));
  const before = queue.counts().dead;
  work();
  for (const [i, delay] of CHAT_RETRY_DELAYS.entries()) {
    await failed(i + 1);
    expect(asked.edits).toEqual([]);
    ahead += delay * 1000;
  }
  await answered(asked);
  expect(asked.edits).toHaveLength(1);
  await counts({ waiting: 0, inFlight: 0, dead: before });
  await client.send(
    new CreateTableCommand({
      ...{ TableName, BillingMode: 'PAY_PER_REQUEST' },
      ...{ KeySchema: Table?.KeySchema, AttributeDefinitions: Table?.AttributeDefinitions },
    }),
  );
  client.destroy();
});

test('a note for which there is no time is answered with a sentence while there is', async () => {
  const asked = await ask(scene.closed);
  work({ remaining: 30_000 });
  await vi.waitFor(() => expect(asked.edits).toHaveLength(1), PATIENCE);
  expect(asked.original?.embeds[0].description).toBe(EN.errors['attachment-unavailable']);
  await counts({ waiting: 0, inFlight: 0 });
});
