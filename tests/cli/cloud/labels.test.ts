import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EMOTIONS } from '../../../core/index.ts';
import { type LocalAws, startLocalAws } from '../../../local-cloud/aws.ts';
import { run } from '../../fixtures/run.ts';

let aws: LocalAws;
let client: S3Client;
let bucket: string;

const probabilities = Object.fromEntries(EMOTIONS.map((name, i) => [name, i === 2 ? 0.72 : 0.04]));

function happy(key: string, day: string) {
  return {
    key,
    etag: 'abc',
    size: 1234,
    uploadedAt: `${day}T10:00:00.000Z`,
    labelledAt: `${day}T10:00:01.000Z`,
    emotion: 'happy',
    confidence: 0.72,
    probabilities,
    duration: 3.12,
    timeline: [],
  };
}

function failed(key: string) {
  return { key, etag: 'abc', size: 5, error: { code: 'format-unsupported', message: 'Text.' } };
}

async function put(key: string, content: unknown): Promise<void> {
  const Body = typeof content === 'string' ? content : `${JSON.stringify(content)}\n`;
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body }));
}

beforeAll(async () => {
  aws = await startLocalAws({ folder: null });
  bucket = aws.env.UNDERTONE_RESULTS_BUCKET;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = aws.env;
  client = new S3Client({
    endpoint: aws.endpoints.s3,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  await put('labels/date=2026-05-01/b.wav.json', happy('b.wav', '2026-05-01'));
  await put('labels/date=2026-05-02/a.wav.json', happy('a.wav', '2026-05-02'));
  await put('labels/date=2026-05-02/=cmd, "x".json', happy('=cmd, "x"', '2026-05-02'));
  await put('labels/date=2026-05-03/letter.txt.json', failed('letter.txt'));
  const silent = { ...happy('silence.wav', '2026-05-03'), emotion: 'no-speech', confidence: 0 };
  await put('labels/date=2026-05-03/silence.wav.json', { ...silent, probabilities: null });
  await put('labels/readme.txt', 'not a label');
  for (let i = 0; i < 100; i++) {
    const name = `${String(i).padStart(3, '0')}.wav`;
    await put(`labels/date=2026-06-01/${name}.json`, happy(name, '2026-06-01'));
  }
  await put('damaged/date=2026-05-01/a.wav.json', happy('a.wav', '2026-05-01'));
  await put('damaged/date=2026-05-01/b.wav.json', '{"key":');
});

afterAll(async () => {
  client.destroy();
  await aws.close();
});

function labels(...options: string[]) {
  return run('cli/main.js', ['labels', ...options], { env: aws.env });
}

describe('CSV', () => {
  test('has a row per recording, by day and name, and no formulas', async () => {
    const { code, stdout, stderr } = await labels(`s3://${bucket}/labels/`, '--to', '2026-05-31');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const eight = '0.04,0.04,0.72,0.04,0.04,0.04,0.04,0.04';
    const times = (day: string) => `${day}T10:00:00.000Z,${day}T10:00:01.000Z`;
    expect(stdout.split('\r\n')).toEqual([
      'date,key,emotion,confidence,neutral,calm,happy,sad,angry,fearful,disgust,surprised,duration,size,uploadedAt,labelledAt,error',
      `2026-05-01,b.wav,happy,0.72,${eight},3.12,1234,${times('2026-05-01')},`,
      `2026-05-02,"'=cmd, ""x""",happy,0.72,${eight},3.12,1234,${times('2026-05-02')},`,
      `2026-05-02,a.wav,happy,0.72,${eight},3.12,1234,${times('2026-05-02')},`,
      '2026-05-03,letter.txt,,,,,,,,,,,,5,,,format-unsupported',
      `2026-05-03,silence.wav,no-speech,0,,,,,,,,,3.12,1234,${times('2026-05-03')},`,
      '',
    ]);
  });

  test('keeps the order of many that are fetched together', async () => {
    const { stdout } = await labels(`s3://${bucket}/labels/`, '--csv', '--from', '2026-06-01');
    const keys = stdout
      .split('\r\n')
      .slice(1, -1)
      .map((line) => line.split(',')[1]);
    expect(keys).toEqual(
      Array.from({ length: 100 }, (_, i) => `${String(i).padStart(3, '0')}.wav`),
    );
  });
});

test('JSON lines are the labels as they are', async () => {
  const { stdout } = await labels(`s3://${bucket}/labels/`, '--jsonl', '--to', '2026-05-01');
  expect(JSON.parse(stdout)).toEqual(happy('b.wav', '2026-05-01'));
  const whole = await labels(
    `s3://${bucket}`,
    '--jsonl',
    '--from',
    '2026-05-02',
    '--to',
    '2026-05-02',
  );
  expect(
    whole.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).key),
  ).toEqual(['=cmd, "x"', 'a.wav']);
});

test('a folder of one day can be named', async () => {
  const { stdout } = await labels(`s3://${bucket}/labels/date=2026-05-03/`, '--jsonl');
  expect(stdout.trim().split('\n')).toHaveLength(2);
});

test('what is no label is named, and the others are printed', async () => {
  const { code, stdout, stderr } = await labels(`s3://${bucket}/damaged/`, '--jsonl');
  expect(code).toBe(1);
  expect(JSON.parse(stdout).key).toBe('a.wav');
  expect(stderr).toBe('damaged/date=2026-05-01/b.wav.json is not a label.\n');
});

test.each([
  ['no labels', ['s3://undertone-results/nothing/'], 1, 'There are no labels'],
  [
    'no labels of that time',
    ['s3://undertone-results/labels/', '--from', '2030-01-01'],
    1,
    'There are no labels',
  ],
  ['no bucket', ['s3://no-such-bucket/labels/'], 1, 'There is no such bucket'],
  ['two formats', ['s3://undertone-results/labels/', '--csv', '--jsonl'], 1, 'Choose one'],
  [
    'no day',
    ['s3://undertone-results/labels/', '--from', '2026-02-30'],
    2,
    'Give a day such as 2026-05-31',
  ],
  [
    'half a day',
    ['s3://undertone-results/labels/', '--to', '2026-02'],
    2,
    'Give a day such as 2026-05-31',
  ],
])('says what helps with %s', async (_, options, exitCode, sentence) => {
  const { code, stderr } = await labels(...options);
  expect(stderr).toContain(sentence);
  expect(code).toBe(exitCode);
});

test('says what helps without credentials, and where nothing listens', async () => {
  const options = ['labels', `s3://${bucket}/labels/`];
  const nobody = { ...aws.env, AWS_ACCESS_KEY_ID: 'WRONG', AWS_SECRET_ACCESS_KEY: 'WRONG' };
  const refused = await run('cli/main.js', options, { env: nobody });
  expect(refused.stderr).toMatch(/^Listing s3:.* failed: AWS does not know these credentials/);
  const deaf = { ...aws.env, AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9' };
  const unreachable = await run('cli/main.js', options, { env: deaf });
  expect(unreachable.stderr).toMatch(/^Listing s3:.* failed: AWS cannot be reached/);
});
