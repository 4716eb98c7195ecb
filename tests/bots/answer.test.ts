import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { answer, type Services } from '../../bots/answer.ts';
import { ApiClient } from '../../bots/api-client.ts';
import type { Ask } from '../../bots/consent.ts';
import { memoryLimits } from '../../bots/limits.ts';
import type { Place } from '../../bots/settings.ts';
import { fileSettings } from '../../bots/settings.ts';
import { EN } from '../../bots/wording/languages.ts';
import { type RunningServer, startServer } from '../../cli/serve/server.ts';
import { MAX_BYTES, UndertoneError } from '../../core/index.ts';
import { voiceLike, wavFile } from '../fixtures/audio.ts';
import { useTinyModel } from '../fixtures/model.ts';
import { useServer } from './server.ts';

useTinyModel({ favourite: 'sad', confidence: 0.8 });
const files = useServer();

const CHANNEL: Place = { platform: 'slack', workspace: 'T1', channel: 'C1', isDirect: false };
const DIRECT: Place = { ...CHANNEL, channel: 'D1', isDirect: true };
const OWN: Ask = { place: CHANNEL, asker: 'anna', author: 'anna' };

let folder: string;
let api: RunningServer;
let services: Services;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-answer-'));
  api = await startServer({ port: 0, host: '127.0.0.1' });
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  files.asked.length = 0;
  files.handle = (_, response) =>
    response.writeHead(200).end(Buffer.from(wavFile(voiceLike({ seconds: 1 }))));
  services = {
    api: new ApiClient({ endpoint: api.url }),
    settings: await fileSettings(join(folder, `${Math.random()}.json`)),
    limits: memoryLimits({ perUser: 3 }),
    hosts: { hosts: [files.origin] },
  };
});

const note = () => ({ url: `${files.origin}/note.ogg` });

test('one’s own note in a channel: heard, for one’s own eyes', async () => {
  const reply = await answer(OWN, note(), services);
  expect(reply).toMatchObject({ kind: 'verdict', isPrivate: true, verdict: { emotion: 'sad' } });
  expect(reply).toMatchObject({ words: { title: 'Sad', sureness: '80% sure' } });
});

test('the notice comes with the first answer that somebody sees, and no other', async () => {
  await services.settings.setAutomatic({ ...CHANNEL, channel: 'C2' }, true);
  const open = { ...OWN, place: { ...CHANNEL, channel: 'C2' } };
  const bert = { ...OWN, asker: 'bert', author: 'bert' };
  const notices = [];
  for (const ask of [OWN, OWN, open, open, bert, { ...bert, place: open.place }]) {
    const reply = await answer(ask, note(), { ...services, limits: memoryLimits() });
    notices.push(reply.kind === 'verdict' && reply.notice === EN.notice);
  }
  expect(notices).toEqual([true, false, true, false, true, false]);
});

test.each<[string, Partial<Ask>, isOpen: boolean, expected: 'public' | 'private' | 'refused']>([
  ['in a direct message, by itself', { place: DIRECT, asker: null }, false, 'public'],
  ['in a direct message, asked', { place: DIRECT, asker: 'bert' }, false, 'public'],
  ['somebody else’s note', { asker: 'bert' }, false, 'refused'],
  ['somebody else’s note where it is open', { asker: 'bert' }, true, 'public'],
  ['one’s own where it is open', {}, true, 'public'],
  ['by itself', { asker: null }, false, 'refused'],
  ['by itself where it is open', { asker: null }, true, 'public'],
])('who may ask: %s', async (_, ask, isOpen, expected) => {
  if (isOpen) await services.settings.setAutomatic(CHANNEL, true);
  const reply = await answer({ ...OWN, ...ask }, note(), services);
  if (expected === 'refused') {
    expect(reply).toMatchObject({ kind: 'refused', error: { code: 'not-permitted' } });
    // What may not be heard is not even fetched.
    expect(files.asked).toEqual([]);
  } else {
    expect(reply).toMatchObject({ kind: 'verdict', isPrivate: expected === 'private' });
  }
});

test('more than the limit is refused, and said to be so once', async () => {
  const replies = [];
  for (let i = 0; i < 5; i++) replies.push(await answer(OWN, note(), services));
  expect(replies.map(({ kind }) => kind)).toEqual([
    ...['verdict', 'verdict', 'verdict'],
    ...['refused', 'refused'],
  ]);
  expect(replies.slice(3)).toMatchObject([
    { isRepeated: false, text: expect.stringMatching(/Ask again in \d+ seconds/) },
    { isRepeated: true },
  ]);
  expect(files.asked).toHaveLength(3);
});

test.each<[string, object, code: string]>([
  ['500 MB', { size: 500 * 2 ** 20 }, 'audio-too-large'],
  ['an hour', { durationSeconds: 3600 }, 'audio-too-long'],
])('%s are refused before they are fetched', async (_, rest, code) => {
  const reply = await answer(OWN, { ...note(), ...rest }, services);
  expect(reply).toMatchObject({ kind: 'refused', error: { code } });
  expect(files.asked).toEqual([]);
});

test('a note that just fits is fetched', async () => {
  const fits = { ...note(), size: MAX_BYTES, durationSeconds: 300.5 };
  expect(await answer(OWN, fits, services)).toMatchObject({ kind: 'verdict' });
});

test('each failure has its sentence for the chat', async () => {
  expect(await answer(OWN, null, services)).toMatchObject({
    text: EN.errors['attachment-missing'],
  });
  files.handle = (_, response) => response.writeHead(404).end();
  expect(await answer(OWN, note(), services)).toMatchObject({ text: EN.errors['attachment-gone'] });
  files.handle = (_, response) => response.writeHead(200).end('Dear Anna, this is a letter.');
  expect(await answer(OWN, note(), services)).toMatchObject({
    text: EN.errors['format-unsupported'],
  });
});

test('settings and limits that fail do not keep an answer from coming', async () => {
  const broken = () => Promise.reject(new UndertoneError('unavailable', 'No table.'));
  const noNotice = { ...services, settings: { ...services.settings, isFirstUse: broken } };
  expect(await answer(OWN, note(), noNotice)).toMatchObject({
    kind: 'verdict',
    notice: EN.notice,
  });
  const noSettings = { ...services, settings: { ...services.settings, isAutomatic: broken } };
  expect(await answer(OWN, note(), noSettings)).toMatchObject({
    kind: 'refused',
    text: EN.errors.unavailable,
  });
});

test('a defect is reported as one, without its details', async () => {
  const take = () => Promise.reject(new TypeError('secret'));
  const defect = { ...services, limits: { ...services.limits, take } };
  const reply = await answer(OWN, note(), defect);
  expect(reply).toMatchObject({ kind: 'refused', error: { code: 'internal' } });
  expect(reply).not.toHaveProperty('text', expect.stringContaining('secret'));
});
