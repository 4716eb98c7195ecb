import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { EN } from '../../bots/wording/languages.ts';
import { findFfmpeg } from '../../core/index.ts';
import { newResultId } from '../../functions/aws/result-id.ts';
import { handler as chat } from '../../functions/chat.ts';
import { handler as interactions } from '../../functions/discord-interactions.ts';
import { CHAT, LABELLING } from '../../functions/infrastructure.ts';
import { handler as label } from '../../functions/label.ts';
import { handler as result } from '../../functions/result.ts';
import { handler as slackEvents } from '../../functions/slack-events.ts';
import { LocalQueue } from '../../local-cloud/queue.ts';
import { type QueueEndpoint, startQueueEndpoint } from '../../local-cloud/sqs.ts';
import { createRandom } from '../../training/random.ts';
import { captureLog, NOTE, type Stage, useStage } from '../bots/discord/fixture.ts';
import { manifest } from '../bots/slack/bot.ts';
import { silence, wavFile } from '../fixtures/audio.ts';
import { encode, hasFfmpeg } from '../fixtures/encode.ts';
import { BUILD } from '../fixtures/run.ts';
import { readEmotion } from '../support/discord/commands.ts';
import type { LocalInteraction } from '../support/discord/interactions.ts';
import { type Fault, type Passing, startFaultProxy } from '../support/fault-proxy.ts';
import { type Counterpart, startSlack } from '../support/slack/counterpart.ts';
import { proxyEvent, resultEvent } from './event.ts';
import { lambdaContext, useLocalAws } from './local-aws.ts';
import { slackRequestEvent } from './slack-request.ts';

type Proxy = Awaited<ReturnType<typeof startFaultProxy>>;
type Handler = (
  event: SQSEvent,
  context: ReturnType<typeof lambdaContext>,
) => Promise<SQSBatchResponse>;

// Processes start slowly where the machine is busy.
vi.setConfig({ testTimeout: 240_000 });

/** Milliseconds after which work that was begun and not finished may be taken up by somebody else. */
const LEASE = 121_000;
const Bucket = 'undertone-inbox';

const stage = useStage();
const cloud = useLocalAws();
const proxies: Proxy[] = [];
let s3: Proxy;
let dynamodb: Proxy;
let sqs: Proxy;
let api: Proxy;
let discord: Proxy;
let cdn: Proxy;
let slackApi: Proxy;
let scene: Stage;
let slack: Counterpart;
let folder: string;
let questions: LocalQueue;
let endpoint: QueueEndpoint;
/** Milliseconds by which the clock is ahead. */
let ahead = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-faults-'));
  questions = queueOf('undertone-chat.fifo', CHAT.tries);
  endpoint = await startQueueEndpoint([questions]);
  scene = await stage.set();
  slack = await startSlack({ manifest: await manifest() });
  slack.connectHttp(async (request) => {
    const { statusCode, body } = await slackEvents(slackRequestEvent(request));
    return { status: statusCode, body };
  });
  // A client looks once where the service is: that of the tests goes past the proxy.
  await cloud.s3.send(new ListObjectsV2Command({ Bucket }));
  s3 = await proxyOf(cloud.aws.endpoints.s3);
  dynamodb = await proxyOf(cloud.aws.endpoints.dynamodb);
  sqs = await proxyOf(endpoint.endpoint);
  api = await proxyOf(stage.apiUrl());
  discord = await proxyOf(scene.discord.api);
  cdn = await proxyOf(`http://${scene.discord.cdn.host}`);
  slackApi = await proxyOf(slack.api.url);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
    AWS_ENDPOINT_URL_SQS: sqs.url,
    UNDERTONE_API_ENDPOINT: api.url,
    UNDERTONE_CHAT_QUEUE_URL: endpoint.urlOf(questions).replace(endpoint.endpoint, sqs.url),
    UNDERTONE_DISCORD_API: `${discord.url}/api`,
    UNDERTONE_DISCORD_PUBLIC_KEY: scene.discord.interactions.publicKey,
    UNDERTONE_FILE_HOSTS: `${cdn.url},http://${slack.files.host}`,
    UNDERTONE_SLACK_API: `${slackApi.url}/api/`,
    UNDERTONE_SLACK_SIGNING_SECRET: slack.signingSecret,
    UNDERTONE_SLACK_BOT_TOKEN: slack.botToken,
  });
});

