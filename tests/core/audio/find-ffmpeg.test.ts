import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import {
  cannotStart,
  ffmpegBuild,
  findFfmpeg,
  notWorking,
} from '../../../core/audio/find-ffmpeg.ts';

const folder = mkdtempSync(join(tmpdir(), 'undertone-find-'));
const [empty, first, second] = ['empty', 'first', 'second'].map((name) => join(folder, name));
for (const each of [empty, first, second]) mkdirSync(each);
for (const each of [first, second]) writeFileSync(join(each, 'ffmpeg'), each);
writeFileSync(join(second, 'ffmpeg.exe'), '');
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

const install =
  'Install it (Debian: apt install ffmpeg; macOS: brew install ffmpeg; Windows: winget install ffmpeg) or set FFMPEG_BIN to its path. WAV, FLAC, MP3, and Opus in Ogg or WebM work without it.';

const require = createRequire(import.meta.url);
/** Where the optional package begins; undefined where npm left it out. */
const packageEntry = (() => {
  try {
    return require.resolve('ffmpeg-static');
  } catch {
    return undefined;
  }
})();

/** Whether the optional package has brought a program, which comes before those on PATH. */
const isPackaged = (() => {
  try {
    return Boolean(findFfmpeg({}));
  } catch {
    return false;
  }
})();

describe('ffmpeg is looked for', () => {
  const PATH = [empty, first, second].join(delimiter);

  test('where FFMPEG_BIN says, and nowhere else', () => {
    const FFMPEG_BIN = join(second, 'ffmpeg');
    expect(findFfmpeg({ FFMPEG_BIN, PATH })).toBe(FFMPEG_BIN);
    expect(() => findFfmpeg({ FFMPEG_BIN: '/nowhere/ffmpeg', PATH })).toThrow(
      expect.objectContaining({
        code: 'decoder-missing',
        message: `FFMPEG_BIN is /nowhere/ffmpeg, which does not exist. ${install}`,
      }),
    );
  });

  // npm leaves the package out where its program cannot be downloaded.
  test.skipIf(!packageEntry)(
    'in the optional package, before PATH, and only if that has a program',
    () => {
      // It looks into its own environment, once.
      const forget = () => delete require.cache[packageEntry!];
      const program = join(second, 'ffmpeg');
      try {
        for (const [packaged, expected] of [
          [program, program],
          [join(empty, 'ffmpeg'), join(first, 'ffmpeg')],
        ]) {
          forget();
          vi.stubEnv('FFMPEG_BIN', packaged);
          expect(findFfmpeg({ PATH })).toBe(expected);
        }
      } finally {
        forget();
      }
    },
  );

  test.skipIf(isPackaged)('in the folders on PATH, in their order', () => {
    expect(findFfmpeg({ PATH })).toBe(join(first, 'ffmpeg'));
    expect(findFfmpeg({ FFMPEG_BIN: '', PATH: second })).toBe(join(second, 'ffmpeg'));
  });

  test.skipIf(isPackaged)('by another name on Windows', () => {
    const { platform } = process;
    Object.defineProperty(process, 'platform', { value: 'win32' });
    try {
      expect(findFfmpeg({ PATH })).toBe(join(second, 'ffmpeg.exe'));
    } finally {
      Object.defineProperty(process, 'platform', { value: platform });
    }
  });

  test.skipIf(isPackaged)('in vain, which the error says with what needs it', () => {
    for (const environment of [{}, { PATH: '' }, { PATH: empty }]) {
      expect(() => findFfmpeg(environment)).toThrow(
        expect.objectContaining({
          code: 'decoder-missing',
          message: `This format needs ffmpeg, which is not installed. ${install}`,
        }),
      );
    }
    expect(() => findFfmpeg({}, 'A microphone is read with ffmpeg')).toThrow(
      /^A microphone is read with ffmpeg, which is not installed\. Install it/,
    );
  });
});

describe('the build of ffmpeg', () => {
  const path = join(folder, 'program');
  const time = new Date('2026-01-02T03:04:05Z');
  const write = (content: string, modified = time) => {
    writeFileSync(path, content);
    utimesSync(path, modified, modified);
    vi.stubEnv('FFMPEG_BIN', path);
  };
  const sha256 = (content: string) => createHash('sha256').update(content).digest('hex');

  test('is the hash of its file, which is read again when that has changed', async () => {
    const large = 'x'.repeat(200_000);
    write(large);
    expect(await ffmpegBuild()).toBe(sha256(large));
    write('one');
    expect(await ffmpegBuild()).toBe(sha256('one'));
    write('two', new Date('2026-01-02T03:04:06Z'));
    expect(await ffmpegBuild()).toBe(sha256('two'));
    // Of the same size and time: taken for the same.
    write('six', new Date('2026-01-02T03:04:06Z'));
    expect(await ffmpegBuild()).toBe(sha256('two'));
    const other = join(first, 'ffmpeg');
    vi.stubEnv('FFMPEG_BIN', other);
    expect(await ffmpegBuild()).toBe(sha256(first));
  });

  test.each(['/nowhere/ffmpeg', folder])('is unknown where it cannot be read: %s', async (path) => {
    vi.stubEnv('FFMPEG_BIN', path);
    expect(await ffmpegBuild()).toBe('unknown');
  });
});

describe('a program that is no help', () => {
  const thrown = (code?: string) => Object.assign(new Error('spawn'), { code });

  test('does not work, and is named', () => {
    const cause = new Error('what it printed');
    expect(notWorking('/bin/true', cause)).toMatchObject({
      code: 'decoder-missing',
      message: `ffmpeg at /bin/true does not work. ${install}`,
      cause,
    });
  });

  test.each(['ENOENT', 'EACCES', undefined])('could not be started, and is named: %s', (code) => {
    const cause = thrown(code);
    expect(cannotStart('/bin/true', cause)).toMatchObject({
      code: 'decoder-missing',
      message: `ffmpeg at /bin/true could not be started. ${install}`,
      cause,
    });
  });

  test.each(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'])('is not to blame for %s', (code) => {
    const cause = thrown(code);
    expect(cannotStart('/bin/true', cause)).toMatchObject({
      code: 'unavailable',
      message: `ffmpeg could not be started (${code}). Try again in a minute.`,
      cause,
    });
  });
});
