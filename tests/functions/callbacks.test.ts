import { spawnSync } from 'node:child_process';
import type { LookupAddress } from 'node:dns';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { verdictSchema } from '../../core/index.ts';
import { findCallback } from '../../functions/aws/callbacks.ts';
import { publicLookup } from '../../functions/callbacks/address.ts';
import type { DeliveryOptions } from '../../functions/callbacks/delivery.ts';
import { handler as classifyUpload } from '../../functions/classify-upload.ts';
import { handler as deleteResult } from '../../functions/delete-result.ts';
import { deliverCallbacks } from '../../functions/deliver-callback.ts';
import { handler as failUpload } from '../../functions/fail-upload.ts';
import { callbackEventSchema, type Upload, uploadSchema } from '../../functions/http/schemas.ts';
import { CALLBACK_RETRY_DELAYS, CALLBACKS, UPLOADS } from '../../functions/infrastructure.ts';
import { handler as uploads } from '../../functions/uploads.ts';
import { LocalQueue } from '../../local-cloud/queue.ts';
import { type QueueEndpoint, startQueueEndpoint } from '../../local-cloud/sqs.ts';
import { voiceLike, wavFile } from '../fixtures/audio.ts';
import { useTinyModel } from '../fixtures/model.ts';
import { resultEvent, uploadsEvent } from './event.ts';
import { lambdaContext, notification, queueEvent, useLocalAws } from './local-aws.ts';
import { expectProblem } from './problem.ts';

const note = wavFile(voiceLike({ seconds: 1 }));
const SECRET = `whsec_${Buffer.alloc(32, 'secret').toString('base64')}`;

/** A request to the receiver. `at` is its time by the test's clock. */
interface Received {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly at: number;
}

type Behaviour = (response: ServerResponse, attempt: number, request: IncomingMessage) => void;

