import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serialize } from 'node:v8';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import contentOf from '../../../training/corpus/content-task.ts';
import extract from '../../../training/corpus/extract.ts';
import { silence, voiceLike, wavFile } from '../../fixtures/audio.ts';
import { BUILD } from '../baselines/run-train.ts';

/** The start of a format that ffmpeg decodes. */
const AMR = Buffer.concat([Buffer.from('#!AMR\n'), Buffer.alloc(413)]);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-recording-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

describe.each([
  { task: 'that looks for copies', of: contentOf },
  { task: 'that extracts features', of: extract },
])('the task $task', ({ of }) => {
  test('tells what is wrong with a recording', async () => {
    const noise = await write('noise.wav', Buffer.from('no audio at all'));
    const quiet = await write('quiet.wav', wavFile(silence({ seconds: 1 })));
    expect((await of(noise)).problem).toMatch(/format/);
    expect((await of(quiet)).problem).toBe('it contains no sound');
  });

  test('leaves no recording out for want of a decoder', async () => {
    vi.stubEnv('FFMPEG_BIN', join(folder, 'nowhere'));
    const path = await write('note.amr', AMR);
    await expect(of(path)).rejects.toMatchObject({
      code: 'decoder-missing',
      message: expect.stringContaining(path),
    });
  });

  test('leaves no recording out because the computer slept while it was decoded', async () => {
    const path = await write('note.wav', wavFile(voiceLike({ seconds: 2 })));
    let hours = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => 3_600_000 * hours++);
    expect((await of(path)).problem).toBeNull();
  });
});

test('a recording that an earlier run could not read is read again', async () => {
  // Threads load what was built.
  const { readContents } = await import(join(BUILD, 'training/corpus/contents.js'));
  const path = await write('again.wav', wavFile(voiceLike({ seconds: 2, seed: 5 })));
  const { size, mtimeMs } = await stat(path);
  const remembered = { problem: 'Decoding took too long.', audioHash: '' };
  const cache = await write(
    'contents.bin',
    serialize(new Map([[`${path} ${size} ${mtimeMs}`, remembered]])),
  );
  const [content] = await readContents([{ path }], {
    cache,
    workers: 1,
    signal: new AbortController().signal,
    onProgress: () => {},
  });
  expect(content.problem).toBeNull();
});
