import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type LabelsOptions, labelsCommand } from '../../../cli/cloud/labels.ts';
import { answerQuery } from '../../../cli/cloud/query.ts';
import { parseLabelSource } from '../../../cli/cloud/s3-url.ts';
import { EMOTIONS, UndertoneError } from '../../../core/index.ts';
import { type LocalAws, startLocalAws } from '../../../local-cloud/aws.ts';
import { duckDb } from '../../fixtures/duckdb.ts';
import { BUILD, type Finished, run } from '../../fixtures/run.ts';
import { readDocument } from '../../support/docs.ts';

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
  Object.assign(process.env, aws.env);
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
  await put('names/date=2026-07-01/rows.json', failed('a\n=1+1\r@x.wav'));
  await put('names/date=2026-07-02/cells.json', failed('a;=cmd|x;-1;b-1.wav'));
  const silent = { ...happy('silence.wav', '2026-05-03'), emotion: 'no-speech', confidence: 0 };
  await put('labels/date=2026-05-03/silence.wav.json', { ...silent, probabilities: null });
  await put('labels/readme.txt', 'not a label');
  await put('late/labelled=2026-05-09/date=2026-05-02/a.wav.json', happy('a.wav', '2026-05-02'));
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

/** What the command prints, called in this process: another one takes longer to start than to answer. */
async function printed(address: string, options: LabelsOptions = {}): Promise<Finished> {
  let stdout = '';
  let stderr = '';
  const writing = vi.spyOn(process.stdout, 'write').mockImplementation((text, done?: unknown) => {
    stdout += text;
    if (typeof done === 'function') done();
    return true;
  });
  const telling = vi.spyOn(console, 'error').mockImplementation((line) => {
    stderr += `${line}\n`;
  });
  try {
    const isWhole = await labelsCommand(parseLabelSource(address), options);
    return { code: isWhole ? 0 : 1, stdout, stderr };
  } finally {
    writing.mockRestore();
    telling.mockRestore();
  }
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

  test('a name begins neither a row nor a cell where semicolons separate them', async () => {
    const { stdout } = await printed(`s3://${bucket}/names/`);
    expect(stdout.split('\r\n').slice(1)).toEqual([
      `2026-07-01,"a\n'=1+1\r'@x.wav",,,,,,,,,,,,5,,,format-unsupported`,
      "2026-07-02,a;'=cmd|x;'-1;b-1.wav,,,,,,,,,,,,5,,,format-unsupported",
      '',
    ]);
  });

  test('keeps the order of many that are fetched together', async () => {
    const { stdout } = await printed(`s3://${bucket}/labels/`, { from: '2026-06-01' });
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
  const day = '2026-05-02';
  const whole = await printed(`s3://${bucket}`, { jsonl: true, from: day, to: day });
  expect(
    whole.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).key),
  ).toEqual(['=cmd, "x"', 'a.wav']);
});

test('a folder of one day can be named', async () => {
  const { stdout } = await printed(`s3://${bucket}/labels/date=2026-05-03/`, { jsonl: true });
  expect(stdout.trim().split('\n')).toHaveLength(2);
});

test('what is no label is named, and the others are printed', async () => {
  const { code, stdout, stderr } = await labels(`s3://${bucket}/damaged/`, '--jsonl');
  expect(code).toBe(1);
  expect(JSON.parse(stdout).key).toBe('a.wav');
  expect(stderr).toBe('damaged/date=2026-05-01/b.wav.json is not a label.\n');
});

test.each<[string, string, LabelsOptions, string]>([
  ['no labels', 's3://undertone-results/nothing/', {}, 'There are no labels'],
  [
    'no labels of that time',
    's3://undertone-results/labels/',
    { from: '2030-01-01' },
    'There are no labels',
  ],
  ['no bucket', 's3://no-such-bucket/labels/', {}, 'There is no such bucket'],
  [
    'two formats',
    's3://undertone-results/labels/',
    { csv: true, jsonl: true },
    'Choose one of --csv and --jsonl',
  ],
])('says what helps with %s', async (_, address, options, sentence) => {
  const error = await printed(address, options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UndertoneError);
  expect((error as UndertoneError).message).toContain(sentence);
});

