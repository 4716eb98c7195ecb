import { existsSync } from 'node:fs';
import {
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { classifyFile, type Outcome } from '../../../cli/classify-file.ts';
import { type DropFolder, watchDropFolder } from '../../../cli/serve/drop-folder.ts';
import { verdictSchema } from '../../../core/index.ts';
import { silence, voiceLike, wavFile } from '../../fixtures/audio.ts';
import { useTinyModel } from '../../fixtures/model.ts';

const note = wavFile(voiceLike({ seconds: 1 }));
/** Waiting for a watcher: long enough for a busy machine. */
const PATIENCE = { timeout: 30_000, interval: 50 };

let root: string;
let folder: DropFolder | undefined;
let lines: string[];

useTinyModel({ favourite: 'happy', confidence: 0.7 });

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'undertone-inbox-'));
  lines = [];
});

afterEach(async () => {
  await folder?.close();
  folder = undefined;
  await rm(root, { recursive: true });
});

async function watching(
  inbox = 'inbox',
  labels = 'labels',
  classify: (path: string) => Promise<Outcome> = (path) => classifyFile(path),
): Promise<void> {
  folder = await watchDropFolder({
    inbox: join(root, inbox),
    labels: join(root, labels),
    classify,
    print: (line) => void lines.push(line),
  });
}

