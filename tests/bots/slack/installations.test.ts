import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, ScanCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Installation } from '@slack/oauth';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encryptionWith } from '../../../bots/encryption.ts';
import {
  dynamoInstallations,
  fileInstallations,
  type Installations,
} from '../../../bots/slack/installations.ts';
import { type LocalAws, startLocalAws } from '../../../local-cloud/aws.ts';

const newKey = () => randomBytes(32).toString('base64');
const KEY = newKey();
const ANNA = 'U0ANNA';

let folder: string;
let aws: LocalAws;
let documents: DynamoDBDocumentClient;
let table: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-installations-'));
  aws = await startLocalAws({ folder: null });
  Object.assign(process.env, aws.env);
  table = aws.env.UNDERTONE_SLACK_INSTALLATIONS_TABLE;
  documents = DynamoDBDocumentClient.from(new DynamoDBClient({ maxAttempts: 1 }));
});
afterAll(async () => {
  documents.destroy();
  await aws.close();
  await rm(folder, { recursive: true });
});

function installation(id: string, token: string): Installation<'v2', boolean> {
  return {
    team: id.startsWith('T') ? { id, name: 'A name' } : undefined,
    enterprise: id.startsWith('E') ? { id, name: 'An organization' } : undefined,
    isEnterpriseInstall: id.startsWith('E'),
    user: { id: ANNA, token: undefined, scopes: undefined },
    bot: { token, scopes: ['commands'], id: 'B1', userId: 'U1', refreshToken: `${token}-next` },
    authVersion: 'v2',
  } as Installation<'v2', boolean>;
}

const queryFor = (id: string) =>
  id.startsWith('E')
    ? { isEnterpriseInstall: true, enterpriseId: id, teamId: undefined }
    : { isEnterpriseInstall: false, enterpriseId: undefined, teamId: id };

async function tokenOf(installations: Installations, id: string): Promise<string | undefined> {
  return (await installations.fetchInstallation(queryFor(id))).bot?.token;
}

/** Everything that somebody sees who has stolen the file or the table. */
const fileAt = (name: string) => join(folder, `${name}.json`);
const stolenTable = async () =>
  JSON.stringify((await documents.send(new ScanCommand({ TableName: table }))).Items);