afterAll(async () => {
  for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
  await endpoint.close();
  await slack.close();
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  captureLog();
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const now = Date.now;
  ahead = 0;
  vi.spyOn(Date, 'now').mockImplementation(() => now() + ahead);
});
afterEach(() => {
  for (const proxy of proxies) proxy.fault = () => undefined;
});

async function proxyOf(target: string): Promise<Proxy> {
  const proxy = await startFaultProxy(target);
  proxies.push(proxy);
  return proxy;
}

function queueOf(name: string, maxReceiveCount: number): LocalQueue {
  return new LocalQueue({
    name,
    folder: join(folder, name),
    maxReceiveCount,
    visibilityTimeout: LEASE,
  });
}

/** Returns faults for a share of the requests, of every kind that ends soon. */
function atRandom(seed: number, share: number): () => Fault | undefined {
  const random = createRandom(seed);
  const kinds: readonly Fault[] = [
    ...([500, 503] as const).flatMap((how) => [{ how }, { how, isDone: true }]),
    ...([{ how: 'cut' }, { how: 'cut', isDone: true }, { how: 'half' }, { how: 'late' }] as const),
  ];
  return () => (random.uniform() < share ? kinds[random.integer(kinds.length)] : undefined);
}

/** Has messages worked on until none is left, as the event source does, and time pass when all of them wait. */
async function work(queue: LocalQueue, handler: Handler, { batchSize = 1, lanes = 1 } = {}) {
  for (;;) {
    const batches: SQSRecord[][] = [];
    while (batches.length < lanes) {
      const records = queue.receive(batchSize);
      if (records.length === 0) break;
      batches.push(records);
    }
    if (batches.length === 0 && queue.counts().inFlight === 0) return;
    if (batches.length === 0) ahead += LEASE + 1;
    const done = batches.map(async (Records) => {
      const { batchItemFailures } = await handler({ Records }, lambdaContext());
      const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      for (const { messageId } of Records) if (!failed.has(messageId)) queue.remove(messageId);
    });
    await Promise.all(done);
  }
}

/** Puts an object into the inbox, and what S3 tells of it into a queue. */
async function drop(queue: LocalQueue, Key: string, Body: Uint8Array | string): Promise<void> {
  await cloud.s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  for (const event of await cloud.announced()) queue.send(JSON.stringify(event));
}

/** Returns the labels of the keys below a prefix. */
async function labels(prefix: string) {
  const results = { Bucket: 'undertone-results' };
  const { Contents = [] } = await cloud.s3.send(new ListObjectsV2Command(results));
  const found = Contents.flatMap(({ Key = '' }) => (Key.includes(`/${prefix}`) ? [Key] : []));
  const texts = found.map(async (Key) => {
    const { Body } = await cloud.s3.send(new GetObjectCommand({ ...results, Key }));
    return JSON.parse((await Body?.transformToString()) ?? '');
  });
  return Promise.all(texts);
}