async function drop(name: string, content: Uint8Array | string = note): Promise<string> {
  const path = join(root, 'inbox', name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return path;
}

function labelPath(name: string): string {
  return join(root, 'labels', `${name}.json`);
}

async function readLabel(name: string) {
  return JSON.parse(await readFile(labelPath(name), 'utf8'));
}

/** Resolves with the label once it is there and, if asked, has the code or emotion `wanted`. */
function labelled(name: string, wanted?: string) {
  return vi.waitFor(async () => {
    const label = await readLabel(name);
    if (wanted) expect(label.error?.code ?? label.emotion).toBe(wanted);
    return label;
  }, PATIENCE);
}

/** Drops a file and waits for its label: all that came before it has been seen to by then. */
async function settle(): Promise<void> {
  await drop('zz-last.wav');
  await labelled('zz-last.wav');
}

describe('what lies there at the start', () => {
  test('is labelled, in subfolders too', async () => {
    await drop('note.wav');
    await drop('2026/may/other note.wav', wavFile(silence({ seconds: 1 })));
    await watching();
    const { file, ...verdict } = await labelled('note.wav');
    expect(file).toBe('note.wav');
    expect(verdictSchema.parse(verdict).emotion).toBe('happy');
    expect(await labelled('2026/may/other note.wav')).toMatchObject({
      file: '2026/may/other note.wav',
      emotion: 'no-speech',
    });
    expect(lines.sort()).toEqual([
      '2026/may/other note.wav → no-speech (0.00)',
      'note.wav → happy (0.70)',
    ]);
  });

  test('is left alone when its label is newer, and labelled again when it is older', async () => {
    const times = { old: new Date('2020-01-01'), future: new Date(Date.now() + 60_000) };
    await drop('known.wav');
    await drop('changed.wav');
    await mkdir(join(root, 'labels'));
    await writeFile(labelPath('known.wav'), '{"file":"known.wav","emotion":"sad"}');
    await utimes(labelPath('known.wav'), times.future, times.future);
    await writeFile(labelPath('changed.wav'), '{"file":"changed.wav","emotion":"sad"}');
    await utimes(labelPath('changed.wav'), times.old, times.old);
    await watching();
    await labelled('changed.wav', 'happy');
    await settle();
    expect((await readLabel('known.wav')).emotion).toBe('sad');
  });

  test('is labelled again when the label tells of a failure of ours, or is damaged', async () => {
    const future = new Date(Date.now() + 60_000);
    await mkdir(join(root, 'labels'));
    const labels = {
      'ours.wav': '{"error":{"code":"model-invalid"}}',
      'theirs.wav': '{"error":{"code":"audio-unreadable"}}',
      'damaged.wav': '{"file":',
    };
    for (const [name, label] of Object.entries(labels)) {
      await drop(name);
      await writeFile(labelPath(name), label);
      await utimes(labelPath(name), future, future);
    }
    await watching();
    await labelled('ours.wav', 'happy');
    await labelled('damaged.wav', 'happy');
    await settle();
    expect((await readLabel('theirs.wav')).error.code).toBe('audio-unreadable');
  });
});

describe('what comes later', () => {
  beforeEach(() => watching());

  test('is labelled once it is complete', async () => {
    await drop('new/note.wav');
    await labelled('new/note.wav', 'happy');
  });

  test('is labelled again when it changes', async () => {
    await drop('note.wav', 'not yet a recording');
    await labelled('note.wav', 'format-unsupported');
    await drop('note.wav');
    await labelled('note.wav', 'happy');
  });

  test('is labelled when it is moved here, however old it is', async () => {
    const elsewhere = join(root, 'old.wav');
    await drop('note.wav', 'Hello');
    await labelled('note.wav', 'format-unsupported');
    await writeFile(elsewhere, note);
    await utimes(elsewhere, new Date('2020-01-01'), new Date('2020-01-01'));
    await rename(elsewhere, join(root, 'inbox', 'note.wav'));
    await labelled('note.wav', 'happy');
  });

  test('is labelled when nothing tells of it: it has the time of the file whose place it takes', async () => {
    const time = new Date('2020-01-01');
    const path = await drop('note.wav', 'Hello');
    await utimes(path, time, time);
    await labelled('note.wav', 'format-unsupported');
    await settle();
    const elsewhere = join(root, 'same-time.wav');
    await writeFile(elsewhere, note);
    // Read since it was written: a watcher that only asks for the time takes this for a mere look.
    await utimes(elsewhere, new Date(), time);
    await rename(elsewhere, path);
    await labelled('note.wav', 'happy');
  });

  test('is labelled when it comes in the very moment in which the old label is written', async () => {
    await drop('note.wav', 'Hello');
    await labelled('note.wav', 'format-unsupported');
    const elsewhere = join(root, 'new.wav');
    await writeFile(elsewhere, note);
    await rename(elsewhere, join(root, 'inbox', 'note.wav'));
    const later = new Date(Date.now() + 60_000);
    await utimes(labelPath('note.wav'), later, later);
    await labelled('note.wav', 'happy');
  });

  test('ends in a named error when it is no recording', async () => {
    await drop('letter.txt', 'Hello');
    await drop('empty.wav', '');
    const { file, error } = await labelled('letter.txt', 'format-unsupported');
    expect(file).toBe('letter.txt');
    expect(error.message).toContain('text');
    await labelled('empty.wav', 'audio-missing');
    expect(lines.find((line) => line.startsWith('letter.txt'))).toMatch(
      /^letter\.txt → format-unsupported: This is text/,
    );
  });

  test('is not read when it is too large', async () => {
    const path = await drop('huge.wav');
    // More than readFile can take: reading it would end in another error.
    await truncate(path, 2 ** 33);
    await labelled('huge.wav', 'audio-too-large');
  });

  test('is left alone while it is hidden or unfinished', async () => {
    await drop('.hidden.wav');
    await drop('.folder/note.wav');
    await drop('a.wav.part');
    await drop('b.wav.crdownload');
    const unfinished = await drop('c.wav.tmp');
    await settle();
    expect(await readdir(join(root, 'labels'))).toEqual(['zz-last.wav.json']);
    await rename(unfinished, join(root, 'inbox', 'c.wav'));
    await labelled('c.wav', 'happy');
  });

  test('leaves no label when it goes before it was heard', async () => {
    const log = vi.spyOn(process.stderr, 'write');
    const long = wavFile(voiceLike({ seconds: 10 }));
    const names = ['1.wav', '2.wav', '3.wav', '4.wav', '5.wav', '6.wav'];
    for (const name of names) await drop(name, long);
    await vi.waitFor(() => expect(lines).not.toEqual([]), PATIENCE);
    for (const name of names) await rm(join(root, 'inbox', name));
    await settle();
    const labels = names.filter((name) => existsSync(labelPath(name)));
    expect(labels.length).toBeLessThan(names.length);
    for (const name of labels) expect((await readLabel(name)).emotion).toBe('happy');
    expect(log).not.toHaveBeenCalled();
    log.mockRestore();
  });

  test('gets its label in one piece: who reads the old one keeps all of it', async () => {
    await drop('note.wav', 'Hello');
    await labelled('note.wav', 'format-unsupported');
    const reader = await open(labelPath('note.wav'));
    await drop('note.wav');
    await labelled('note.wav', 'happy');
    const old = JSON.parse(await reader.readFile('utf8'));
    expect(old.error.code).toBe('format-unsupported');
    await reader.close();
    expect(await readdir(join(root, 'labels'))).toEqual(['note.wav.json']);
  });

  test('cannot steer the terminal with its name', async () => {
    await drop('\u001b[2Jnote.wav');
    await labelled('\u001b[2Jnote.wav', 'happy');
    await vi.waitFor(() => expect(lines).toEqual(['?[2Jnote.wav → happy (0.70)']), PATIENCE);
  });

  test.each([
    ['240 bytes', `${'n'.repeat(236)}.wav`],
    ['255 bytes', `${'ü'.repeat(125)}n.wav`],
  ])('has its label whatever the length of its name: %s', async (_, name) => {
    await watching();
    await drop(name);
    const label = await vi.waitFor(async () => {
      const [file] = await readdir(join(root, 'labels'));
      return JSON.parse(await readFile(join(root, 'labels', file), 'utf8'));
    }, PATIENCE);
    expect(label).toMatchObject({ file: name, emotion: 'happy' });
  });

  test('is followed when it is a link to a file, and not when it leads to a folder', async () => {
    await writeFile(join(root, 'elsewhere.wav'), note);
    await symlink(join(root, 'elsewhere.wav'), join(root, 'inbox', 'link.wav'));
    await symlink(join(root, 'inbox'), join(root, 'inbox', 'circle'));
    await labelled('link.wav', 'happy');
    await settle();
    expect((await readdir(join(root, 'labels'))).sort()).toEqual([
      'link.wav.json',
      'zz-last.wav.json',
    ]);
  });
});

describe('what changes while it is heard', () => {
  test('is heard again, and the first answer is not kept', async () => {
    const path = await drop('note.wav', 'Hello');
    let isFirst = true;
    await watching('inbox', 'labels', async (heard) => {
      const outcome = await classifyFile(heard);
      if (isFirst) await writeFile(path, note);
      isFirst = false;
      return outcome;
    });
    await labelled('note.wav', 'happy');
    await vi.waitFor(() => expect(lines).toEqual(['note.wav → happy (0.70)']), PATIENCE);
  });

  test('or goes, has no label', async () => {
    await drop('note.wav');
    await watching('inbox', 'labels', async (heard) => {
      const outcome = await classifyFile(heard);
      if (heard.endsWith('note.wav')) await rm(heard);
      return outcome;
    });
    await settle();
    expect(await readdir(join(root, 'labels'))).toEqual(['zz-last.wav.json']);
  });
});

test('a failure of the classifier itself becomes the label of its file', async () => {
  const log = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await drop('note.wav');
  await watching('inbox', 'labels', () => Promise.reject(new Error('the thread ended')));
  expect((await labelled('note.wav', 'internal')).file).toBe('note.wav');
  expect(log.mock.calls.join()).toContain('the thread ended');
  log.mockRestore();
});

test('a failure that passes, such as a full disk, is no label; the file is tried again', async () => {
  const log = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const error = { code: 'unavailable', message: 'The temporary folder is full.' } as const;
  await drop('note.wav');
  let tries = 0;
  await watching('inbox', 'labels', async (file) =>
    tries++ === 0 ? { file, error } : classifyFile(file),
  );
  await vi.waitFor(() => expect(log.mock.calls.join()).toContain(error.message), PATIENCE);
  expect(await readdir(join(root, 'labels'))).toEqual([]);
  const { now } = performance;
  vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + 60_000);
  await labelled('note.wav', 'happy');
  vi.restoreAllMocks();
});

