import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { verdictSchema } from '../../../core/index.ts';
import { voiceLike, wavFile } from '../../fixtures/audio.ts';
import { writeTinyModel } from '../../fixtures/model.ts';
import { startServe } from './process.ts';

const note = wavFile(voiceLike({ seconds: 1 }));

let folder: string;
let model: string;
let running: ChildProcess | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-serve-'));
  model = await writeTinyModel({ favourite: 'fearful', confidence: 0.9 });
});

afterEach(() => {
  running?.kill('SIGKILL');
});

afterAll(async () => {
  await rm(folder, { recursive: true });
  await rm(model, { recursive: true });
});

/** Runs the server in the folder of these tests; without the local cloud unless they ask for it. */
function start(
  args: readonly string[] = ['--port', '0', '--no-cloud'],
  environment: NodeJS.ProcessEnv = {},
) {
  const server = startServe(folder, args, { UNDERTONE_MODEL: model, ...environment });
  running = server.child;
  return server;
}

test('says where it is and what to do next, and its curl line works', async () => {
  // With the model that ships: none is named.
  const { child, exit, printed } = start(undefined, { UNDERTONE_MODEL: '' });
  const [, url] = await printed(
    /listening at (http:\/\/127\.0\.0\.1:\d+) with the model undertone/,
  );
  const [, target] = await printed(/curl --data-binary @\S+ (\S+)/);
  expect(target).toBe(`${url}/v1/emotion`);
  await printed(/inbox\/.*labels\/<name>\.json/);
  await printed(/Ctrl\+C/);
  const answer = await fetch(target, { method: 'POST', body: note });
  const verdict = verdictSchema.parse(await answer.json());
  expect(verdict).toMatchObject({ duration: 1, model: { name: 'undertone' } });
  expect(await (await fetch(url)).text()).toContain('<h1>Undertone</h1>');
  child.kill('SIGINT');
  expect(await exit).toMatchObject({ code: 0, err: '' });
});

test('labels what is dropped into the inbox, and finishes at SIGTERM', async () => {
  const { child, exit, printed } = start();
  await printed(/listening/);
  await printed(/Ctrl\+C/);
  await expect.poll(() => existsSync(join(folder, 'inbox'))).toBe(true);
  await writeFile(join(folder, 'inbox', 'note.wav'), note);
  await printed(/note\.wav → fearful \(0\.90\)/);
  const label = JSON.parse(await readFile(join(folder, 'labels', 'note.wav.json'), 'utf8'));
  expect(label).toMatchObject({ file: 'note.wav', emotion: 'fearful' });
  child.kill('SIGTERM');
  expect(await exit).toMatchObject({ code: 0, err: '' });
});

test('watches no folder when it is told so', async () => {
  const other = await mkdtemp(join(tmpdir(), 'undertone-serve-'));
  const inbox = join(other, 'inbox');
  const { child, exit, printed } = start([
    '--port',
    '0',
    '--no-cloud',
    '--no-inbox',
    '--labels',
    inbox,
  ]);
  await printed(/none is watched/);
  child.kill('SIGINT');
  await exit;
  expect(existsSync(inbox)).toBe(false);
  await rm(other, { recursive: true });
});

test('says what helps when the port is taken', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { code, err } = await start(['--port', String(port)]).exit;
  expect(code).toBe(1);
  expect(err).toContain(`Port ${port} is in use`);
  expect(err).toContain('--port');
  other.close();
});

test('does not start without a model', async () => {
  const { code, err, out } = await start(undefined, { UNDERTONE_MODEL: folder }).exit;
  expect(code).toBe(1);
  expect(err).toContain('emotion.json cannot be read (ENOENT)');
  expect(out).toBe('');
});

test.each([
  ['an unknown host', ['--host', '192.0.2.1'], 'does not have the address 192.0.2.1'],
  ['an inbox that is a file', ['--inbox', 'file'], 'Cannot create the folder file (EEXIST).'],
  ['labels in a file', ['--labels', 'file/labels'], 'Cannot write to the folder file/labels'],
  [
    'an inbox among the labels',
    ['--inbox', 'l/i', '--labels', 'l'],
    'another folder for the labels',
  ],
])('says what helps with %s', async (_, args, sentence) => {
  await writeFile(join(folder, 'file'), '');
  const { code, err } = await start(['--port', '0', '--no-cloud', ...args]).exit;
  expect(err).toContain(sentence);
  expect(err).not.toContain('Something went wrong');
  expect(code).toBe(1);
});