describe('the batch', () => {
  test('every file ends in a label or as a dead letter, whatever S3 and DynamoDB do', async () => {
    const queue = queueOf('random', LABELLING.tries);
    const kinds = [
      [NOTE, 'sad'],
      [wavFile(silence({ seconds: 1 })), 'no-speech'],
      [NOTE.subarray(0, 40), 'audio-unreadable'],
      ['Dear diary', 'format-unsupported'],
    ] as const;
    const expected = new Map<string, string>();
    for (let i = 0; i < 16; i++) {
      const [body, answer] = kinds[i % kinds.length];
      expected.set(`random/${i}`, answer);
      await drop(queue, `random/${i}`, body);
    }
    const any = atRandom(1, 0.35);
    s3.fault = ({ path }) => (path.includes('random/0?') ? { how: 'half' } : any());
    dynamodb.fault = atRandom(2, 0.35);
    await work(queue, label, { batchSize: LABELLING.batchSize });
    const { dead } = queue.counts();
    expect(dead).toBeGreaterThan(0);
    const before = await labels('random/');
    expect(before.length).toBeGreaterThanOrEqual(expected.size - dead);
    expect(before.map(({ key }) => key)).not.toContain('random/0');
    for (const { key, emotion, error } of before)
      expect(emotion ?? error.code).toBe(expected.get(key));

    s3.fault = dynamodb.fault = () => undefined;
    queue.redrive();
    await work(queue, label);
    const after = await labels('random/');
    expect(after.map(({ key }) => key).sort()).toEqual([...expected.keys()].sort());
    expect(queue.counts()).toEqual({ waiting: 0, inFlight: 0, dead: 0 });
  });

  test('a worker that is killed just after its label, or just before its message goes, labels no file twice', async () => {
    const points = {
      labelled: ['s3', ({ method }: Passing) => at(method === 'PUT')],
      finished: ['dynamodb', ({ action }: Passing) => at(action === 'UpdateItem')],
    } as const;
    const queue = queueOf('killed', LABELLING.tries);
    const deaths: Promise<void>[] = [];
    for (const [name, [service, fault]] of Object.entries(points)) {
      await drop(queue, `killed/${name}`, NOTE);
      const proxy = await proxyOf(cloud.aws.endpoints[service]);
      const worker = startWorker('label', {
        [`AWS_ENDPOINT_URL_${service.toUpperCase()}`]: proxy.url,
      });
      proxy.fault = (request) => withKill(fault(request), worker);
      deaths.push(die(worker, queue.receive(1)));
    }
    await Promise.all(deaths);
    const before = timesOf(await labels('killed/'));
    await work(queue, label);
    const after = timesOf(await labels('killed/'));
    expect(queue.counts()).toEqual({ waiting: 0, inFlight: 0, dead: 0 });
    // What was not known to be done is done again, over itself; what was known is not.
    expect(after.get('killed/labelled')).not.toBe(before.get('killed/labelled'));
    expect(after.get('killed/finished')).toBe(before.get('killed/finished'));
  });
});

describe('the recordings of a batch', () => {
  /** Holds the label of the first until the second is read, and then does something else. */
  function holdLabel(first: string, second: string, then = () => {}): void {
    let isRead = () => {};
    const read = new Promise<void>((resolve) => {
      isRead = resolve;
    });
    s3.fault = ({ method, path }) => {
      if (method === 'GET' && path.includes(second)) isRead();
      if (method !== 'PUT' || !path.includes(first)) return undefined;
      return { how: 'late', by: 0, meanwhile: () => read.then(then) };
    };
  }

  async function batchOf(...keys: string[]): Promise<SQSEvent> {
    const queue = queueOf(keys[0], LABELLING.tries);
    for (const key of keys) await drop(queue, key, NOTE);
    return { Records: queue.receive(keys.length) };
  }

  test('are read while the label of the one before is written', async () => {
    const event = await batchOf('ahead-1', 'ahead-2', 'ahead-3');
    holdLabel('ahead-1', 'ahead-2');
    expect(await label(event, lambdaContext())).toEqual({ batchItemFailures: [] });
    expect(await labels('ahead-')).toHaveLength(3);
  });

  test('are tried again if too little time is left by then', async () => {
    const event = await batchOf('short-1', 'short-2');
    let remaining = 120_000;
    const context = { ...lambdaContext(), getRemainingTimeInMillis: () => remaining };
    holdLabel('short-1', 'short-2', () => {
      remaining = 24_000;
    });
    const { batchItemFailures } = await label(event, context);
    const [, { messageId }] = event.Records;
    expect(batchItemFailures).toEqual([{ itemIdentifier: messageId }]);
    expect(await label(event, lambdaContext())).toEqual({ batchItemFailures: [] });
    expect(await labels('short-')).toHaveLength(2);
  });

  test.runIf(hasFfmpeg)('are not read while another one is classified', async () => {
    const [standIn, decoded] = [join(folder, 'ffmpeg'), join(folder, 'decoded')];
    const script = `#!/bin/sh\nsleep 0.5\n'${findFfmpeg()}' "$@" && touch '${decoded}'\n`;
    await writeFile(standIn, script, { mode: 0o700 });
    const queue = queueOf('alone', LABELLING.tries);
    await drop(queue, 'alone-1', encode(NOTE, 'm4a'));
    await drop(queue, 'alone-2', NOTE);
    const early: Passing[] = [];
    s3.fault = (request) => {
      if (request.path.includes('alone-2') && !existsSync(decoded)) early.push(request);
      return undefined;
    };
    vi.stubEnv('FFMPEG_BIN', standIn);
    const { batchItemFailures } = await label({ Records: queue.receive(2) }, lambdaContext());
    vi.unstubAllEnvs();
    expect({ batchItemFailures, early }).toEqual({ batchItemFailures: [], early: [] });
    expect(existsSync(decoded)).toBe(true);
  });
});

