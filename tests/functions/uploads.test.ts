import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MAX_BYTES, verdictSchema } from '../../core/index.ts';
import { newResultId } from '../../functions/aws/result-id.ts';
import { handler as classifyUpload } from '../../functions/classify-upload.ts';
import { handler as deleteResult } from '../../functions/delete-result.ts';
import { handler as failUpload } from '../../functions/fail-upload.ts';
import type { LambdaHandler } from '../../functions/http/lambda.ts';
import { type Upload, uploadSchema } from '../../functions/http/schemas.ts';
import { UPLOADS } from '../../functions/infrastructure.ts';
import { handler as result } from '../../functions/result.ts';
import { handler as uploads } from '../../functions/uploads.ts';
import { voiceLike, wavFile } from '../fixtures/audio.ts';
import { encode, hasFfmpeg } from '../fixtures/encode.ts';
import { useTinyModel } from '../fixtures/model.ts';
import { resultEvent, uploadsEvent } from './event.ts';
import { lambdaContext, queueEvent, useLocalAws } from './local-aws.ts';
import { type Answer, expectProblem } from './problem.ts';

const Bucket = 'undertone-uploads';
const note = wavFile(voiceLike({ seconds: 1 }));
/** Recordings that were classified in this test. */
let answers: number;
const cloud = useLocalAws();

useTinyModel({ favourite: 'sad', confidence: 0.6 });
beforeEach(() => {
  answers = 0;
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => {
    if (String(line).includes('"answered"')) answers++;
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

async function answer(handler: LambdaHandler, event: APIGatewayProxyEvent): Promise<Answer> {
  const { statusCode, headers, body } = await handler(event);
  expect(headers).toMatchObject({
    'access-control-allow-origin': '*',
    'access-control-expose-headers': expect.stringContaining('x-request-id'),
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'x-request-id': event.requestContext.requestId,
  });
  return { status: statusCode, headers: headers as Record<string, string>, body };
}

async function newUpload(): Promise<Upload> {
  const { status, headers, body } = await answer(uploads, uploadsEvent());
  expect(status).toBe(201);
  const upload = uploadSchema.parse(JSON.parse(body));
  for (const base of ['https://x.amazonaws.com/prod', 'https://x.cloudfront.net']) {
    const location = new URL(headers.location, `${base}/v1/uploads`);
    expect(location.href).toBe(base + upload.result);
  }
  return upload;
}

async function send({ upload }: Upload, file: Uint8Array): Promise<number> {
  const form = new FormData();
  for (const [name, value] of Object.entries(upload.fields)) form.set(name, value);
  form.set('file', new Blob([file as Uint8Array<ArrayBuffer>]), 'note.wav');
  return (await fetch(upload.url, { method: 'POST', body: form })).status;
}

/** Has everything classified that was uploaded until now, and returns how many messages failed. */
async function work({ handler = classifyUpload, delivery = 1, messages = cloud.announced() } = {}) {
  const event = queueEvent(...(await messages));
  for (const { attributes } of event.Records) attributes.ApproximateReceiveCount = String(delivery);
  return (await handler(event, lambdaContext())).batchItemFailures.length;
}

const get = (id: string, query?: Record<string, string>) =>
  answer(result, resultEvent('GET', id, query ? { query } : {}));
const remove = (id: string) => answer(deleteResult, resultEvent('DELETE', id));

async function keys(): Promise<(string | undefined)[]> {
  const list = new ListObjectsV2Command({ Bucket });
  return ((await cloud.s3.send(list)).Contents ?? []).map(({ Key }) => Key);
}

describe('an upload', () => {
  test('ends in a verdict, and the recording is deleted', async () => {
    const upload = await newUpload();
    expect(upload.maxBytes).toBe(MAX_BYTES);
    expect(upload.result).toBe(`/v1/results/${upload.id}`);
    const minutes = (Date.parse(upload.expires) - Date.now()) / 60_000;
    expect(minutes).toBeGreaterThan(14);
    expect(minutes).toBeLessThanOrEqual(15);
    const waiting = await get(upload.id);
    expect(waiting.status).toBe(202);
    expect(waiting.headers['retry-after']).toBe('2');
    expect(JSON.parse(waiting.body)).toEqual({ id: upload.id, status: 'waiting' });
    expect(await send(upload, note)).toBe(204);
    expect((await get(upload.id)).status).toBe(202);
    await work();
    const done = await get(upload.id);
    expect(done.status).toBe(200);
    expect(verdictSchema.parse(JSON.parse(done.body)).emotion).toBe('sad');
    expect(await keys()).toEqual([]);
  });

  test('leaves the timeline out when it is asked to', async () => {
    const upload = await newUpload();
    await send(upload, note);
    await work();
    const whole = JSON.parse((await get(upload.id)).body);
    const { timeline, ...rest } = whole;
    expect(timeline).toHaveLength(1);
    expect(JSON.parse((await get(upload.id, { timeline: 'false' })).body)).toEqual(rest);
    expectProblem(await get(upload.id, { timeline: 'no' }), 400, 'parameter-invalid');
  });

  test.each([
    ['text', new TextEncoder().encode('Hello'), 415, 'format-unsupported'],
    ['cut off', note.subarray(0, 44), 422, 'audio-unreadable'],
  ] as const)('of what is %s ends in its problem, and is deleted', async (_, file, status, code) => {
    const upload = await newUpload();
    await send(upload, file);
    await work();
    expectProblem(await get(upload.id), status, code);
    expect(await keys()).toEqual([]);
  });

  test('takes all of MAX_BYTES and no more', async () => {
    const most = new Uint8Array(MAX_BYTES);
    most.set(note);
    const upload = await newUpload();
    expect(await send(upload, new Uint8Array(MAX_BYTES + 1))).toBe(400);
    expect(await send(upload, new Uint8Array())).toBe(400);
    expect(await send(upload, most)).toBe(204);
    await work();
    expect((await get(upload.id)).status).toBe(200);
  });

  test('goes to no other key than its own', async () => {
    const [mine, other] = [await newUpload(), await newUpload()];
    const { url, fields } = mine.upload;
    const forged = {
      ...mine,
      upload: { url, fields: { ...fields, key: other.upload.fields.key } },
    };
    expect(await send(forged, note)).toBe(403);
    expect(await keys()).toEqual([]);
  });

  test('is refused after its time', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 16 * 60_000 });
    const upload = await newUpload();
    vi.useRealTimers();
    expect(await send(upload, note)).toBe(403);
    expect((await get(upload.id)).status).toBe(202);
  });

  test('that is sent again is classified once, and deleted each time', async () => {
    const upload = await newUpload();
    for (let i = 0; i < 3; i++) {
      await send(upload, note);
      expect(await work()).toBe(0);
      expect(await keys()).toEqual([]);
    }
    expect(answers).toBe(1);
    expect((await get(upload.id)).status).toBe(200);
  });

  test('without anybody who waits for it is deleted unheard', async () => {
    await cloud.s3.send(new PutObjectCommand({ Bucket, Key: newResultId(), Body: note }));
    expect(await work()).toBe(0);
    expect(await keys()).toEqual([]);
    expect(answers).toBe(0);
  });
});

