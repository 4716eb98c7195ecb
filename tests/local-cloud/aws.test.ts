import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  type S3ClientConfig,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import type { S3EventRecord } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { decodeKey } from '../../functions/aws/notification.ts';
import { type LocalAws, startLocalAws } from '../../local-cloud/aws.ts';
import { writeForm } from '../fixtures/forms.ts';

const Bucket = 'undertone-inbox';

let aws: LocalAws;
let s3: S3Client;

beforeAll(async () => {
  aws = await startLocalAws({ folder: null });
  s3 = client();
});
afterAll(() => aws.close());

function client(options: S3ClientConfig = {}, to: LocalAws = aws): S3Client {
  return new S3Client({
    endpoint: to.endpoints.s3,
    region: to.env.AWS_REGION,
    credentials: credentials(to),
    forcePathStyle: true,
    ...options,
  });
}

function credentials({ env }: LocalAws) {
  return { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY };
}

/** The records of all notifications from now on. */
function notifications(): S3EventRecord[] {
  const records: S3EventRecord[] = [];
  stop = aws.onObjectCreated((event) => records.push(...event.Records));
  return records;
}
let stop: (() => void) | undefined;
afterEach(() => {
  stop?.();
  stop = undefined;
});

async function text(Key: string, from: S3Client = s3): Promise<string | undefined> {
  return (await from.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();
}

test('an upload fails when nothing can announce it, and works when something can', async () => {
  const put = new PutObjectCommand({ Bucket, Key: 'full', Body: 'x' });
  stop = aws.onObjectCreated(() => {
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  });
  await expect(s3.send(put)).rejects.toMatchObject({ $metadata: { httpStatusCode: 500 } });
  stop();
  const records = notifications();
  await s3.send(put);
  expect(records).toHaveLength(1);
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'full' }));
});

describe('keys', () => {
  test.each([
    ['spaces and a plus', 'a note+1.ogg', 'a+note%2B1.ogg'],
    ['unicode', 'grüße/日本.ogg', 'gr%C3%BC%C3%9Fe/%E6%97%A5%E6%9C%AC.ogg'],
    ['dots', '../../etc/passwd', '../../etc/passwd'],
    ['dots alone', '..', '..'],
    ['empty segments', 'a//b', 'a//b'],
    ['an escape', 'a%2Fb', 'a%252Fb'],
    ['signs', "it's <&>*!()=?#", "it's+%3C%26%3E*!()%3D%3F%23"],
    ['a line end', 'a\nb', 'a%0Ab'],
    ['1,024 bytes', 'k'.repeat(1024), 'k'.repeat(1024)],
  ])('with %s are stored, listed, read and announced', async (_, Key, encoded) => {
    const records = notifications();
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: `of ${Key}` }));
    expect(await text(Key)).toBe(`of ${Key}`);
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket }));
    expect(Contents?.map((object) => object.Key)).toEqual([Key]);
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: Bucket } },
    });
    expect(records[0].s3.object.key).toBe(encoded);
    expect(decodeKey(encoded)).toBe(Key);
    await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    await expect(text(Key)).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  test('are not the same when only their case differs', async () => {
    for (const Key of ['case', 'CASE']) {
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
    }
    expect(await Promise.all(['case', 'CASE'].map((key) => text(key)))).toEqual(['case', 'CASE']);
    for (const Key of ['case', 'CASE']) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  });

  test('of 1,025 bytes are refused', async () => {
    const tooLong = new PutObjectCommand({ Bucket, Key: `${'k'.repeat(1023)}ü`, Body: 'x' });
    await expect(s3.send(tooLong)).rejects.toMatchObject({ name: 'KeyTooLongError' });
  });

  test('are listed page by page, in the order of their bytes', async () => {
    const keys = ['a/1', 'a/2', 'B', 'b/1', 'b\u{1F600}', 'b\uFF5E', 'c'];
    for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    const pages = async (input: { Delimiter?: string; Prefix?: string }) => {
      const found: (string | undefined)[] = [];
      for await (const page of paginateListObjectsV2(
        { client: s3, pageSize: 2 },
        { Bucket, ...input },
      )) {
        expect(page.KeyCount).toBeLessThanOrEqual(2);
        found.push(...(page.Contents ?? []).map(({ Key }) => Key));
        found.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix));
      }
      return found;
    };
    expect(await pages({})).toEqual(['B', 'a/1', 'a/2', 'b/1', 'b\uFF5E', 'b\u{1F600}', 'c']);
    expect(await pages({ Prefix: 'b' })).toEqual(['b/1', 'b\uFF5E', 'b\u{1F600}']);
    expect((await pages({ Delimiter: '/' })).sort()).toEqual(
      ['B', 'a/', 'b/', 'b\u{1F600}', 'b\uFF5E', 'c'].sort(),
    );
    for (const Key of keys) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  });
});

