import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { decode } from '../../../core/node/decode.ts';
import { voiceLike, wavFile } from '../../fixtures/audio.ts';

const folder = mkdtempSync(join(tmpdir(), 'undertone-faults-'));
const temporary = join(folder, 'temporary');
mkdirSync(temporary);
const samples = voiceLike({ seconds: 2 });
const output = join(folder, 'output.wav');
writeFileSync(output, wavFile(samples, { encoding: 'float32' }));
/** The beginning of a format that ffmpeg decodes; no decoder here looks at the rest. */
const amr = new Uint8Array([...Buffer.from('#!AMR\n'), ...new Uint8Array(413)]);

beforeEach(() => {
  vi.stubEnv('TMPDIR', temporary);
});
// The next file of this worker has another environment.
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(folder, { recursive: true }));

/** Has a program take the place of ffmpeg; a text is a shell script. */
function install(program: string | Uint8Array, mode = 0o755): string {
  const path = join(folder, `ffmpeg-${readdirSync(folder).length}`);
  writeFileSync(path, typeof program === 'string' ? `#!/bin/sh\n${program}\n` : program, { mode });
  vi.stubEnv('FFMPEG_BIN', path);
  return path;
}

/** This machine's own program, made for another machine: only the field for that in its header differs. */
function foreignProgram(): Uint8Array {
  const program = new Uint8Array(readFileSync(process.execPath).subarray(0, 4096));
  program[18] ^= 0xff;
  return program;
}

describe.skipIf(process.platform !== 'linux')('ffmpeg', () => {
  test('that works is believed, also when it fails after the samples', async () => {
    install(`cat '${output}'; echo 'Error while decoding' >&2; exit 1`);
    expect((await decode(amr)).duration).toBe(2);
  });

  test.each([
    ['is killed', 'kill -KILL $$'],
    ['crashes', 'kill -SEGV $$'],
    ['is killed half-way', `head -c 50000 '${output}'; kill -KILL $$`],
    [
      'is told to end half-way, as when a service is stopped',
      `head -c 50000 '${output}'; exit 255`,
    ],
    ['is killed below a script', `head -c 50000 '${output}'; sh -c 'kill -KILL $$'; exit $?`],
  ])('that %s leaves no half of an answer and blames no file', async (_, script) => {
    install(script);
    await expect(decode(amr)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/^ffmpeg was killed .* Try again in a minute\.$/),
    });
  });

  test.each<[string, string | Uint8Array, number?]>([
    ['may not be executed', 'exit 0', 0o644],
    ['may not be executed below a script', '/etc/passwd'],
    ['is not there below a script', '/nowhere/ffmpeg "$@"'],
    ['is for another kind of machine', foreignProgram()],
    ['is an empty file', new Uint8Array()],
    ['writes garbage and exits with 0', 'head -c 9000 /dev/urandom'],
    ['writes garbage and exits with 1', 'head -c 9000 /dev/urandom; exit 1'],
    ['writes a few words', 'echo hello'],
    ['writes what only looks like WAV', "printf 'RIFF....WAVEdata................'"],
    ['writes nothing and says nothing', 'exit 1'],
    ['is a program that knows none of the options', 'exec yes "$@"'],
  ])('that %s is named as what is wrong', async (_, program, mode) => {
    const path = install(program, mode);
    await expect(decode(amr)).rejects.toMatchObject({
      code: 'decoder-missing',
      message: expect.stringMatching(`^ffmpeg at ${path} (does not work|could not be started)`),
    });
  });

  test.each([
    ['complains', "echo '[error] Invalid data found when processing input' >&2; exit 183"],
    ['writes a header without samples', `head -c 44 '${output}'`],
  ])('that %s has found the file damaged', async (_, script) => {
    install(script);
    await expect(decode(amr)).rejects.toMatchObject({ code: 'audio-unreadable' });
  });

  test('that hangs is killed at the deadline, with all that it has started', async () => {
    const pids = join(folder, 'pids');
    install(`echo $$ >'${pids}'; sleep 1000 & echo $! >>'${pids}'; head -c 500 '${output}'; wait`);
    const started = performance.now();
    await expect(decode(amr, { timeoutMs: 500 })).rejects.toMatchObject({ code: 'decode-timeout' });
    expect(performance.now() - started).toBeLessThan(10_000);
    const ids = readFileSync(pids, 'utf8').trim().split('\n').map(Number);
    expect(ids).toHaveLength(2);
    // Who waits for the orphan is the machine's first process, which may take a moment.
    for (const id of ids) await expect.poll(() => isAlive(id)).toBe(false);
  });

  test('that works has no name for the recording, which a killed process would leave behind', async () => {
    install(
      `echo "$@" >'${folder}/arguments'; ls '${temporary}' >'${folder}/seen'; cat /proc/self/fd/3 >'${folder}/read'; cat '${output}'`,
    );
    await decode(amr);
    expect(readFileSync(join(folder, 'seen'), 'utf8')).toBe('');
    expect(new Uint8Array(readFileSync(join(folder, 'read')))).toEqual(amr);
    // Nor does it compute for ever, when who would have killed it is gone.
    expect(readFileSync(join(folder, 'arguments'), 'utf8')).toContain('-timelimit 60');
  });
});

describe('the temporary folder', () => {
  test('that is missing, or a file, is named with what to do', async () => {
    install(`cat '${output}'`);
    for (const [path, code] of [
      ['/nowhere', 'ENOENT'],
      [output, 'ENOTDIR'],
    ]) {
      vi.stubEnv('TMPDIR', path);
      await expect(decode(amr)).rejects.toMatchObject({
        code: 'unavailable',
        message: `The temporary folder ${path} cannot be written to (${code}). Free some space there, or set TMPDIR to another folder.`,
      });
    }
  });

  test('is empty again after every failure', () => {
    expect(readdirSync(temporary)).toEqual([]);
  });
});

function isAlive(id: number): boolean {
  try {
    // A zombie has ended, and waits only for somebody to ask how.
    return !/\) [ZX] /.test(readFileSync(`/proc/${id}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