/** When each object was labelled. */
function timesOf(all: readonly { readonly key: string; readonly labelledAt: string }[]) {
  expect(all.map(({ key }) => key).sort()).toEqual(['killed/finished', 'killed/labelled']);
  return new Map(all.map(({ key, labelledAt }) => [key, labelledAt]));
}

/** A moment at which a process is killed: what it asked for is done, and it does not learn of it. */
function at(isThere: boolean): Fault | undefined {
  return isThere ? { how: 'silent', isDone: true } : undefined;
}

function withKill(fault: Fault | undefined, worker: ChildProcess): Fault | undefined {
  return fault && { ...fault, meanwhile: () => worker.kill('SIGKILL') };
}

/** Starts a function as the local cloud does, in a process of its own. */
function startWorker(name: string, env: NodeJS.ProcessEnv): ChildProcess {
  const module = pathToFileURL(join(BUILD, `functions/${name}.js`)).href;
  return fork(join(BUILD, 'local-cloud/function-worker.js'), [module, name], {
    env: { ...process.env, AWS_LAMBDA_FUNCTION_NAME: name, ...env },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: [],
  });
}

/** Gives a worker its last piece of work. */
async function die(worker: ChildProcess, Records: readonly SQSRecord[]): Promise<void> {
  expect(Records).toHaveLength(1);
  worker.send({ id: 1, event: { Records }, deadline: Date.now() + 120_000 });
  expect(await once(worker, 'exit')).toEqual([null, 'SIGKILL']);
}

/** Asks about a note in Discord, in a channel where nobody else asks. */
async function ask(): Promise<LocalInteraction> {
  const { world, interactions: signer } = scene.discord;
  const channel = world.addChannel(world.addGuild());
  const user = world.addUser();
  const note = scene.discord.postVoice(channel, user, NOTE);
  const asked = scene.discord.begin(channel, readEmotion(note, { user, channel }));
  const body = JSON.stringify(asked.payload).replaceAll(
    `http://${scene.discord.cdn.host}`,
    cdn.url,
  );
  const headers = signer.signatureOf(body);
  const answer = await interactions(proxyEvent('POST', '/discord/interactions', { body, headers }));
  signer.answer(asked.id, asked.token, JSON.parse(answer.body));
  return asked;
}

