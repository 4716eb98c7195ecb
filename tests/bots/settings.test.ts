import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { dynamoLimits, memoryLimits } from '../../bots/limits.ts';
import type { Place } from '../../bots/settings.ts';
import { fileSettings } from '../../bots/settings.ts';
import { dynamoSettings } from '../../bots/settings-table.ts';
import { startDynamoDB } from '../../local-cloud/aws.ts';

const TABLE = 'undertone-chat';

const place = (channel: string, platform: Place['platform'] = 'discord'): Place => ({
  ...{ platform, channel },
  workspace: 'G1',
  isDirect: false,
});

const DISCORD = { platform: 'discord', workspace: null } as const;
const SLACK = { platform: 'slack', workspace: 'G1' } as const;

let folder: string;
let dynamodb: Awaited<ReturnType<typeof startDynamoDB>>;
let client: DynamoDBClient;
let documents: DynamoDBDocumentClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-settings-'));
  dynamodb = await startDynamoDB(null, 0);
  client = clientOf(dynamodb.endpoint);
  documents = DynamoDBDocumentClient.from(client);
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      AttributeDefinitions: [{ AttributeName: 'key', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
});
afterAll(async () => {
  client.destroy();
  await dynamodb.close();
  await rm(folder, { recursive: true });
});