describe.each([
  [
    'a file',
    (name: string, keys: string) => fileInstallations(fileAt(name), encryptionWith(keys)),
    (name: string) => readFile(fileAt(name), 'utf8'),
  ],
  [
    'DynamoDB',
    async (_: string, keys: string) => dynamoInstallations(table, documents, encryptionWith(keys)),
    stolenTable,
  ],
] as const)('installations in %s', (where, open, steal) => {
  /** Tests share the table. */
  const id = (name: string) => `${name}${where === 'DynamoDB' ? 'D' : 'F'}`;

  test('are there for the next process, each with its own token', async () => {
    const first = await open('kept', KEY);
    const ids = [id('T1'), id('T2'), id('E1')];
    for (const each of ids) await first.storeInstallation(installation(each, `xoxb-${each}`));
    const second = await open('kept', KEY);
    for (const each of ids) expect(await tokenOf(second, each)).toBe(`xoxb-${each}`);
    expect(await second.ids()).toEqual(expect.arrayContaining(ids));
    await expect(tokenOf(second, id('T3'))).rejects.toMatchObject({ code: 'unauthorized' });
  });

  test('show no token, no name and nobody to whoever steals them', async () => {
    const installations = await open('stolen', KEY);
    await installations.storeInstallation(installation(id('T4'), 'xoxb-very-secret'));
    const stolen = await steal('stolen');
    expect(stolen).toContain(id('T4'));
    expect(stolen).not.toMatch(/xoxb|secret|A name|U0ANNA|commands/);
  });

  test('cannot be read with another key, and the sentence says which is missing', async () => {
    const name = 'other-key';
    await (await open(name, KEY)).storeInstallation(installation(id('T5'), 'xoxb-5'));
    const read = async () => tokenOf(await open(name, newKey()), id('T5'));
    await expect(read()).rejects.toMatchObject({
      code: 'configuration-invalid',
      message: expect.stringMatching(
        /encrypted with the key [\w-]{10}, which is not among UNDERTONE_SLACK_ENCRYPTION_KEYS/,
      ),
    });
  });

  test('are encrypted with the current key when they are read, and then need no other', async () => {
    const name = 'new-key';
    const next = newKey();
    await (await open(name, KEY)).storeInstallation(installation(id('T6'), 'xoxb-6'));
    expect(await tokenOf(await open(name, `${next}, ${KEY}`), id('T6'))).toBe('xoxb-6');
    expect(await tokenOf(await open(name, next), id('T6'))).toBe('xoxb-6');
  });

  test('are deleted when the app is removed, but not if it was installed again since', async () => {
    const installations = await open('removed', KEY);
    const now = Math.floor(Date.now() / 1000);
    await installations.storeInstallation(installation(id('T7'), 'xoxb-7'));
    expect(await installations.remove(id('T7'), now - 60)).toBe(false);
    expect(await tokenOf(installations, id('T7'))).toBe('xoxb-7');
    expect(await installations.remove(id('T7'), now + 1)).toBe(true);
    await expect(tokenOf(installations, id('T7'))).rejects.toMatchObject({ code: 'unauthorized' });
    // Slack tells it twice.
    expect(await installations.remove(id('T7'), now + 1)).toBe(true);
  });

  test('do not come back when a token is renewed while the app is removed', async () => {
    const installations = await open('renewed', KEY);
    await installations.storeInstallation(installation(id('T8'), 'xoxb-8'));
    const read = await installations.fetchInstallation(queryFor(id('T8')));
    const renewed = { ...read, bot: { ...read.bot, token: 'xoxb-8-next' } } as typeof read;
    await installations.storeInstallation(renewed);
    expect(await tokenOf(installations, id('T8'))).toBe('xoxb-8-next');
    await installations.remove(id('T8'), Date.now());
    await installations.storeInstallation(renewed);
    await expect(tokenOf(installations, id('T8'))).rejects.toMatchObject({ code: 'unauthorized' });
  });

  test('are not stored without the token of a bot', async () => {
    const installations = await open('incomplete', KEY);
    const { bot: _, ...rest } = installation(id('T9'), '');
    await expect(
      installations.storeInstallation(rest as Installation<'v2', boolean>),
    ).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('whoever can write to the table', () => {
  const rowOf = (id: string, sealed: string) =>
    documents.send(
      new UpdateCommand({
        TableName: table,
        Key: { id },
        UpdateExpression: 'SET sealed = :sealed',
        ExpressionAttributeValues: { ':sealed': sealed },
      }),
    );
  const sealedOf = async (id: string) =>
    (await documents.send(new ScanCommand({ TableName: table }))).Items?.find(
      (item) => item.id === id,
    )?.sealed as string;

  test('cannot give one workspace the token of another, and cannot change it', async () => {
    const installations = dynamoInstallations(table, documents, encryptionWith(KEY));
    for (const id of ['TX1', 'TX2']) {
      await installations.storeInstallation(installation(id, `xoxb-${id}`));
    }
    const [one, other] = [await sealedOf('TX1'), await sealedOf('TX2')];
    expect(one.length).toBe(other.length);
    const flipped = `${one.slice(0, 30)}${one[30] === 'A' ? 'B' : 'A'}${one.slice(31)}`;
    for (const sealed of [
      other,
      flipped,
      one.slice(0, -4),
      one.slice(0, 20),
      'v1',
      'v2.x.y',
      '-',
    ]) {
      await rowOf('TX1', sealed);
      await expect(tokenOf(installations, 'TX1'), sealed).rejects.toMatchObject({
        code: 'configuration-invalid',
        message: expect.stringMatching(/install the app again/),
      });
    }
    await rowOf('TX1', one);
    expect(await tokenOf(installations, 'TX1')).toBe('xoxb-TX1');
  });
});

describe('the file', () => {
  test('is for its owner alone, and has nothing beside it', async () => {
    const path = join(folder, 'own', 'installations.json');
    const installations = await fileInstallations(path, encryptionWith(KEY));
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        installations.storeInstallation(installation(`T${i}`, `xoxb-${i}`)),
      ),
    );
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, 'own'))).toEqual(['installations.json']);
    const later = await fileInstallations(path, encryptionWith(KEY));
    expect(await later.ids()).toHaveLength(20);
  });

  test.each([
    'not JSON',
    '{"installations": {"T1": {}}}',
    '[]',
    '{"installations": {"__proto__": {"sealed": "x", "installedAt": 1}, "t/1": {"sealed": "x", "installedAt": 1}}}',
  ])('that holds %s is not overwritten, and the sentence names it', async (text) => {
    const path = join(folder, 'damaged.json');
    await writeFile(path, text);
    await expect(fileInstallations(path, encryptionWith(KEY))).rejects.toMatchObject({
      code: 'configuration-invalid',
      message: expect.stringContaining(path),
    });
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  test('that cannot be written is told, and written later', async () => {
    const blocked = join(folder, 'blocked');
    const installations = await fileInstallations(join(blocked, 'a.json'), encryptionWith(KEY));
    await writeFile(blocked, 'a file where the folder should come');
    await expect(
      installations.storeInstallation(installation('T1', 'xoxb-1')),
    ).rejects.toMatchObject({ code: 'unavailable' });
    await rm(blocked);
    await installations.storeInstallation(installation('T2', 'xoxb-2'));
    const later = await fileInstallations(join(blocked, 'a.json'), encryptionWith(KEY));
    expect(await later.ids()).toEqual(['T1', 'T2']);
  });
});

test('a table that does not answer is told as such', async () => {
  const nowhere = new DynamoDBClient({ endpoint: 'http://127.0.0.1:9', maxAttempts: 1 });
  const client = DynamoDBDocumentClient.from(nowhere);
  const installations = dynamoInstallations(table, client, encryptionWith(KEY));
  for (const call of [
    () => tokenOf(installations, 'T1'),
    () => installations.storeInstallation(installation('T1', 'xoxb-1')),
    () => installations.remove('T1', 1),
    () => installations.ids(),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: 'unavailable' });
  }
});

test.each([
  '',
  'short',
  'A'.repeat(64),
  `${KEY}x`,
  `${KEY},`,
  KEY.slice(0, 20),
])('%j is no key, and the sentence says how to make one', (keys) => {
  expect(() => encryptionWith(keys)).toThrow(/openssl rand -base64 32/);
});
