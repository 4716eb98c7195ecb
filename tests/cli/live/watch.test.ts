import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { verdictSchema } from '../../../core/index.ts';
import { voiceLike, wavFile } from '../../fixtures/audio.ts';
import { writeTinyModel } from '../../fixtures/model.ts';
import { MAIN, type ServeProcess, startProcess } from '../serve/process.ts';

const note = wavFile(voiceLike({ seconds: 1 }));

let model: string;
let folder: string;
let running: ServeProcess | undefined;

beforeAll(async () => {
  model = await writeTinyModel({ favourite: 'calm', confidence: 0.9 });
});
afterAll(() => rm(model, { recursive: true }));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-watch-'));
  await mkdir(join(folder, 'notes'));
});
afterEach(async () => {
  running?.child.kill('SIGKILL');
  await running?.exit;
  await rm(folder, { recursive: true });
});

function watch(...options: string[]): ServeProcess {
  running = startProcess([process.execPath, MAIN, 'watch', ...options], folder, {
    UNDERTONE_MODEL: '',
  });
  return running;
}

test('labels what is there and what appears, in a folder of its own, until Ctrl+C', async () => {
  await writeFile(join(folder, 'notes', 'old.wav'), note);
  const { child, printed, exit } = watch('notes', '--model', model);
  await printed(/^calm {8}90% {2}old\.wav\n/m);
  await mkdir(join(folder, 'notes', 'more'));
  await writeFile(join(folder, 'notes', 'more', 'new.wav'), note);
  await printed(/^calm {8}90% {2}more\/new\.wav\n/m);
  await writeFile(join(folder, 'notes', 'text.wav'), 'hello');
  await printed(/^✗ +text\.wav: This is text, not a recording/m);
  const label = join(folder, 'notes', 'labels', 'more', 'new.wav.json');
  const { file, ...verdict } = JSON.parse(await readFile(label, 'utf8'));
  expect(file).toBe('more/new.wav');
  expect(verdictSchema.parse(verdict)).toMatchObject({ emotion: 'calm' });
  child.kill('SIGINT');
  const { code, out, err } = await exit;
  expect(code).toBe(0);
  // The labels themselves are no recordings.
  expect(out.trim().split('\n')).toHaveLength(3);
  expect(err).toMatch(/^Watching notes; labels go to notes.labels\..*\nStopping: /);
});

test('--json is one line for each recording, and labels go where they are wanted', async () => {
  await writeFile(join(folder, 'notes', 'note.wav'), note);
  await writeFile(join(folder, 'notes', 'text.wav'), 'hello');
  const { child, printed, exit } = watch('notes', '--model', model, '--json', '--labels', 'said');
  await printed(/\n.*\n/);
  child.kill('SIGTERM');
  const { code, out } = await exit;
  expect(code).toBe(0);
  const lines = out.trim().split('\n');
  const entries = lines.map((line) => JSON.parse(line)).sort((a, b) => (a.file < b.file ? -1 : 1));
  expect(entries).toMatchObject([
    { file: 'note.wav', emotion: 'calm' },
    { file: 'text.wav', error: { code: 'format-unsupported' } },
  ]);
  expect(existsSync(join(folder, 'said', 'note.wav.json'))).toBe(true);
  expect(existsSync(join(folder, 'notes', 'labels'))).toBe(false);
});

test('a folder that is not there is not made', async () => {
  const { code, err } = await watch('nots').exit;
  expect(code).toBe(1);
  expect(err).toMatch(/^There is no folder nots\./);
  expect(existsSync(join(folder, 'nots'))).toBe(false);
});

test('a model that cannot be used is told before anything is labelled', async () => {
  await writeFile(join(folder, 'notes', 'note.wav'), note);
  const { code, err } = await watch('notes', '--model', folder).exit;
  expect(code).toBe(1);
  expect(err).toContain('emotion.json cannot be read');
  expect(existsSync(join(folder, 'notes', 'labels'))).toBe(false);
});

describe.skipIf(process.platform !== 'linux')('where stderr', () => {
  const watchWith = (redirection: string) => {
    const command = [process.execPath, MAIN, 'watch', 'notes', '--model', model];
    const shell = ['bash', '-c', `exec "$@" ${redirection}`, 'bash', ...command];
    running = startProcess(shell, folder, { UNDERTONE_MODEL: '' });
    return running;
  };

  test('cannot be written to, recordings are labelled all the same', async () => {
    await writeFile(join(folder, 'notes', 'note.wav'), note);
    await watchWith('2>/dev/full').printed(/^calm/m);
  });

  test('is read, a name that is not UTF-8 is told', async () => {
    const name = Buffer.from([0x78, 0xe9]);
    await writeFile(Buffer.concat([Buffer.from(`${folder}/notes/`), name]), note);
    await watchWith('2>&1').printed(/The name of \S+x\ufffd is not UTF-8, so .* Rename the file\./);
  });
});