describe('uploads', () => {
  test('in a stream, with checksums behind it, arrive whole', async () => {
    const chunks = [Buffer.alloc(70_000, 1), Buffer.alloc(3, 2), Buffer.alloc(200_000, 3)];
    const records = notifications();
    const Body = Readable.from(chunks);
    await s3.send(new PutObjectCommand({ Bucket, Key: 'stream', Body, ContentLength: 270_003 }));
    const { Body: got, ContentEncoding } = await s3.send(
      new GetObjectCommand({ Bucket, Key: 'stream' }),
    );
    expect(
      Buffer.concat(chunks).equals(Buffer.from((await got?.transformToByteArray()) ?? [])),
    ).toBe(true);
    expect(ContentEncoding).toBeUndefined();
    expect(records[0].s3.object.size).toBe(270_003);
  });

  test('in parts are announced once, when they are complete', async () => {
    const records = notifications();
    const target = { Bucket, Key: 'in parts' };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target));
    const Parts = [];
    for (const PartNumber of [1, 2]) {
      const part = { ...target, UploadId, PartNumber, Body: Buffer.alloc(5 * 2 ** 20, PartNumber) };
      Parts.push({ PartNumber, ETag: (await s3.send(new UploadPartCommand(part))).ETag });
    }
    expect(records).toEqual([]);
    await s3.send(
      new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }),
    );
    expect(records.map((record) => record.s3.object)).toMatchObject([
      { key: 'in+parts', size: 10 * 2 ** 20 },
    ]);
  });

  test('by a copy are announced too', async () => {
    const records = notifications();
    const CopySource = `${Bucket}/stream`;
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource }));
    expect(records).toHaveLength(1);
    expect(records[0].s3.object).toMatchObject({ key: 'copy', size: 270_003 });
    expect(records[0].s3.object.eTag).toMatch(/^[0-9a-f]{32}$/);
  });

  test.each([
    ['with trailing checksums', {}],
    ['without', { requestChecksumCalculation: 'WHEN_REQUIRED' }],
  ] as const)('in a stream that breaks off, %s, leave nothing', async (_, options) => {
    const records = notifications();
    const giveUp = new AbortController();
    let sent = 0;
    const Body = new Readable({
      read() {
        // The rest never comes.
        if (sent++ === 0) this.push(Buffer.alloc(70_000));
        else setImmediate(() => giveUp.abort());
      },
    });
    const put = new PutObjectCommand({ Bucket, Key: 'broken', Body, ContentLength: 200_000 });
    const sending = client({ maxAttempts: 1, ...options });
    const signal = { abortSignal: giveUp.signal };
    await expect(sending.send(put, signal)).rejects.toMatchObject({ name: 'AbortError' });
    sending.destroy();
    await expect(text('broken')).rejects.toMatchObject({ name: 'NoSuchKey' });
    expect(records).toEqual([]);
  });

  test('by a form that breaks off leave nothing', async () => {
    const records = notifications();
    const { hostname, port } = new URL(aws.endpoints.s3);
    const post = await presigned('broken');
    const socket = connect(Number(port), hostname);
    const head = `POST /${Bucket} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000\r\n\r\n--x\r\nContent-Disposition: form-data; name="key"\r\n\r\n${post.fields.key}`;
    socket.write(head, () => socket.destroy());
    await new Promise((resolve) => socket.once('close', resolve));
    await expect(text('broken')).rejects.toMatchObject({ name: 'NoSuchKey' });
    expect(records).toEqual([]);
  });

  test('in the bucket of labels are not announced', async () => {
    const records = notifications();
    await s3.send(new PutObjectCommand({ Bucket: 'undertone-results', Key: 'label', Body: '{}' }));
    expect(records).toEqual([]);
  });

  test('need the right secret', async () => {
    const wrong = client({ credentials: { ...credentials(aws), secretAccessKey: 'wrong' } });
    await expect(
      wrong.send(new PutObjectCommand({ Bucket, Key: 'x', Body: 'x' })),
    ).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' });
    const other = client({ credentials: { accessKeyId: 'other', secretAccessKey: 'other' } });
    await expect(
      other.send(new HeadObjectCommand({ Bucket, Key: 'stream' })),
    ).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
  });

  test('and downloads without a signature are denied', async () => {
    const url = `${aws.endpoints.s3}/${Bucket}/stream`;
    for (const method of ['GET', 'PUT', 'DELETE']) {
      expect((await fetch(url, { method })).status).toBe(403);
    }
    expect((await fetch(`${aws.endpoints.s3}/${Bucket}`)).status).toBe(403);
    expect((await fetch(`${aws.endpoints.s3}/${Bucket}/%zz`)).status).toBe(403);
  });

  function presigned(key: string, seconds = 900) {
    const Conditions: [['content-length-range', number, number]] = [
      ['content-length-range', 1, 10],
    ];
    return createPresignedPost(s3, { Bucket, Key: key, Expires: seconds, Conditions });
  }

  async function post(
    { url, fields }: { url: string; fields: Record<string, string> },
    file: Blob | string | null,
  ) {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    if (file !== null) form.set('file', file);
    const answer = await fetch(url, {
      method: 'POST',
      body: form,
      headers: { origin: 'http://localhost:3000' },
    });
    const body = await answer.text();
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    return { status: answer.status, code: /<Code>(.*)<\/Code>/.exec(body)?.[1] };
  }

  describe('by a form', () => {
    test.each([
      ['a file', new Blob(['0123456789'])],
      ['a file without a name', '0123456789'],
    ])('of %s are taken and announced', async (_, file) => {
      const records = notifications();
      expect(await post(await presigned('uploads/a'), file)).toEqual({ status: 204 });
      expect(await text('uploads/a')).toBe('0123456789');
      expect(
        records.map(({ eventName, s3: { object } }) => [eventName, object.key, object.size]),
      ).toEqual([['ObjectCreated:Post', 'uploads/a', 10]]);
    });

    test('of .NET, which writes names without quotation marks, are taken', async () => {
      const { url, fields } = await presigned('uploads/net');
      const { contentType, body } = writeForm(Buffer.from('0123456789'), {
        before: Object.entries(fields).map(
          ([name, value]) => `Content-Disposition: form-data; name=${name}\r\n\r\n${value}`,
        ),
        headers: ["Content-Disposition: form-data; name=file; filename=a; filename*=utf-8''a"],
      });
      const headers = { 'content-type': contentType };
      expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(204);
      expect(await text('uploads/net')).toBe('0123456789');
    });

    test.each([
      ['larger than the policy allows', new Blob(['0123456789!']), 400, 'EntityTooLarge'],
      ['empty', new Blob([]), 400, 'EntityTooSmall'],
      ['without a file', null, 400, 'InvalidArgument'],
    ])('are refused when %s', async (_, file, status, code) => {
      const records = notifications();
      expect(await post(await presigned('uploads/b'), file)).toEqual({ status, code });
      await expect(text('uploads/b')).rejects.toMatchObject({ name: 'NoSuchKey' });
      expect(records).toEqual([]);
    });

    test('are refused after their time', async () => {
      const expired = await presigned('uploads/b', -1);
      expect(await post(expired, new Blob(['x']))).toEqual({ status: 403, code: 'AccessDenied' });
    });

    test.each([
      ['another key', { key: 'uploads/other' }, 'AccessDenied'],
      ['a field more', { acl: 'public-read' }, 'AccessDenied'],
      ['no policy', { Policy: '' }, 'AccessDenied'],
      ['a policy of its own', { Policy: btoa('{}') }, 'SignatureDoesNotMatch'],
      ['no signature', { 'X-Amz-Signature': '' }, 'SignatureDoesNotMatch'],
    ])('are refused with %s', async (_, change, code) => {
      const { url, fields } = await presigned('uploads/b');
      const changed = { url, fields: { ...fields, ...change } as Record<string, string> };
      expect(await post(changed, new Blob(['x']))).toEqual({ status: 403, code });
    });

    test('are refused at another bucket', async () => {
      const { fields } = await presigned('uploads/b');
      const url = `${aws.endpoints.s3}/undertone-results`;
      expect(await post({ url, fields }, new Blob(['x']))).toEqual({
        status: 403,
        code: 'AccessDenied',
      });
    });

    test('may come from a page of another address', async () => {
      const headers = { origin: 'http://localhost:3000', 'access-control-request-method': 'POST' };
      const answer = await fetch(`${aws.endpoints.s3}/${aws.env.UNDERTONE_UPLOADS_BUCKET}`, {
        method: 'OPTIONS',
        headers,
      });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('access-control-allow-methods')).toBe('POST');
    });
  });
});