describe('an upload that cannot be classified for reasons of ours', () => {
  test.skipIf(!hasFfmpeg)('answers what went wrong at the last try', async () => {
    const upload = await newUpload();
    await send(upload, encode(note, 'm4a'));
    const messages = cloud.announced();
    vi.stubEnv('FFMPEG_BIN', '/nowhere/ffmpeg');
    expect(await work({ messages, delivery: UPLOADS.tries - 1 })).toBe(1);
    expect((await get(upload.id)).status).toBe(202);
    expect(await work({ messages, delivery: UPLOADS.tries })).toBe(1);
    expectProblem(await get(upload.id), 500, 'decoder-missing');
    // Then it is a dead letter.
    expect(await work({ messages, handler: failUpload })).toBe(0);
    expectProblem(await get(upload.id), 500, 'decoder-missing');
    expect(await keys()).toEqual([]);
  });

  test('answers that it failed, and is deleted, when every try was killed', async () => {
    const upload = await newUpload();
    await send(upload, note);
    expect(await work({ handler: failUpload })).toBe(0);
    const failed = await get(upload.id);
    expectProblem(failed, 500, 'internal');
    expect(JSON.parse(failed.body).detail).toContain('upload it again');
    expect(await keys()).toEqual([]);
  });

  test('keeps a verdict that came before it was given up', async () => {
    const upload = await newUpload();
    await send(upload, note);
    const messages = cloud.announced();
    expect(await work({ messages })).toBe(0);
    expect(await work({ messages, handler: failUpload })).toBe(0);
    expect((await get(upload.id)).status).toBe(200);
  });
});