test.each(['2026-02-30', '2026-02'])('%s is no day, which is wrong usage', async (day) => {
  const { code, stderr } = await labels('s3://undertone-results/labels/', '--from', day);
  expect(stderr).toContain('Give a day such as 2026-05-31');
  expect(code).toBe(2);
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

describe('labels of this machine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'undertone-labels-test-'));
  const save = (path: string, label: unknown) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), JSON.stringify(label, null, 2));
    return join(folder, path);
  };
  const local = (path: string, options?: LabelsOptions) => printed(join(folder, path), options);
  const keys = (csv: string) => csv.split('\r\n').map((line) => line.split(',').slice(0, 2));

  beforeAll(() => {
    save('bucket/date=2026-05-02/b.wav.json', happy('b.wav', '2026-05-02'));
    save('bucket/date=2026-05-01/date=2020-01-01/a.wav.json', happy('a.wav', '2026-05-01'));
    const { key: file, uploadedAt, labelledAt: _, ...verdict } = happy('note.wav', '2026-05-03');
    const came = new Date(uploadedAt);
    utimesSync(save('watched/note.wav.json', { file, ...verdict }), came, came);
    const [x, y] = [happy('x.wav', '2026-05-04'), happy('y.wav', '2026-05-05')];
    const lines = [JSON.stringify(x), '', '{"half', JSON.stringify(y), ''];
    writeFileSync(join(folder, 'all.jsonl'), lines.join('\n'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('a copy of the bucket is read like the bucket', async () => {
    const { code, stdout } = await local('bucket');
    expect(code).toBe(0);
    expect(keys(stdout).slice(1, -1)).toEqual([
      ['2026-05-01', 'a.wav'],
      ['2026-05-02', 'b.wav'],
    ]);
    const from = await local('bucket', { from: '2026-05-02' });
    expect(keys(from.stdout).slice(1, -1)).toEqual([['2026-05-02', 'b.wav']]);
  });

  test('labels of a watched folder have the day on which the recording came', async () => {
    expect(keys((await local('watched')).stdout)[1]).toEqual(['2026-05-03', 'note.wav']);
    expect(JSON.parse((await local('watched', { jsonl: true })).stdout).key).toBe('note.wav');
  });

  test('links to labels are followed, and one that leads nowhere hides no other', async () => {
    save('links/a.json', happy('a.wav', '2026-05-02'));
    symlinkSync('../watched/note.wav.json', join(folder, 'links/b.json'));
    symlinkSync('nowhere', join(folder, 'links/c.json'));
    const { code, stdout, stderr } = await local('links');
    expect(keys(stdout).slice(1, -1)).toEqual([
      ['2026-05-02', 'a.wav'],
      ['2026-05-03', 'note.wav'],
    ]);
    const sentence = `${join(folder, 'links/c.json')} is not a label.\n`;
    expect({ code, stderr }).toEqual({ code: 1, stderr: sentence });
  });

  test('lines of JSON are read, and the ones that are no label are named', async () => {
    const { code, stdout, stderr } = await local('all.jsonl', { to: '2026-05-04' });
    expect(keys(stdout).slice(1, -1)).toEqual([['2026-05-04', 'x.wav']]);
    const sentence = `${join(folder, 'all.jsonl')}, line 3, is not a label.\n`;
    expect({ code, stderr }).toEqual({ code: 1, stderr: sentence });
  });

  test('says what helps when there is no such folder', async () => {
    const { code, stderr } = await labels(join(folder, 'nowhere'));
    expect(stderr).toMatch(/There is no such folder or file\. Give s3:\/\/bucket\/labels\//);
    expect(code).toBe(1);
  });

  test('says how to get DuckDB where it is missing or broken', async () => {
    const query = ['labels', join(folder, 'bucket'), '--sql', 'SELECT 1'];
    const without = await run('cli/main.js', query, { env: { UNDERTONE_DUCKDB: folder } });
    expect(without.stderr).toMatch(/not installed.* npm install --global @duckdb\/node-api@\d/);
    expect(without.code).toBe(1);
    const broken = join(folder, 'broken/node_modules/@duckdb/node-api/index.js');
    mkdirSync(dirname(broken), { recursive: true });
    writeFileSync(broken, 'throw new Error("wrong architecture");');
    const env = { UNDERTONE_DUCKDB: join(folder, 'broken') };
    const { stderr } = await run('cli/main.js', query, { env });
    expect(stderr).toMatch(/cannot be loaded from .*: wrong architecture\. Install it again/);
  });
});

describe.skipIf(!duckDb)('--sql', () => {
  const temporary = mkdtempSync(join(tmpdir(), 'undertone-sql-'));
  const ask = (sql: string, ...options: string[]) =>
    run('cli/main.js', ['labels', `s3://${bucket}/labels/`, '--sql', sql, ...options], {
      env: { ...aws.env, TMPDIR: temporary, HOME: temporary },
    });
  afterAll(() => rm(temporary, { recursive: true }));

  test('prints a table, which cannot steer the terminal', async () => {
    const { code, stdout } = await ask(
      `SELECT "date", count(*) AS notes, 'a' || chr(27) || '[2J' AS x FROM labels WHERE "date" < '2026-06' GROUP BY "date" ORDER BY "date"`,
    );
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'date        notes  x',
      '──────────  ─────  ─────',
      '2026-05-01      1  a?[2J',
      '2026-05-02      2  a?[2J',
      '2026-05-03      2  a?[2J',
      '',
    ]);
  });

  test('prints CSV without formulas, and JSON with numbers, maps and lists', async () => {
    const csv = await ask(`SELECT key, size FROM labels WHERE "date" = '2026-05-02'`, '--csv');
    expect(csv.stdout.split('\r\n')).toEqual(['key,size', `"'=cmd, ""x""",1234`, 'a.wav,1234', '']);
    const { stdout } = await ask(
      `SELECT key, sum(size) AS size, probabilities, probabilities['happy'] AS happy, [count(*)] AS list,
              date '2026-05-01' AS day, 12345678901234567890 AS large, error.code, 1 AS code
       FROM labels WHERE "date" = '2026-05-01' GROUP BY ALL`,
      '--jsonl',
    );
    expect(JSON.parse(stdout)).toEqual({
      ...{ key: 'b.wav', size: 1234, probabilities, happy: 0.72, list: [1] },
      ...{ day: '2026-05-01', large: '12345678901234567890', code: null, 'code:1': 1 },
    });
  });

  test('answers the queries of the documents, which are those of Athena', async () => {
    const { blocks } = readDocument('batch.md');
    const queries = blocks.filter(({ text }) => /^SELECT/.test(text));
    expect(queries.length).toBeGreaterThan(1);
    for (const { text } of queries) {
      const { code, stderr } = await ask(text, '--csv');
      expect({ text, code, stderr }).toEqual({ text, code: 0, stderr: '' });
    }
  });

  test.each([
    ['what is no SQL', 'SELEC 1', /DuckDB cannot answer this query: .*syntax error at or near/],
    ['an unknown column', 'SELECT mood FROM labels', /"mood" not found.*DESCRIBE labels lists/],
    ['a wrong cast', 'SELECT CAST(key AS int) FROM labels', /Could not convert string/],
    ['nothing', ' ', /takes one SELECT/],
    ['two queries', 'SELECT 1; SELECT 2', /takes one SELECT/],
    ['a change', 'DELETE FROM labels', /takes one SELECT/],
    ['a setting', "SET memory_limit = '99GB'", /takes one SELECT/],
    ['a copy', "COPY labels TO '/tmp/copy.csv'", /operations are disabled/],
    ['another file', "SELECT * FROM read_text('/etc/passwd')", /operations are disabled/],
    ['its name as a table', "SELECT * FROM '/etc/passwd.csv'", /disabled/],
    ['an address', "SELECT * FROM read_csv('https://127.0.0.1/x.csv')", /disabled/],
    ['an extension', 'INSTALL httpfs', /takes one SELECT/],
    ['more than fits', 'SELECT list(range(99999)) FROM range(99999)', /out of memory/i],
  ])('refuses %s in one sentence, and leaves nothing behind', async (_, sql, sentence) => {
    vi.stubEnv('TMPDIR', temporary);
    const labels = (async function* () {
      yield { date: '2026-05-01', label: happy('b.wav', '2026-05-01') };
    })();
    const print = vi.fn();
    const answer = answerQuery(sql, labels, { head: print, row: print, end: print });
    await expect(answer).rejects.toThrow(UndertoneError);
    const { code, message } = await answer.catch((error) => error);
    expect(code).toBe('parameter-invalid');
    expect(message).toMatch(sentence);
    expect(message).not.toContain('\n');
    expect(print).not.toHaveBeenCalled();
    expect(readdirSync(temporary)).toEqual([]);
    vi.unstubAllEnvs();
  });

  test('leaves nothing behind when nobody reads its answer any more', () => {
    const labels = join(temporary, 'labels.jsonl');
    writeFileSync(labels, JSON.stringify(happy('b.wav', '2026-05-01')));
    const sql = 'SELECT range FROM labels, range(3000000)';
    const command = `"${process.execPath}" "${BUILD}/cli/main.js" labels "${labels}" --csv --sql "${sql}" | head -n 1`;
    const options = { env: { ...process.env, TMPDIR: temporary }, encoding: 'utf8' } as const;
    expect(execFileSync('sh', ['-c', command], options)).toBe('range\r\n');
    rmSync(labels);
    expect(readdirSync(temporary)).toEqual([]);
  });

  test('tells a mistake on stderr', async () => {
    const { code, stdout, stderr } = await ask('SELECT mood FROM labels');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^DuckDB cannot answer this query: .*"mood".*\.\n$/);
    expect(readdirSync(temporary)).toEqual([]);
  });
});