describe('the two folders', () => {
  test('are created', async () => {
    await watching('a/b', 'c/d');
    expect((await stat(join(root, 'a/b'))).isDirectory()).toBe(true);
    expect((await stat(join(root, 'c/d'))).isDirectory()).toBe(true);
  });

  test('may be one in the other when it is the labels that lie inside', async () => {
    await drop('note.wav');
    await watching('inbox', 'inbox/labels');
    const label = join(root, 'inbox/labels/note.wav.json');
    await vi.waitFor(() => stat(label), PATIENCE);
    await drop('zz-last.wav');
    await vi.waitFor(() => stat(join(root, 'inbox/labels/zz-last.wav.json')), PATIENCE);
    expect((await readdir(join(root, 'inbox/labels'))).sort()).toEqual([
      'note.wav.json',
      'zz-last.wav.json',
    ]);
  });

  test.each([
    ['same', 'same'],
    ['labels/inbox', 'labels'],
  ])('are refused as %s and %s, as labels would become files', async (inbox, labels) => {
    await expect(watching(inbox, labels)).rejects.toMatchObject({ code: 'setting-invalid' });
  });

  test('are refused when one cannot be a folder', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(watching('file/inbox')).rejects.toMatchObject({ code: 'folder-unwritable' });
  });
});

test('the file at hand still gets its label at the end, and those that wait do not', async () => {
  const names = ['1.wav', '2.wav', '3.wav', '4.wav'];
  for (const name of names) await drop(name);
  await watching();
  await vi.waitFor(() => expect(lines).not.toEqual([]), PATIENCE);
  await folder?.close();
  const labels = await readdir(join(root, 'labels'));
  expect(labels).toHaveLength(lines.length);
  await drop('later.wav');
  await watching();
  await Promise.all([...names, 'later.wav'].map((name) => labelled(name, 'happy')));
});