describe('deleting', () => {
  test('removes the result, and says the same when it is repeated', async () => {
    const upload = await newUpload();
    await send(upload, note);
    await work();
    for (let i = 0; i < 2; i++) {
      const { status, body } = await remove(upload.id);
      expect({ status, body }).toEqual({ status: 204, body: '' });
    }
    expectProblem(await get(upload.id), 404, 'not-found');
  });

  test('removes a recording that was not heard yet, and its result never comes', async () => {
    const upload = await newUpload();
    await send(upload, note);
    await remove(upload.id);
    expect(await keys()).toEqual([]);
    await work();
    expectProblem(await get(upload.id), 404, 'not-found');
  });

  test('before the upload has the upload deleted unheard', async () => {
    const upload = await newUpload();
    await remove(upload.id);
    expect(await send(upload, note)).toBe(204);
    await work();
    expect(await keys()).toEqual([]);
    expectProblem(await get(upload.id), 404, 'not-found');
  });
});

describe('a result', () => {
  test.each([
    ['of somebody else, guessed', newResultId()],
    ['with a number', '1'],
    ['of nothing', ''],
    ['with a path', '../v1/model'],
    ['with a wildcard', '*'.repeat(24)],
    ['that is too long', 'a'.repeat(10_000)],
    ['with a line end', `${'a'.repeat(24)}\n`],
    ['in another script', 'ü'.repeat(24)],
    ['with a zero', `${'a'.repeat(23)}\0`],
    ['named like a property', '__proto__'],
  ])('%s is not found, and neither is what is deleted under such an id', async (_, id) => {
    expectProblem(await get(id), 404, 'not-found');
    const { status } = await remove(id);
    expect(status).toBe(/^[\w-]{24}$/.test(id) && !id.includes('\n') ? 204 : 404);
  });

  test('that has expired is not found, also before it is removed', async () => {
    const { id } = await newUpload();
    await new DynamoDBClient().send(
      new UpdateItemCommand({
        TableName: 'undertone-results',
        Key: { id: { S: id } },
        UpdateExpression: 'SET expires = :past',
        ExpressionAttributeValues: { ':past': { N: String(Math.floor(Date.now() / 1000) - 1) } },
      }),
    );
    expectProblem(await get(id), 404, 'not-found');
  });
});

test('recordings lie in a bucket of their own, under their id alone', async () => {
  const upload = await newUpload();
  await send(upload, note);
  expect(await keys()).toEqual([upload.id]);
  const { Body } = await cloud.s3.send(new GetObjectCommand({ Bucket, Key: upload.id }));
  expect((await Body?.transformToByteArray())?.length).toBe(note.length);
  await work();
});

describe('when AWS does not answer', () => {
  test.each([
    ['createUpload', '../../functions/uploads.ts', uploadsEvent()],
    ['getResult', '../../functions/result.ts', resultEvent('GET', newResultId())],
    ['deleteResult', '../../functions/delete-result.ts', resultEvent('DELETE', newResultId())],
  ])('%s says unavailable and when to try again', async (_, module, event) => {
    const endpoint = process.env.AWS_ENDPOINT_URL_DYNAMODB;
    const log = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    vi.resetModules();
    process.env.AWS_ENDPOINT_URL_DYNAMODB = 'http://127.0.0.1:9';
    try {
      const { handler } = await import(module);
      const down = await answer(handler, event);
      expectProblem(down, 503, 'unavailable');
      expect(down.headers['retry-after']).toBe('5');
      const line = JSON.parse(String(log.mock.calls[0][0]));
      expect(line).toMatchObject({
        code: 'unavailable',
        requestId: event.requestContext.requestId,
        cause: { code: 'ECONNREFUSED' },
      });
    } finally {
      process.env.AWS_ENDPOINT_URL_DYNAMODB = endpoint;
      log.mockRestore();
    }
  });

  test('a function without its environment says so', async () => {
    const log = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const table = process.env.UNDERTONE_RESULTS_TABLE;
    vi.resetModules();
    delete process.env.UNDERTONE_RESULTS_TABLE;
    try {
      const { handler } = await import('../../functions/uploads.ts');
      expectProblem(await answer(handler, uploadsEvent()), 500, 'configuration-invalid');
    } finally {
      process.env.UNDERTONE_RESULTS_TABLE = table;
      log.mockRestore();
    }
  });
});
