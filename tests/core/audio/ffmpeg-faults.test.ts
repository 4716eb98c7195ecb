import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
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
  test('that works is started with what it may do, and with nothing of this process', async () => {
    install(
      `echo "$*" >'${folder}/options'; env >'${folder}/environment'; readlink /proc/self/fd/0 /proc/self/fd/3 >'${folder}/files'; stat -L -c %a /proc/self/fd/3 >'${folder}/mode'; cat '${output}'`,
    );
    vi.stubEnv('UNDERTONE_SECRET', 'x');
    const read = (name: string) => readFileSync(join(folder, name), 'utf8').trim();
    await decode(amr, { maxSeconds: 10 });
    const options = read('options').split(/ -codec_whitelist (\S+) /);
    expect([options[0], options[2]]).toEqual([
      '-nostdin -hide_banner -nostats -loglevel level+info -threads 1 -timelimit 60 -protocol_whitelist file,pipe -format_whitelist amr',
      '-f amr -i /proc/self/fd/3 -map 0:a:0 -vn -sn -dn -map_metadata -1 -t 11 -threads 1 -c:a pcm_f32le -bitexact -f wav pipe:1',
    ]);
    expect(options[1].split(',')).toEqual(expect.arrayContaining(['aac', 'libopus', 'pcm_s16le']));
    expect(read('environment')).not.toMatch(/UNDERTONE|TMPDIR|FFMPEG|HOME/);
    const [stdin, recording] = read('files').split('\n');
    expect(stdin).toBe('/dev/null');
    expect(recording).toMatch(/\/undertone-\w{6}\/input \(deleted\)$/);
    expect(read('mode')).toBe('600');
  });

  test('that works leaves no file and no timer open, nor does one that fails', async () => {
    const open = () => [
      readdirSync('/proc/self/fd').filter((fd) => isRecording(fd)).length,
      process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
    ];
    const [files, timers] = open();
    for (const script of [`cat '${output}'`, 'exit 183', 'kill -KILL $$', 'yes']) {
      install(script);
      await decode(amr).catch(() => {});
    }
    const [filesLeft, timersLeft] = open();
    expect(filesLeft).toBe(files);
    expect(timersLeft).toBeLessThanOrEqual(timers);
  });

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

  test.each([
    ['kill -SEGV $$', 'SIGSEGV'],
    ...[134, 137, 139, 143, 255].map((status) => [`exit ${status}`, `exit status ${status}`]),
  ])('that ends by a signal is named with it: %s', async (script, how) => {
    install(script);
    await expect(decode(amr)).rejects.toMatchObject({
      code: 'unavailable',
      message: `ffmpeg was killed while it decoded the recording (${how}). The machine may be short of memory. Try again in a minute.`,
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

  test.each([
    ['info', 'audio-unreadable'],
    ['warning', 'audio-unreadable'],
    ['error', 'audio-unreadable'],
    ['fatal', 'audio-unreadable'],
    ['debug', 'decoder-missing'],
  ])('that says something as ffmpeg does is taken for it: [%s]', async (level, code) => {
    install(`echo '[${level}] Something' >&2`);
    await expect(decode(amr)).rejects.toMatchObject({ code });
  });

  test.each([
    ["'' matches no streams", 'it has no audio track'],
    ['Output file does not contain any stream', 'it has no audio track'],
    ['Invalid data found', 'no audio could be decoded from it'],
  ])('that complains is repeated in words for people: %s', async (complaint, why) => {
    install(`echo "[error]  ${complaint}" >&2; exit 183`);
    await expect(decode(amr)).rejects.toMatchObject({
      message: `This amr file cannot be decoded: ${why}. Record it again or export it as WAV or Ogg Opus.`,
      cause: expect.objectContaining({ message: `[error]  ${complaint}` }),
    });
  });

  test('that writes no samples and no complaint has found none', async () => {
    install(`head -c 44 '${output}'`);
    await expect(decode(amr)).rejects.toMatchObject({
      cause: expect.objectContaining({ message: 'ffmpeg decoded no samples' }),
    });
  });

  test('that complains without end is heard for a while', async () => {
    const lines = (text: string, count: number) => `yes '${text}' | head -n ${count} >&2`;
    // Of what it prints, the beginning is kept, and of that the end is told.
    install(`${lines('[error] a', 150_000)}; ${lines('[error] b', 50_000)}; exit 183`);
    const { cause } = await decode(amr).catch((thrown) => thrown);
    expect(cause.message).toMatch(/^[^b]{1900,2000}$/);
    install(`${lines('[error] a', 1000)}; ${lines('[error] b', 50_000)}; exit 183`);
    expect((await decode(amr).catch((thrown) => thrown)).cause.message).toMatch(/^[^a]*$/);
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

describe.skipIf(process.platform !== 'linux')('of several audio tracks', () => {
  const runs = join(folder, 'runs');
  const short = join(folder, 'short.wav');
  writeFileSync(short, wavFile(samples.subarray(0, 16_000), { encoding: 'float32' }));

  /** Describes a file of these codecs as ffmpeg does; the first of its tracks has 2 s, the others 1 s. */
  function describing(codecs: readonly string[], more = ''): void {
    rmSync(runs, { force: true });
    const lines = [
      "[info] Input #0, amr, from 'fd':",
      '[info]   Stream #0:0: Video: h264 (High)',
      ...codecs.map((codec, i) => `[info]   Stream #0:${i + 1}(eng): Audio: ${codec} (LC), mono`),
      '[info] Stream mapping:',
      '[info]   Stream #0:1 -> #0:0 (aac (native) -> pcm_f32le (native))',
      '[info]   Stream #0:0: Audio: pcm_f32le, 16000 Hz, mono',
    ];
    install(
      `echo "$*" >>'${runs}'\n${lines.map((line) => `echo '${line}' >&2`).join('\n')}\n${more}
      case "$*" in *'-map 0:a:0 '*) cat '${output}';; *) cat '${short}';; esac`,
    );
  }
  /** Which track it was asked for, with which decoder and for how long. */
  const asked = () =>
    readFileSync(runs, 'utf8')
      .trim()
      .split('\n')
      .map((line) => {
        const [, decoder = '', track, seconds] =
          line.match(/(?: (-c:a:\d \w+))? -f amr .* -map 0:a:(\d+) .* -t (\d+) /) ?? [];
        return `${track} ${seconds} ${decoder}`.trim();
      });
  const opus = (at: number, magic = 'OpusHead') => {
    const bytes = Buffer.alloc(70_000);
    bytes.set(amr);
    bytes.write(magic, at);
    return bytes;
  };

  test.each([
    [0, 1],
    [1, 1],
    [2, 2],
    [8, 8],
    [12, 8],
  ])('(%i of them) so many are decoded: %i', async (there, count) => {
    describing(Array.from({ length: there }, () => 'aac'));
    await decode(amr);
    expect(asked()).toEqual(Array.from({ length: count }, (_, track) => `${track} 301`));
  });

  test('those that are Opus are decoded by libopus, after a first look', async () => {
    describing(['aac', 'opus', 'vorbis']);
    const looked = ['0 0', '0 301', '1 301 -c:a:1 libopus', '2 301'];
    for (const bytes of [opus(500), opus(65_528), opus(500, 'dOps'), opus(65_532, 'dOps')]) {
      await decode(bytes);
      expect(asked()).toEqual(looked);
      rmSync(runs);
    }
    await decode(opus(65_529));
    expect(asked()).toEqual(['0 301', '1 301 -c:a:1 libopus', '2 301']);
  });

  test('those are decoded by another decoder where ffmpeg has no libopus', async () => {
    const missing = `case "$*" in *libopus' -f '*) echo "[fatal] Unknown decoder 'libopus'" >&2; exit 8;; esac`;
    describing(['opus', 'aac'], missing);
    expect((await decode(opus(500))).duration).toBe(2);
    expect(asked()).toEqual(['0 0', '0 301 -c:a:0 libopus', '0 301', '1 301']);
  });

  test('the first without damage is heard', async () => {
    const error = (pattern: string) =>
      `case "$*" in *'${pattern}'*) echo '[error] Invalid data' >&2;; esac`;
    describing(['aac', 'aac'], error('-map 0:a:0 '));
    expect((await decode(amr)).duration).toBe(1);
    describing(['aac', 'aac'], error('-map 0:a:1 '));
    expect((await decode(amr)).duration).toBe(2);
    describing(['aac', 'aac'], error('-map'));
    expect((await decode(amr)).duration).toBe(2);
  });

  test('the others are heard where the first is silent', async () => {
    const silent = join(folder, 'silent.wav');
    writeFileSync(silent, wavFile(new Float32Array(32_000), { encoding: 'float32' }));
    describing(['aac', 'aac'], `case "$*" in *'-map 0:a:0 '*) cat '${silent}'; exit;; esac`);
    expect((await decode(amr)).duration).toBe(1);
  });

  test('the others are heard where the first cannot be decoded', async () => {
    const none = `case "$*" in *'-map 0:a:0 '*) exit 183;; esac`;
    describing(['aac', 'aac'], none);
    expect((await decode(amr)).duration).toBe(1);
    describing(['aac', 'aac'], 'exit 183');
    await expect(decode(amr)).rejects.toMatchObject({ code: 'audio-unreadable' });
    // Unless it is longer than allowed, which is what its sender has to know.
    describing(['aac', 'aac']);
    await expect(decode(amr, { maxSeconds: 1.5 })).rejects.toMatchObject({
      code: 'audio-too-long',
    });
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
        cause: expect.objectContaining({ code }),
      });
    }
  });

  test('is empty again after every failure', () => {
    expect(readdirSync(temporary)).toEqual([]);
  });
});

/** Whether this process has a recording open there, which has no name. */
function isRecording(fd: string): boolean {
  const link = `/proc/self/fd/${fd}`;
  return existsSync(link) && readlinkSync(link).includes('undertone-');
}

function isAlive(id: number): boolean {
  try {
    // A zombie has ended, and waits only for somebody to ask how.
    return !/\) [ZX] /.test(readFileSync(`/proc/${id}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