describe('the tables', () => {
  const TableName = 'undertone-results';
  const database = (to: LocalAws = aws) =>
    new DynamoDBClient({
      endpoint: to.endpoints.dynamodb,
      region: to.env.AWS_REGION,
      credentials: credentials(to),
    });

  test('take conditional writes', async () => {
    const put: PutItemCommandInput = {
      TableName,
      Item: { id: { S: 'once' } },
      ConditionExpression: 'attribute_not_exists(id)',
    };
    await database().send(new PutItemCommand(put));
    await expect(database().send(new PutItemCommand(put))).rejects.toMatchObject({
      name: 'ConditionalCheckFailedException',
    });
  });

  test('survive a client that hangs up', async () => {
    const { hostname, port } = new URL(aws.endpoints.dynamodb);
    const socket = connect(Number(port), hostname);
    const head = 'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{';
    socket.write(head, () => socket.destroy());
    await new Promise((resolve) => socket.once('close', resolve));
    const { Item } = await database().send(
      new GetItemCommand({ TableName, Key: { id: { S: 'none' } } }),
    );
    expect(Item).toBeUndefined();
  });

  test('are closed to web pages', async () => {
    const headers = { origin: 'http://evil.example' };
    expect((await fetch(aws.endpoints.dynamodb, { headers })).status).toBe(403);
    expect((await fetch(aws.endpoints.dynamodb)).status).toBe(200);
  });

  test('are not started where the port of S3 is taken, and leave the folder free', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'undertone-test-'));
    const port = Number(new URL(aws.endpoints.s3).port);
    try {
      const started = startLocalAws({ folder, port });
      await expect(started).rejects.toMatchObject({ code: 'EADDRINUSE' });
      await (await startLocalAws({ folder })).close();
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('and the objects are there again in the same folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'undertone-test-'));
    const Item = { id: { S: 'kept' } };
    try {
      const first = await startLocalAws({ folder });
      await client({}, first).send(new PutObjectCommand({ Bucket, Key: 'kept', Body: 'kept' }));
      await database(first).send(new PutItemCommand({ TableName, Item }));
      await expect(startLocalAws({ folder })).rejects.toMatchObject({ code: 'folder-locked' });
      await first.close();
      await expect(fetch(first.endpoints.s3)).rejects.toThrow();
      await expect(fetch(first.endpoints.dynamodb)).rejects.toThrow();
      const second = await startLocalAws({ folder });
      expect(await text('kept', client({}, second))).toBe('kept');
      const found = await database(second).send(new GetItemCommand({ TableName, Key: Item }));
      expect(found.Item).toEqual(Item);
      await second.close();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
