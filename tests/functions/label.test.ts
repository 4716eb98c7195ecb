import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import type { S3Event } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { defaultModel, MAX_BYTES, verdictSchema } from '../../core/index.ts';
import { createdObjects, encodeKey } from '../../functions/aws/notification.ts';
import { once, registerContext } from '../../functions/aws/once.ts';
import { handler } from '../../functions/label.ts';
import { oncePerVersion } from '../../functions/labelling/object.ts';
import { silence, voiceLike, wavFile } from '../fixtures/audio.ts';
import { encode, hasFfmpeg } from '../fixtures/encode.ts';
import { useTinyModel } from '../fixtures/model.ts';
import { lambdaContext, notification, queueEvent, useLocalAws } from './local-aws.ts';

const Bucket = 'undertone-inbox';
const note = wavFile(voiceLike({ seconds: 1 }));
const cloud = useLocalAws();

useTinyModel({ favourite: 'calm', confidence: 0.6 });

let log: string[];
beforeEach(async () => {
  log = [];
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((line) => log.push(String(line)) > 0);
  }
  await cloud.announced();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** Has the function label what is announced, and returns the ids of the messages that failed. */
async function label(...bodies: (string | object)[]): Promise<string[]> {
  const { batchItemFailures } = await handler(queueEvent(...bodies), lambdaContext());
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

async function drop(Key: string, Body: Uint8Array | string): Promise<S3Event> {
  await cloud.s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  const [event] = await cloud.announced();
  return event;
}

async function labels(): Promise<string[]> {
  const { Contents = [] } = await cloud.s3.send(
    new ListObjectsV2Command({ Bucket: 'undertone-results' }),
  );
  return Contents.map(({ Key }) => Key ?? '');
}

async function readLabel(Key: string) {
  const get = new GetObjectCommand({ Bucket: 'undertone-results', Key });
  const { Body, ContentType } = await cloud.s3.send(get);
  const text = (await Body?.transformToString()) ?? '';
  expect(ContentType).toBe('application/json');
  expect(text.indexOf('\n')).toBe(text.length - 1);
  return JSON.parse(text);
}

/** The label of an object that came today. */
function todays(key: string): string {
  return `labels/date=${new Date().toISOString().slice(0, 10)}/${key}.json`;
}

describe('a file that is dropped into the inbox', () => {
  test('gets a label with its verdict', async () => {
    const event = await drop('calls/1.wav', note);
    expect(await label(event)).toEqual([]);
    const { key, etag, size, uploadedAt, labelledAt, ...verdict } = await readLabel(
      todays('calls/1.wav'),
    );
    expect({ key, etag, size }).toEqual({
      key: 'calls/1.wav',
      etag: createHash('md5').update(note).digest('hex'),
      size: note.length,
    });
    expect(uploadedAt).toBe(event.Records[0].eventTime);
    expect(new Date(labelledAt) >= new Date(uploadedAt)).toBe(true);
    expect(verdictSchema.parse(verdict).emotion).toBe('calm');
  });

  test.each([
    'a note+1.wav',
    'grüße/日本.wav',
    '../up.wav',
    'a/../b.wav',
    "it's <&> 100%.wav",
    'line\nend.wav',
    'folder/',
    'uploads/by-hand.wav',
    'long/x.wav',
  ])('has its label under its own name: %j', async (key) => {
    expect(await label(await drop(key, note))).toEqual([]);
    expect(await readLabel(todays(key))).toMatchObject({ key, emotion: 'calm' });
  });

  test.each([
    ['calls/old.wav', 'calls/old.wav'],
    ['ü'.repeat(510), `long/${createHash('sha256').update('ü'.repeat(510)).digest('hex')}`],
  ])('on an earlier day has a copy of its label, where there is a catalogue', async (key, name) => {
    const again = async (body: Uint8Array) => {
      const eTag = createHash('md5').update(body).digest('hex');
      await drop(key, body);
      const came = { key: encodeKey(key), eTag, eventTime: '2026-01-31T23:59:59Z' };
      expect(await label(notification({ ...came, size: body.length }))).toEqual([]);
    };
    const late = async () => (await labels()).filter((path) => path.startsWith('late/'));
    await again(note);
    expect(await late()).toEqual([]);
    vi.stubEnv('UNDERTONE_LATE_LABELS', 'true');
    await again(wavFile(silence({ seconds: 1 })));
    const [path, ...others] = await late();
    expect(others).toEqual([]);
    expect(path).toMatch(/^late\/labelled=202\d-\d\d-\d\d\/date=2026-01-31\//);
    expect(path.endsWith(`/${name}.json`)).toBe(true);
    expect(await readLabel(path)).toEqual(await readLabel(`labels/date=2026-01-31/${name}.json`));
    await cloud.s3.send(new DeleteObjectCommand({ Bucket: 'undertone-results', Key: path }));
    // On the same day there is nothing to copy.
    await label(await drop('calls/new.wav', note));
    expect(await late()).toEqual([]);
  });

  test('has its label under a hash when its name fills all of 1,024 bytes', async () => {
    const key = `${'ü'.repeat(510)}.wav`;
    expect(Buffer.byteLength(key)).toBe(1024);
    expect(await label(await drop(key, note))).toEqual([]);
    const hash = createHash('sha256').update(key).digest('hex');
    expect(await readLabel(todays(`long/${hash}`))).toMatchObject({ key, emotion: 'calm' });
  });

  test.each([
    ['is empty', '', 'audio-missing'],
    ['is text', 'Hello', 'format-unsupported'],
    ['is a playlist', '#EXTM3U\nfile:///etc/passwd', 'format-unsupported'],
    ['is cut off', note.subarray(0, 44), 'audio-unreadable'],
  ])('that %s gets a label with its named error', async (why, body, code) => {
    const key = `bad/${why}`;
    expect(await label(await drop(key, body))).toEqual([]);
    const { error, ...rest } = await readLabel(todays(key));
    expect(error).toEqual({ code, message: expect.stringMatching(/^[A-Z].+\.$/) });
    expect(rest).toMatchObject({ key, size: body.length });
    expect(rest.emotion).toBeUndefined();
  });

  test('that is silent is no error', async () => {
    expect(await label(await drop('silent.wav', wavFile(silence({ seconds: 1 }))))).toEqual([]);
    expect(await readLabel(todays('silent.wav'))).toMatchObject({ emotion: 'no-speech' });
  });

  test('that is a mark for a folder gets none', async () => {
    const before = await labels();
    expect(await label(await drop('new folder/', ''))).toEqual([]);
    expect(await labels()).toEqual(before);
  });
});

describe('what is too large', () => {
  test('is refused by its announced 5 GB, before it is asked for', async () => {
    // Were it read, it would be gone, and had no label.
    const size = 5 * 2 ** 30;
    expect(await label(notification({ key: 'huge.wav', size, eTag: 'e' }))).toEqual([]);
    expect(await readLabel('labels/date=2026-01-31/huge.wav.json')).toMatchObject({
      size,
      error: { code: 'audio-too-large' },
    });
  });

  test('is refused by its real size when the announced one is wrong', async () => {
    const body = new Uint8Array(MAX_BYTES + 1);
    body.set(note);
    await drop('larger.wav', body);
    const eTag = createHash('md5').update(body).digest('hex');
    expect(await label(notification({ key: 'larger.wav', size: 10, eTag }))).toEqual([]);
    expect(await readLabel('labels/date=2026-01-31/larger.wav.json')).toMatchObject({
      error: { code: 'audio-too-large' },
    });
  });
});

describe('notifications', () => {
  test('that come twice are answered once', async () => {
    const event = await drop('twice.wav', note);
    expect(await label(event, event)).toEqual([]);
    const { labelledAt } = await readLabel(todays('twice.wav'));
    expect(await label(event)).toEqual([]);
    expect((await readLabel(todays('twice.wav'))).labelledAt).toBe(labelledAt);
    expect(log.filter((line) => line.includes('"answered"'))).toHaveLength(1);
  });

  test('that come at the same time are answered once', async () => {
    const event = await drop('race.wav', note);
    const [first, second] = await Promise.all([label(event), label(event)]);
    // The one that lost comes again later, and finds the work done.
    expect([...first, ...second].length).toBeLessThanOrEqual(1);
    expect(await label(event)).toEqual([]);
    expect(log.filter((line) => line.includes('"answered"'))).toHaveLength(1);
  });

  test('whose worker was killed are taken up again when its time is over, not before', async () => {
    const killed = async (key: string, remaining: number) => {
      const event = await drop(key, note);
      const [object] = createdObjects(JSON.stringify(event));
      registerContext(lambdaContext(remaining));
      await new Promise<void>((begun) => {
        oncePerVersion(object, () => {
          begun();
          return new Promise(() => {});
        });
      });
      return event;
    };
    expect(await label(await killed('killed just now.wav', 60_000))).toEqual(['message-0']);
    const event = await killed('killed before.wav', 1);
    await expect.poll(() => label(event)).toEqual([]);
    expect(await readLabel(todays('killed before.wav'))).toMatchObject({ emotion: 'calm' });
  });

  test('out of order leave the label of what is there', async () => {
    const first = await drop('order.wav', wavFile(silence({ seconds: 1 })));
    const second = await drop('order.wav', note);
    expect(await label(second, first)).toEqual([]);
    expect(await readLabel(todays('order.wav'))).toMatchObject({
      emotion: 'calm',
      etag: second.Records[0].s3.object.eTag,
    });
  });

  test('of objects that are gone are noted and done', async () => {
    const event = await drop('gone.wav', note);
    await cloud.s3.send(new DeleteObjectCommand({ Bucket, Key: 'gone.wav' }));
    const before = await labels();
    expect(await label(event)).toEqual([]);
    expect(await labels()).toEqual(before);
    expect(log.some((line) => JSON.parse(line).outcome === 'gone')).toBe(true);
  });

  test('of several objects, of deletions, and the one that tests the queue', async () => {
    const [one, two] = [await drop('one.wav', note), await drop('two.wav', note)];
    const both = { Records: [...one.Records, ...two.Records] };
    const removed = notification({ key: 'one.wav', size: 0, eventName: 'ObjectRemoved:Delete' });
    const tried = { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket };
    expect(await label(both, removed, tried)).toEqual([]);
    expect(await readLabel(todays('one.wav'))).toMatchObject({ emotion: 'calm' });
    expect(await readLabel(todays('two.wav'))).toMatchObject({ emotion: 'calm' });
  });

  test('that nobody can read go to the dead letters, and hinder no others', async () => {
    const good = await drop('among.wav', note);
    const elsewhere = notification({ key: 'x', size: 1, bucket: 'another-bucket' });
    const undecodable = notification({ key: '%E0%A4%A', size: 1 });
    const failed = await label('secret.wav', {}, good, elsewhere, undecodable, 'null');
    expect(failed).toEqual(['message-0', 'message-1', 'message-3', 'message-4', 'message-5']);
    expect(await readLabel(todays('among.wav'))).toMatchObject({ emotion: 'calm' });
    expect(log.join('\n')).toContain('notification.ts');
    expect(log.join('\n')).not.toContain('secret');
  });

  test('are left in the queue when the time is short', async () => {
    const event = await drop('late.wav', note);
    const { batchItemFailures } = await handler(queueEvent(event), lambdaContext(5000));
    expect(batchItemFailures).toHaveLength(1);
    expect(await label(event)).toEqual([]);
  });
});

describe.runIf(hasFfmpeg)('after ffmpeg was repaired', () => {
  const m4a = hasFfmpeg ? encode(note, 'm4a') : note;

  test('a recording that the old build could not decode is labelled again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'undertone-ffmpeg-'));
    const broken = join(folder, 'ffmpeg');
    const script =
      "#!/bin/sh\necho '[error] Invalid data found when processing input' >&2\nexit 1\n";
    await writeFile(broken, script, { mode: 0o700 });
    const event = await drop('repaired.m4a', m4a);
    vi.stubEnv('FFMPEG_BIN', broken);
    expect(await label(event)).toEqual([]);
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
    expect(await readLabel(todays('repaired.m4a'))).toMatchObject({
      error: { code: 'audio-unreadable' },
    });
    expect(await label(event)).toEqual([]);
    expect(await readLabel(todays('repaired.m4a'))).toMatchObject({ emotion: 'calm' });
    log.length = 0;
    expect(await label(event)).toEqual([]);
    expect(log.join('\n')).not.toContain('answered');
  });

  test('backfill replaces a label with an error of our own, as earlier versions wrote them', async () => {
    const event = await drop('earlier.m4a', m4a);
    const [{ bucket, key, etag }] = createdObjects(JSON.stringify(event));
    const { card } = await defaultModel();
    const identity = { bucket, key, version: etag, model: card.sha256 };
    const table = { tableName: 'undertone-idempotency', client: new DynamoDBClient() };
    await once('label', identity, table, async () => {
      const error = { code: 'decoder-missing', message: 'This format needs ffmpeg.' };
      const Body = `${JSON.stringify({ key, error })}\n`;
      const Key = todays(key);
      const old = { Bucket: 'undertone-results', Key, Body, ContentType: 'application/json' };
      await cloud.s3.send(new PutObjectCommand(old));
    });
    expect((await readLabel(todays(key))).error.code).toBe('decoder-missing');
    // What backfill sends is what S3 sent.
    expect(await label(event)).toEqual([]);
    expect(await readLabel(todays(key))).toMatchObject({ emotion: 'calm' });
  });
});

describe('a failure that is not the recording’s', () => {
  test('leaves the message in the queue, and the next try answers it', async () => {
    const event = await drop('private name.wav', note);
    const folder = process.env.UNDERTONE_MODEL;
    vi.resetModules();
    process.env.UNDERTONE_MODEL = '/nowhere';
    try {
      const fresh = await import('../../functions/label.ts');
      const { batchItemFailures } = await fresh.handler(queueEvent(event), lambdaContext());
      expect(batchItemFailures).toHaveLength(1);
    } finally {
      process.env.UNDERTONE_MODEL = folder;
    }
    expect(await labels()).not.toContain(todays('private name.wav'));
    expect(await label(event)).toEqual([]);
    expect(await readLabel(todays('private name.wav'))).toMatchObject({ emotion: 'calm' });
  });

  test('of S3 is one too', async () => {
    const event = await drop('private name 2.wav', note);
    const s3 = process.env.AWS_ENDPOINT_URL_S3;
    vi.resetModules();
    process.env.AWS_ENDPOINT_URL_S3 = 'http://127.0.0.1:9';
    try {
      const fresh = await import('../../functions/label.ts');
      const { batchItemFailures } = await fresh.handler(queueEvent(event), lambdaContext());
      expect(batchItemFailures).toHaveLength(1);
    } finally {
      process.env.AWS_ENDPOINT_URL_S3 = s3;
    }
    expect(log.join('\n')).toContain('ECONNREFUSED');
    expect(await label(event)).toEqual([]);
    expect(await readLabel(todays('private name 2.wav'))).toMatchObject({ emotion: 'calm' });
  });

  test.skipIf(!hasFfmpeg).each([
    ['ffmpeg', 'FFMPEG_BIN', 'decoder-missing'],
    ['the temporary folder', 'TMPDIR', 'unavailable'],
  ])('of %s is one too: no label blames the recording', async (_, variable, code) => {
    const key = `${variable}.m4a`;
    const event = await drop(key, encode(note, 'm4a'));
    vi.stubEnv(variable, '/nowhere');
    expect(await label(event)).toEqual(['message-0']);
    expect(log.join('\n')).toContain(code);
    vi.unstubAllEnvs();
    expect(await labels()).not.toContain(todays(key));
    expect(await label(event)).toEqual([]);
    expect(await readLabel(todays(key))).toMatchObject({ emotion: 'calm' });
  });

  test('that lacks its environment says which variable', async () => {
    vi.resetModules();
    const name = process.env.UNDERTONE_RESULTS_BUCKET;
    delete process.env.UNDERTONE_RESULTS_BUCKET;
    try {
      const fresh = await import('../../functions/label.ts');
      const event = notification({ key: 'x', size: 1 });
      const { batchItemFailures } = await fresh.handler(queueEvent(event), lambdaContext());
      expect(batchItemFailures).toHaveLength(1);
    } finally {
      process.env.UNDERTONE_RESULTS_BUCKET = name;
    }
    expect(log.join('\n')).toContain('Set UNDERTONE_RESULTS_BUCKET to the name of a bucket.');
  });
});

describe('logs and metrics', () => {
  test('hold the request id and never a name', async () => {
    const event = await drop('somebody/private.wav', 'no audio');
    await label(event, await drop('somebody/private too.wav', note), 'private');
    const lines = log.map((line) => JSON.parse(line));
    expect(log.join('\n')).not.toMatch(/somebody|private/);
    for (const line of lines.filter(({ message }) => message)) {
      expect(line.function_request_id).toBe(lambdaContext().awsRequestId);
    }
    const [counts] = lines.filter(({ _aws }) => _aws);
    expect(counts).toMatchObject({ service: 'undertone', Verdicts: 1, NamedErrors: 1 });
  });
});