/** A receiver of callbacks that behaves at each path as it is told, and takes everything elsewhere. */
class Receiver {
  readonly behaviours = new Map<string, Behaviour>();
  received: Received[] = [];
  readonly #attempts = new Map<string, number>();
  readonly #server = createServer(async (request, response) => {
    const path = request.url ?? '';
    const body = await text(request).catch(() => '');
    const headers = request.headers as Record<string, string>;
    this.received.push({ path, headers, body, at: Date.now() });
    const attempt = (this.#attempts.get(path) ?? 0) + 1;
    this.#attempts.set(path, attempt);
    const behave = this.behaviours.get(path) ?? ((answer: ServerResponse) => answer.end('Thanks'));
    behave(response, attempt, request);
  });

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  at(path: string): Received[] {
    return this.received.filter((each) => each.path === path);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const cloud = useLocalAws();
useTinyModel({ favourite: 'sad', confidence: 0.6 });
const receiver = new Receiver();
let folder: string;
let endpoint: QueueEndpoint;
let queue: LocalQueue;
/** Milliseconds by which the clock is ahead. */
let ahead = 0;
let log: string[];

beforeAll(async () => {
  await receiver.start();
  folder = await mkdtemp(join(tmpdir(), 'undertone-callbacks-'));
  queue = new LocalQueue({
    name: 'callbacks',
    folder: join(folder, 'queue'),
    visibilityTimeout: CALLBACKS.timeoutSeconds * 6000,
    maxReceiveCount: CALLBACKS.tries,
  });
  endpoint = await startQueueEndpoint([queue]);
  process.env.AWS_ENDPOINT_URL_SQS = endpoint.endpoint;
  process.env.UNDERTONE_CALLBACKS_QUEUE_URL = endpoint.urlOf(queue);
});
afterAll(async () => {
  await receiver.close();
  await endpoint.close();
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  vi.stubEnv('UNDERTONE_LOCAL_CALLBACKS', 'true');
  receiver.received = [];
  log = [];
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((line) => log.push(String(line)) > 0);
  }
  const now = Date.now;
  ahead = 0;
  vi.spyOn(Date, 'now').mockImplementation(() => now() + ahead);
});
afterEach(() => {
  // Nothing is left for the next test.
  queue.redrive();
  ahead += 86_400_000;
  for (const { messageId } of queue.receive(Number.POSITIVE_INFINITY)) queue.remove(messageId);
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

function ask(body: object | string) {
  return uploads(uploadsEvent({ body: typeof body === 'string' ? body : JSON.stringify(body) }));
}

async function newUpload(body: object): Promise<Upload> {
  const { statusCode, body: answer } = await ask(body);
  expect(statusCode, answer).toBe(201);
  return uploadSchema.parse(JSON.parse(answer));
}

async function send({ upload }: Upload, file: Uint8Array = note): Promise<void> {
  const form = new FormData();
  for (const [name, value] of Object.entries(upload.fields)) form.set(name, value);
  form.set('file', new Blob([file as Uint8Array<ArrayBuffer>]));
  expect((await fetch(upload.url, { method: 'POST', body: form })).status).toBe(204);
}

/** Has everything classified that was uploaded until now. */
async function classify(): Promise<void> {
  const { batchItemFailures } = await classifyUpload(
    queueEvent(...(await cloud.announced())),
    lambdaContext(),
  );
  expect(batchItemFailures).toEqual([]);
}

/** What becomes of an upload whose every try was killed: it needs no classifying, and so no time. */
async function fail(...ids: readonly string[]): Promise<void> {
  const messages = ids.map((key) => notification({ key, size: 1, bucket: 'undertone-uploads' }));
  await failUpload(queueEvent(...messages), lambdaContext(3_600_000));
}

type Handler = (
  event: SQSEvent,
  context: ReturnType<typeof lambdaContext>,
) => Promise<SQSBatchResponse>;

/** What ends attempts in place of a timer, by URL: a receiver that hangs says that the time is over. */
const limits = new Map<string, AbortController>();

function limit(url: string): AbortSignal {
  const controller = new AbortController();
  limits.set(url, controller);
  return controller.signal;
}

const hang: Behaviour = (_, __, { url = '' }) => limits.get(receiver.url(url))?.abort();

/** Has callbacks delivered until none is left, as the event source does, and time pass when all of them wait. */
async function deliverAll({
  handler = deliverCallbacks({ limit }) as Handler,
  step = 600_000,
  lanes = 4,
} = {}): Promise<void> {
  for (;;) {
    const batches: SQSRecord[][] = [];
    while (batches.length < lanes) {
      const records = queue.receive(CALLBACKS.batchSize);
      if (records.length === 0) break;
      batches.push(records);
    }
    if (batches.length === 0 && queue.counts().inFlight === 0) return;
    if (batches.length === 0) ahead += step;
    const done = batches.map(async (Records) => {
      const { batchItemFailures } = await handler({ Records }, lambdaContext());
      const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      for (const { messageId } of Records) if (!failed.has(messageId)) queue.remove(messageId);
    });
    await Promise.all(done);
  }
}

/**
 * Expects a request to have been signed with a secret at the time that it states, as the library of
 * Standard Webhooks has it, and returns its body.
 */
function verified({ headers, body }: Received, secret = SECRET) {
  const now = ahead;
  ahead += Number(headers['webhook-timestamp']) * 1000 - Date.now();
  try {
    return new Webhook(secret).verify(body, headers) as { type: string; data: { id: string } };
  } finally {
    ahead = now;
  }
}

describe('a callback', () => {
  test('gets the verdict, signed with the secret that the upload was answered with', async () => {
    const url = receiver.url('/verdict?tenant=7');
    const upload = await newUpload({ callback: { url }, reference: 'calls/1.ogg' });
    expect(upload.callback).toEqual({ url, secret: expect.stringMatching(/^whsec_.{44}$/) });
    await send(upload);
    await classify();
    expect(receiver.received).toEqual([]);
    await deliverAll();
    const [received, ...others] = receiver.received;
    expect(others).toEqual([]);
    expect(received.path).toBe('/verdict?tenant=7');
    expect(received.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'Undertone',
    });
    expect(Number(received.headers['webhook-timestamp'])).toBeCloseTo(received.at / 1000, -1.3);
    const posted = verified(received, upload.callback?.secret);
    const { type, data } = callbackEventSchema.parse(posted);
    expect(type).toBe('result.done');
    const { id, state, reference, verdict } = data;
    expect({ id, state, reference }).toEqual({
      id: upload.id,
      state: 'done',
      reference: 'calls/1.ogg',
    });
    expect(verdictSchema.parse(verdict).emotion).toBe('sad');
    // It is small, and where it goes is forgotten.
    expect(verdict?.timeline).toBeUndefined();
    expect(received.headers['webhook-id']).not.toContain(upload.id);
    expect(await findCallback(upload.id)).toBeNull();
  });

  test('gets the named error of what is no recording', async () => {
    const url = receiver.url('/error');
    await send(await newUpload({ callback: { url, secret: SECRET } }), Buffer.from('Dear diary'));
    await classify();
    await deliverAll();
    const { type, data } = verified(receiver.received[0]);
    expect(type).toBe('result.failed');
    expect(data).toMatchObject({ state: 'failed', error: { code: 'format-unsupported' } });
  });

  test('is told when every try was killed', async () => {
    const upload = await newUpload({ callback: { url: receiver.url('/killed'), secret: SECRET } });
    await fail(upload.id);
    await deliverAll();
    expect(verified(receiver.received[0]).data).toMatchObject({ error: { code: 'internal' } });
  });

  test('is signed with the client’s own secret, which is not answered again', async () => {
    const callback = { url: receiver.url('/own'), secret: SECRET };
    const upload = await newUpload({ callback });
    expect(upload.callback).toEqual({ url: callback.url });
    await fail(upload.id);
    await deliverAll();
    verified(receiver.received[0]);
    expect(() => verified(receiver.received[0], `${SECRET.slice(0, -2)}A=`)).toThrow();
    const { headers, body } = receiver.received[0];
    expect(() => new Webhook(SECRET).verify(`${body} `, headers)).toThrow();
    expect(() => new Webhook(SECRET).verify(body, { ...headers, 'webhook-id': 'x' })).toThrow();
  });

  test('is delivered once, although its form is used again and its message comes again', async () => {
    const upload = await newUpload({ callback: { url: receiver.url('/once') } });
    for (let i = 0; i < 3; i++) {
      await send(upload);
      await classify();
      await deliverAll();
    }
    expect(receiver.received).toHaveLength(1);
  });

  test('is announced again when the function was killed before it was', async () => {
    const upload = await newUpload({ callback: { url: receiver.url('/again') } });
    await send(upload);
    const messages = queueEvent(...(await cloud.announced()));
    const queueUrl = endpoint.urlOf(queue);
    vi.stubEnv('UNDERTONE_CALLBACKS_QUEUE_URL', queueUrl.replace('callbacks', 'no-queue'));
    for (let i = 1; i < UPLOADS.tries; i++) {
      expect((await classifyUpload(messages, lambdaContext())).batchItemFailures).toHaveLength(1);
    }
    vi.stubEnv('UNDERTONE_CALLBACKS_QUEUE_URL', queueUrl);
    expect((await classifyUpload(messages, lambdaContext())).batchItemFailures).toEqual([]);
    await deliverAll();
    expect(receiver.received).toHaveLength(1);
  });

  test('never comes after its result was deleted', async () => {
    const upload = await newUpload({ callback: { url: receiver.url('/deleted') } });
    await send(upload);
    await classify();
    await deleteResult(resultEvent('DELETE', upload.id));
    expect(await findCallback(upload.id)).toBeNull();
    await deliverAll();
    expect(receiver.received).toEqual([]);
    expect(queue.counts()).toMatchObject({ waiting: 0, dead: 0 });
  });

  test('is tried again later and later, and is a dead letter in the end', async () => {
    receiver.behaviours.set('/down', (response) => response.writeHead(503).end());
    await fail((await newUpload({ callback: { url: receiver.url('/down') } })).id);
    await deliverAll({ step: 5000 });
    const attempts = receiver.at('/down');
    expect(attempts).toHaveLength(CALLBACKS.tries);
    expect(new Set(attempts.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    for (const [i, seconds] of CALLBACK_RETRY_DELAYS.entries()) {
      const waited = (attempts[i + 1].at - attempts[i].at) / 1000;
      expect(waited).toBeGreaterThanOrEqual(0.75 * seconds - 1);
      expect(waited).toBeLessThanOrEqual(1.25 * seconds + 15);
      // Signed anew each time, so that no receiver finds it too old.
      const signed = attempts.map(({ headers }) => Number(headers['webhook-timestamp']));
      expect(signed[i + 1] - signed[i]).toBeGreaterThanOrEqual(0.75 * seconds - 1);
    }
    expect(queue.counts()).toMatchObject({ waiting: 0, dead: 1 });
    // Until the result expires, what the operator sends again is delivered.
    receiver.behaviours.delete('/down');
    queue.redrive();
    await deliverAll();
    expect(receiver.at('/down')).toHaveLength(CALLBACKS.tries + 1);
  });

  test('is tried no more often when its form is used again and again', async () => {
    const upload = await newUpload({ callback: { url: receiver.url('/never') } });
    for (let i = 0; i < 3; i++) {
      await send(upload, Buffer.from('Dear diary'));
      await classify();
    }
    // Each message would bring all tries.
    expect(queue.counts()).toMatchObject({ waiting: 1 });
    // Neither is one whose process was killed, although its dead letter comes again.
    const { id } = await newUpload({ callback: { url: receiver.url('/killed-again') } });
    await fail(id);
    await fail(id);
    expect(queue.counts()).toMatchObject({ waiting: 2 });
  });

  test('is given up for now when its receiver hangs for longer than the limit', async () => {
    receiver.behaviours.set('/hangs', () => {});
    await fail((await newUpload({ callback: { url: receiver.url('/hangs') } })).id);
    const [record] = queue.receive(1);
    const handler = deliverCallbacks({ limit: () => AbortSignal.timeout(200) });
    const { batchItemFailures } = await handler({ Records: [record] }, lambdaContext());
    expect(batchItemFailures).toHaveLength(1);
    expect(log.join('')).toContain('"reason":"timeout"');
  });

  test('leaves nothing in the log that names it', async () => {
    receiver.behaviours.set('/secret-path', (response) => response.writeHead(500).end('whsec_no'));
    const upload = await newUpload({ callback: { url: receiver.url('/secret-path') } });
    await fail(upload.id);
    await deliverAll();
    const lines = log.join('');
    expect(lines).toContain('"event":"callback: not taken","reason":"status 500","tries":7');
    expect(lines).not.toMatch(/whsec_|secret-path|127\.0\.0\.1/);
    expect(lines).not.toContain(upload.id);
  });
});

describe('one host', () => {
  async function announced(count: number, url: string): Promise<void> {
    const made = Array.from({ length: count }, () => newUpload({ callback: { url } }));
    await fail(...(await Promise.all(made)).map(({ id }) => id));
  }

  /** Posts what waits, in the minute that runs. */
  async function deliverNow(): Promise<void> {
    for (;;) {
      const Records = queue.receive(CALLBACKS.batchSize);
      if (Records.length === 0) return;
      const { batchItemFailures } = await deliverCallbacks()({ Records }, lambdaContext());
      const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      for (const { messageId } of Records) if (!failed.has(messageId)) queue.remove(messageId);
    }
  }

  let days = 0;
  beforeEach(() => {
    // At the beginning of a minute in which no other test has posted anything.
    days += 10;
    ahead = days * 86_400_000 + 60_000 - (Date.now() % 60_000);
  });

  test('gets no more results in a minute than it may, and all of them in the end', async () => {
    vi.stubEnv('UNDERTONE_CALLBACKS_PER_HOST', '3');
    await announced(5, receiver.url('/many'));
    await deliverNow();
    expect(receiver.at('/many')).toHaveLength(3);
    expect(log.join('')).toContain('"reason":"too many for one host"');
    expect(log.join('')).not.toContain('127.0.0.1');
    // Those are not tried again within seconds, and do not hold up those for another host.
    await announced(1, `http://localhost:${receiver.port}/other`);
    ahead += 20_000;
    await deliverNow();
    expect(receiver.at('/many')).toHaveLength(3);
    expect(receiver.at('/other')).toHaveLength(1);
    ahead += 180_000;
    await deliverNow();
    expect(receiver.at('/many')).toHaveLength(5);
    expect(queue.counts()).toEqual({ waiting: 0, inFlight: 0, dead: 0 });
  });

  test('that takes none gets a tenth, however many are for it', async () => {
    vi.stubEnv('UNDERTONE_CALLBACKS_PER_HOST', '40');
    receiver.behaviours.set('/victim', (response) => response.writeHead(405).end());
    await announced(15, receiver.url('/victim'));
    await deliverNow();
    // Those of one batch do not know of each other.
    expect(receiver.at('/victim')).toHaveLength(CALLBACKS.batchSize);
    await announced(5, receiver.url('/another-path'));
    await deliverNow();
    expect(receiver.at('/another-path')).toEqual([]);
  });
});

/** What receivers do with a callback, and whether one is delivered in the end. */
const KINDS: Readonly<Record<string, readonly [Behaviour, isDelivered: boolean]>> = {
  takes: [(response) => response.end('ok'), true],
  'takes without a word': [(response) => response.writeHead(204).end(), true],
  'fails twice': [(response, attempt) => response.writeHead(attempt < 3 ? 500 : 200).end(), true],
  'always fails': [(response) => response.writeHead(500).end(), false],
  'is not there': [(response) => response.writeHead(404).end(), false],
  redirects: [
    (response, _, { headers }) =>
      response.writeHead(307, { location: `http://${headers.host}/stolen` }).end(),
    false,
  ],
  'closes at once': [(response) => response.destroy(), false],
  'closes at first': [
    (response, attempt) => (attempt < 2 ? response.destroy() : response.end()),
    true,
  ],
  'takes and closes half-way': [
    (response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half', () => response.destroy());
    },
    true,
  ],
  'takes and answers without end': [
    (response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('x'.repeat(1000)), 5);
      response.on('close', () => clearInterval(timer));
    },
    true,
  ],
  'hangs at first': [
    (response, attempt, request) =>
      attempt > 1 ? response.end() : hang(response, attempt, request),
    true,
  ],
  hangs: [hang, false],
};

/** Callbacks of the test below. More take minutes: each is a dozen requests. */
const COUNT = Number(process.env.UNDERTONE_CALLBACKS ?? 150);

test(`all of ${COUNT} callbacks are delivered or end as dead letters, whatever their receivers do`, async () => {
  // All of them are on one host here.
  vi.stubEnv('UNDERTONE_CALLBACKS_PER_HOST', '1000000');
  const kinds = Object.entries(KINDS);
  const expected = new Map<string, boolean>();
  for (let i = 0; i < COUNT; i += 10) {
    const some = Array.from({ length: 10 }, async (_, j) => {
      const [name, [behave, isDelivered]] = kinds[(i + j) % kinds.length];
      const path = `/${encodeURIComponent(name)}/${i + j}`;
      receiver.behaviours.set(path, behave);
      const url = receiver.url(path);
      const { id } = await newUpload({ callback: { url, secret: SECRET }, reference: name });
      expected.set(id, isDelivered);
      return id;
    });
    await fail(...(await Promise.all(some)));
  }
  expect(queue.counts().waiting).toBe(COUNT);
  await deliverAll({ lanes: 2, step: 3_600_000 });
  const took = new Set<string>();
  const idempotency = new Map<string, string>();
  for (const received of receiver.received) {
    const { id } = verified(received).data;
    took.add(id);
    const message = received.headers['webhook-id'];
    expect(idempotency.get(id) ?? message).toBe(message);
    idempotency.set(id, message);
  }
  // Each was tried, under an id of its own, and nowhere else than at its own address.
  expect([...took].sort()).toEqual([...expected.keys()].sort());
  expect(new Set(idempotency.values()).size).toBe(COUNT);
  expect(receiver.at('/stolen')).toEqual([]);
  // Those that were never taken are dead letters, and only those; the others are done and forgotten.
  const dead = [...expected].filter(([, isDelivered]) => !isDelivered).map(([id]) => id);
  expect(queue.counts()).toEqual({ waiting: 0, inFlight: 0, dead: dead.length });
  expect(dead.length).toBeGreaterThan(COUNT / 4);
  const kept: string[] = [];
  for (const id of expected.keys()) if (await findCallback(id)) kept.push(id);
  expect(kept).toEqual(dead);
});

describe('what a callback may be', () => {
  beforeEach(() => vi.stubEnv('UNDERTONE_LOCAL_CALLBACKS', ''));

  test.each([
    'https://example.com',
    'https://example.com:443/hook',
    'https://example.com:8443/hook?tenant=7#part',
    'https://EXAMPLE.com/grüße',
    'https://bücher.example.org/',
    'https://8.8.8.8/',
    'https://[2606:4700:4700::1111]/',
  ])('%s is accepted', async (url) => {
    expect((await newUpload({ callback: { url } })).callback?.url).toBe(new URL(url).href);
  });

  test.each<readonly [string, string, string]>([
    ['no URL', 'example', 'is not a URL'],
    ['a path', '/hook', 'is not a URL'],
    ['empty', '', 'is not a URL'],
    ['http', 'http://example.com/', 'begin it with https://'],
    ['another scheme', 'file:///etc/passwd', 'begin it with https://'],
    ['gopher', 'gopher://example.com/', 'begin it with https://'],
    ['a user', 'https://user@example.com/', 'user name or password'],
    ['a password', 'https://:secret@example.com/', 'user name or password'],
    ['a host that looks like a user', 'https://example.com@127.0.0.1/', 'user name or password'],
    ['SSH', 'https://example.com:22/', 'Use 443 or 8443'],
    ['port 80', 'https://example.com:80/', 'Use 443 or 8443'],
    ...[
      'localhost',
      'LOCALHOST',
      'localhost.',
      'a.localhost',
      'printer.local',
      'metadata.google.internal',
      'router.home.arpa',
      'intranet',
      'example.com.',
      '127.0.0.1',
      '127.1',
      '127.0.0.1.',
      '2130706433',
      '0x7f000001',
      '0x7f.1',
      '0177.0.0.1',
      '017700000001',
      '１２７.０.０.１',
      '127。0。0。1',
      '0',
      '10.0.0.1',
      '169.254.169.254',
      '0xa9fea9fe',
      '100.64.0.1',
      '[::]',
      '[::1]',
      '[0:0:0:0:0:ffff:7f00:1]',
      '[::ffff:169.254.169.254]',
      '[64:ff9b::a9fe:a9fe]',
      '[2002:7f00:1::]',
      '[fd00:ec2::254]',
      '[fe80::1]',
      '224.0.0.1',
    ].map(
      (host) =>
        [
          'a private host',
          `https://${host}/`,
          'not on the public internet',
        ] as const satisfies readonly string[],
    ),
    ['too long', `https://example.com/${'a'.repeat(2048)}`, 'at most 2,048 characters'],
  ])('not %s: %.80s', async (_, url, sentence) => {
    const { statusCode: status, headers, body } = await ask({ callback: { url } });
    const answer = { status, headers: headers as Record<string, string>, body };
    expect(expectProblem(answer, 400, 'parameter-invalid')).toContain(sentence);
  });

  test.each([
    ['text instead of JSON', 'callback=https://example.com', 'not JSON'],
    ['a list', '[]', 'The body takes an object with "callback"'],
    ['nothing', 'null', 'The body takes an object with "callback"'],
    [
      'a text as callback',
      { callback: 'https://example.com' },
      'The "callback" takes an object with "url"',
    ],
    ['a callback without a URL', { callback: {} }, 'The URL of the callback'],
    ['a number as URL', { callback: { url: 7 } }, 'The URL of the callback'],
    [
      'a misspelt field',
      { callbackUrl: 'https://example.com' },
      'The body has a field "callbackUrl" that is unknown',
    ],
    ['a misspelt part', { callback: { url: 'https://a.b', key: '' } }, '"key" that is unknown'],
    ['a short secret', { callback: { url: 'https://a.b', secret: 'whsec_abcd' } }, 'base64'],
    ['a secret of text', { callback: { url: 'https://a.b', secret: 'correct horse' } }, 'whsec_'],
    ['a reference with a line end', { reference: 'a\nb' }, 'without line ends'],
    ['a reference with a line separator', { reference: 'a\u2028b' }, 'without line ends'],
    ['a reference with half a character', '{"reference":"\\ud83d"}', 'without line ends'],
    ['a long reference', { reference: 'a'.repeat(201) }, '1 to 200 characters'],
    ['a batch that is a number', { batch: 7 }, 'POST /v1/batches'],
    ['more than 16 KiB', JSON.stringify({ reference: 'a'.repeat(20_000) }), 'at most 16384'],
    ['bytes', '\u0000\ufffd', 'not JSON'],
  ])('and the request not %s', async (_, body, sentence) => {
    const { statusCode: status, headers, body: text } = await ask(body);
    const answer = { status, headers: headers as Record<string, string>, body: text };
    expect(expectProblem(answer, 400, 'parameter-invalid')).toContain(sentence);
  });

  test('local callbacks, where they are allowed, go to this machine only', async () => {
    vi.stubEnv('UNDERTONE_LOCAL_CALLBACKS', 'true');
    for (const url of ['http://localhost:3000/', 'https://[::1]:4000/', 'http://127.0.0.1/']) {
      await newUpload({ callback: { url } });
    }
    for (const url of ['http://10.0.0.1/', 'https://192.168.1.1/', 'ftp://127.0.0.1/']) {
      expect((await ask({ callback: { url } })).statusCode).toBe(400);
    }
  });

  test('one that was accepted while they were allowed is not delivered when they are not', async () => {
    vi.stubEnv('UNDERTONE_LOCAL_CALLBACKS', 'true');
    await fail((await newUpload({ callback: { url: receiver.url('/local') } })).id);
    vi.stubEnv('UNDERTONE_LOCAL_CALLBACKS', '');
    await deliverAll();
    expect(receiver.received).toEqual([]);
    expect(log.join('')).toContain('"reason":"address refused"');
    expect(queue.counts().dead).toBe(1);
  });
});

describe('the address that a name stands for', () => {
  /** Answers one list of addresses after another, and counts how often it is asked. */
  function resolver(...answers: readonly (readonly string[])[]) {
    const asked: string[] = [];
    const resolve = (
      name: string,
      _: object,
      callback: (error: Error | null, addresses: LookupAddress[]) => void,
    ) => {
      const addresses = answers[Math.min(asked.length, answers.length - 1)];
      asked.push(name);
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    };
    return { asked, resolve: resolve as NonNullable<DeliveryOptions['resolve']> };
  }

  async function deliverTo(url: string, resolve: DeliveryOptions['resolve']) {
    await fail((await newUpload({ callback: { url } })).id);
    const [record] = queue.receive(1);
    const handler = deliverCallbacks(resolve ? { resolve } : {});
    return (await handler({ Records: [record] }, lambdaContext())).batchItemFailures.length;
  }

  test.each([
    '127.0.0.1',
    '10.1.2.3',
    '169.254.169.254',
    '100.64.1.1',
    '::1',
    '::ffff:127.0.0.1',
    'fd00:ec2::254',
    '64:ff9b::7f00:1',
  ])('is refused when it is %s, before anything is sent', async (address) => {
    const { asked, resolve } = resolver([address]);
    expect(await deliverTo('https://rebind.example.com/', resolve)).toBe(1);
    expect(asked).toEqual(['rebind.example.com']);
    expect(log.join('')).toContain('"reason":"ENOTPUBLIC"');
  });

  test('is the one that was checked: a second answer is never asked for', async () => {
    const { asked, resolve } = resolver(['127.0.0.1'], ['169.254.169.254']);
    expect(await deliverTo(`http://hook.localhost:${receiver.port}/pinned`, resolve)).toBe(0);
    expect(asked).toEqual(['hook.localhost']);
    expect(receiver.at('/pinned')[0].headers.host).toBe(`hook.localhost:${receiver.port}`);
  });

  test('is one of those that may be used, whatever stands beside it', async () => {
    const { resolve } = resolver(['10.0.0.1', '127.0.0.1', '192.168.0.1']);
    expect(await deliverTo(`http://hook.localhost:${receiver.port}/mixed`, resolve)).toBe(0);
    expect(receiver.at('/mixed')).toHaveLength(1);
    const mixed = resolver(['127.0.0.1', '8.8.8.8', '::1', '2606:4700:4700::1111', '10.0.0.1']);
    const addresses = await new Promise((done) =>
      publicLookup(mixed.resolve)('example.com', { all: true }, (_, found) => done(found)),
    );
    expect(addresses).toEqual([
      { address: '8.8.8.8', family: 4 },
      { address: '2606:4700:4700::1111', family: 6 },
    ]);
  });

  test('may be unknown, and then it is tried again', async () => {
    const unknown = Object.assign(new Error('unknown'), { code: 'ENOTFOUND' });
    const resolve = ((_: string, __: object, callback: (error: Error) => void) =>
      callback(unknown)) as unknown as NonNullable<DeliveryOptions['resolve']>;
    expect(await deliverTo('https://nowhere.example.com/', resolve)).toBe(1);
    expect(log.join('')).toContain('"reason":"ENOTFOUND"');
  });
});

test.skipIf(spawnSync('openssl', ['version']).status !== 0)(
  'a receiver without a valid certificate gets nothing',
  async () => {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=localhost', '-days', '2', '-nodes'];
    const made = ['req', '-x509', '-newkey', 'rsa:2048', '-keyout', key, '-out', cert, ...subject];
    expect(spawnSync('openssl', made).status).toBe(0);
    const requests: unknown[] = [];
    const server = createHttpsServer(
      { key: await readFile(key), cert: await readFile(cert) },
      (request) => requests.push(request),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await fail((await newUpload({ callback: { url: `https://localhost:${port}/` } })).id);
    await deliverAll();
    await new Promise((resolve) => server.close(resolve));
    expect(requests).toEqual([]);
    expect(log.join('')).toContain('"reason":"DEPTH_ZERO_SELF_SIGNED_CERT"');
    expect(queue.counts().dead).toBe(1);
  },
);