/** Posts a note in a direct message of Slack, and returns the channel. */
async function post(): Promise<string> {
  const ada = slack.workspace.addUser();
  const channel = slack.workspace.addChannel([ada], { kind: 'direct' });
  const { waiting } = questions.counts();
  slack.say(channel, ada, { files: [{ content: NOTE }] });
  await vi.waitFor(() => expect(questions.counts().waiting).toBe(waiting + 1), { timeout: 20_000 });
  return channel;
}

/** What was said about a note: its emotion, or why there is none. */
const saidTo = ({ original }: LocalInteraction) =>
  original?.embeds[0]?.title ?? original?.embeds[0]?.description;

describe('the chat', () => {
  const honest = ['😢 Sad', ...Object.values(EN.errors)];

  test('every note is answered once or told about, whatever all services do', async () => {
    const inDiscord: LocalInteraction[] = [];
    const inSlack: string[] = [];
    for (let i = 0; i < 6; i++) inDiscord.push(await ask());
    for (let i = 0; i < 4; i++) inSlack.push(await post());
    for (const [i, proxy] of [dynamodb, sqs, api, discord, cdn, slackApi].entries()) {
      proxy.fault = atRandom(10 + i, 0.25);
    }
    await work(questions, chat, { lanes: 20 });
    expect(questions.counts()).toMatchObject({ waiting: 0, inFlight: 0 });
    let unanswered = 0;
    for (const asked of inDiscord) {
      if (asked.original) expect(honest).toContain(saidTo(asked));
      else unanswered++;
    }
    for (const channel of inSlack) {
      const posts = slack.posts(channel);
      expect(posts.length).toBeLessThanOrEqual(1);
      if (posts.length === 0) unanswered++;
      else
        expect(honest.some((text) => posts[0].text.includes(text.replace('😢 ', '')))).toBe(true);
    }
    expect(unanswered).toBeLessThanOrEqual(questions.counts().dead);
    expect(inDiscord.map(saidTo)).toContain('😢 Sad');
  });

  test('a worker that is killed just after its answer does not answer twice', async () => {
    const kill = async (variable: string, service: Proxy, path: string, fault: Proxy['fault']) => {
      const proxy = await proxyOf(service.url);
      const worker = startWorker('chat', { [variable]: proxy.url + path });
      proxy.fault = (request) => withKill(fault(request), worker);
      await die(worker, questions.receive(1));
    };
    const edited = await ask();
    const channel = await post();
    await Promise.all([
      kill('UNDERTONE_DISCORD_API', discord, '/api', ({ method }) => at(method === 'PATCH')),
      kill('UNDERTONE_SLACK_API', slackApi, '/api/', ({ path }) => at(/postMessage/.test(path))),
    ]);
    expect(edited.edits).toHaveLength(1);
    expect(slack.posts(channel)).toHaveLength(1);
    await work(questions, chat);
    expect(saidTo(edited)).toBe('😢 Sad');
    // The answer of Discord is written again over itself; that of Slack is looked for first.
    expect(slack.posts(channel)).toHaveLength(1);
  });
});

test('services that are silent, or stop half-way, have failed after a while', async () => {
  const queue = queueOf('silent', LABELLING.tries);
  await drop(queue, 'silent/1', NOTE);
  await drop(queue, 'silent/2', NOTE);
  s3.fault = ({ path }) => ({ how: path.includes('silent/1') ? 'silent' : 'stalled' });
  sqs.fault = () => ({ how: 'silent' });
  dynamodb.fault = ({ action }) => (action === 'GetItem' ? { how: 'silent' } : undefined);
  const [asked, found, ...failed] = await Promise.all([
    ask(),
    result(resultEvent('GET', newResultId())),
    ...[queue.receive(1), queue.receive(1)].map((Records) => label({ Records }, lambdaContext())),
  ]);
  expect(JSON.stringify(asked.response)).toContain(EN.errors.unavailable);
  expect([found.statusCode, JSON.parse(found.body).code]).toEqual([503, 'unavailable']);
  expect(failed.map(({ batchItemFailures }) => batchItemFailures.length)).toEqual([1, 1]);
});