function clientOf(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({
    endpoint,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
}

describe.each([
  ['a file', (name: string) => fileSettings(join(folder, 'new', `${name}.json`))],
  ['DynamoDB', async () => dynamoSettings(TABLE, documents)],
])('settings in %s', (_, open) => {
  test('a channel is opened and closed, also for the next process', async () => {
    const settings = await open('channels');
    expect(await settings.isAutomatic(place('C1'))).toBe(false);
    for (const channel of ['C1', 'C2', 'C3']) await settings.setAutomatic(place(channel), true);
    await settings.setAutomatic(place('C2'), false);
    await settings.setAutomatic(place('C1', 'slack'), true);
    const later = await open('channels');
    expect(await later.isAutomatic(place('C1'))).toBe(true);
    expect(await later.isAutomatic(place('C2'))).toBe(false);
    expect((await later.automaticChannels(DISCORD)).sort()).toEqual(['C1', 'C3']);
    expect(await later.automaticChannels(SLACK)).toEqual(['C1']);
  });

  test('the first use is the first once, however many ask at a time', async () => {
    const settings = await open('notices');
    const asked = Array.from({ length: 20 }, () => settings.isFirstUse(DISCORD, 'user:1'));
    expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(1);
    expect(await (await open('notices')).isFirstUse(DISCORD, 'user:1')).toBe(false);
    expect(await settings.isFirstUse(DISCORD, 'user:2')).toBe(true);
  });

  test('the language of a person is the last one, also for the next process', async () => {
    const settings = await open('languages');
    expect(await settings.language(DISCORD, 'user:1')).toBeNull();
    for (const locale of ['de', 'es-419']) await settings.setLanguage(DISCORD, 'user:1', locale);
    await settings.setLanguage(DISCORD, 'user:2', 'ja');
    const later = await open('languages');
    expect(await later.language(DISCORD, 'user:1')).toBe('es-419');
    expect(await later.language(DISCORD, 'user:2')).toBe('ja');
  });

  test('a workspace that has removed the bot is forgotten, with what its people speak', async () => {
    const settings = await open('left');
    const workspaces = ['T1', 'T2'].map((workspace) => ({ platform: 'slack', workspace }) as const);
    for (const workspace of workspaces) {
      await settings.setAutomatic({ ...workspace, channel: 'C1', isDirect: false }, true);
      await settings.isFirstUse(workspace, 'user:1');
      await settings.setLanguage(workspace, 'user:1', `de-${workspace.workspace}`);
    }
    await settings.forget(workspaces[0]);
    const later = await open('left');
    const known = (workspace: (typeof workspaces)[number]) =>
      Promise.all([
        later.automaticChannels(workspace),
        later.isFirstUse(workspace, 'user:1'),
        later.language(workspace, 'user:1'),
      ]);
    expect(await known(workspaces[0])).toEqual([[], true, null]);
    expect(await known(workspaces[1])).toEqual([['C1'], false, 'de-T2']);
  });

  test('the next process learns until when everything was answered', async () => {
    const settings = await open('answered');
    expect(await settings.answeredUntil('discord')).toBeNull();
    for (const time of [1000, 2000]) await settings.setAnsweredUntil('discord', time);
    const later = await open('answered');
    expect(await later.answeredUntil('discord')).toBe(2000);
    expect(await later.answeredUntil('slack')).toBeNull();
  });
});

describe('the file of settings', () => {
  test('names nobody, is for its owner alone, and leaves nothing behind', async () => {
    const path = join(folder, 'own', 'settings.json');
    const settings = await fileSettings(path);
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => settings.isFirstUse(DISCORD, `user:person${i}`)),
    );
    await settings.setLanguage(DISCORD, 'user:person1', 'de');
    expect(await readFile(path, 'utf8')).not.toContain('person');
    expect(JSON.parse(await readFile(path, 'utf8')).noticed).toHaveLength(20);
    expect(await readdir(join(folder, 'own'))).toEqual(['settings.json']);
  });

  test.each(['{"automatic": 1}', 'not JSON'])('that holds %j is not overwritten', async (text) => {
    const path = join(folder, 'damaged.json');
    await writeFile(path, text);
    await expect(fileSettings(path)).rejects.toMatchObject({
      code: 'configuration-invalid',
      message: expect.stringContaining(path),
    });
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  test('that cannot be written is told', async () => {
    const blocked = join(folder, 'blocked');
    const settings = await fileSettings(join(blocked, 'settings.json'));
    await writeFile(blocked, 'a file where the folder should come');
    await expect(settings.setAutomatic(place('C1'), true)).rejects.toMatchObject({
      code: 'unavailable',
    });
    await rm(blocked);
    await settings.setAutomatic(place('C2'), true);
    const later = await fileSettings(join(blocked, 'settings.json'));
    expect(await later.automaticChannels(DISCORD)).toEqual(['C1', 'C2']);
  });
});

test('a notice in DynamoDB counts for half a year', async () => {
  const settings = dynamoSettings(TABLE, documents);
  expect(await settings.isFirstUse(SLACK, 'user:old')).toBe(true);
  const { Items = [] } = await documents.send(new ScanCommand({ TableName: TABLE }));
  for (const { key, expire } of Items.filter((item) => String(item.key).startsWith('noticed:'))) {
    expect(expire - Date.now() / 1000).toBeGreaterThan(170 * 24 * 3600);
    const update = new UpdateCommand({
      TableName: TABLE,
      Key: { key },
      UpdateExpression: 'SET expire = :past',
      ExpressionAttributeValues: { ':past': 1 },
    });
    await documents.send(update);
  }
  expect(await settings.isFirstUse(SLACK, 'user:old')).toBe(true);
});

test('a table that does not answer is told as such', async () => {
  const nowhere = clientOf('http://127.0.0.1:9');
  const settings = dynamoSettings(TABLE, DynamoDBDocumentClient.from(nowhere));
  for (const call of [
    settings.isAutomatic(place('C1')),
    settings.setAutomatic(place('C1'), true),
    settings.automaticChannels(SLACK),
    settings.isFirstUse(DISCORD, 'x'),
    settings.answeredUntil('discord'),
    settings.language(DISCORD, 'x'),
    settings.setLanguage(DISCORD, 'x', 'de'),
    settings.setAnsweredUntil('discord', 1),
  ]) {
    await expect(call).rejects.toMatchObject({ code: 'unavailable' });
  }
});

describe.each([
  ['this process', memoryLimits],
  ['DynamoDB', (options = {}) => dynamoLimits(TABLE, client, options)],
  [
    'this process, as the table does not answer',
    (options = {}) => dynamoLimits(TABLE, clientOf('http://127.0.0.1:9'), options),
  ],
])('limits in %s', (name, limitsOf) => {
  const user = (id: string) => `${name}-${id}`;
  const options = { perUser: 3, perChannel: 5, windowSeconds: 30 };

  test('one person has to wait, others do not', async () => {
    const limits = limitsOf(options);
    const here = place(user('a'));
    for (let i = 0; i < 3; i++) expect(await limits.take(here, user('a1'))).toBeNull();
    const first = await limits.take(here, user('a1'));
    expect(first).toMatchObject({ isFirst: true });
    expect(first?.seconds).toBeGreaterThan(0);
    expect(first?.seconds).toBeLessThanOrEqual(30);
    expect(await limits.left(here, user('a1'))).toEqual({
      person: { left: 0, limit: 3, seconds: first?.seconds },
      channel: { left: 2, limit: 5, seconds: first?.seconds },
    });
    expect(await limits.take(here, user('a1'))).toMatchObject({ isFirst: false });
    expect(await limits.take(here, user('a2'))).toBeNull();
  });

  test('a channel has its own limit, which direct messages do not have', async () => {
    const limits = limitsOf(options);
    const here = place(user('b'));
    for (let i = 0; i < 5; i++) expect(await limits.take(here, user(`b${i}`))).toBeNull();
    expect(await limits.take(here, user('b6'))).toMatchObject({ isFirst: true });
    const direct = { ...here, isDirect: true };
    expect(await limits.take(direct, user('b7'))).toBeNull();
    expect(await limits.left(direct, user('b8'))).toEqual({
      person: { left: 3, limit: 3, seconds: 0 },
      channel: null,
    });
  });
});

test.each([
  ['this process', memoryLimits],
  ['DynamoDB', (options = {}) => dynamoLimits(TABLE, client, options)],
])('in %s nobody is kept waiting for longer than a window when the clock was set back', async (name, limitsOf) => {
  const limits = limitsOf({ perUser: 1, windowSeconds: 30 });
  const now = Date.now;
  vi.spyOn(Date, 'now').mockImplementation(() => now() + 86_400_000);
  for (let i = 0; i < 3; i++) await limits.take(place('clock'), `${name}-clock`);
  vi.restoreAllMocks();
  expect(await limits.take(place('clock'), `${name}-clock`)).toBeNull();
  const wait = await limits.take(place('clock'), `${name}-clock`);
  expect(wait?.seconds).toBeLessThanOrEqual(30);
});

test('the window passes', async () => {
  const limits = memoryLimits({ perUser: 1, windowSeconds: 1 });
  expect(await limits.take(place('W'), 'w')).toBeNull();
  expect(await limits.take(place('W'), 'w')).not.toBeNull();
  await new Promise((resolve) => setTimeout(resolve, 1100));
  expect(await limits.take(place('W'), 'w')).toBeNull();
});
