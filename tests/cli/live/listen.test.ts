import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAvFoundation, parseDirectShow, parseSources } from '../../../cli/listen/devices.ts';
import { Resampler } from '../../../core/audio/resample.ts';
import {
  findFfmpeg,
  LiveListener,
  liveSummarySchema,
  liveVerdictSchema,
  loadModel,
} from '../../../core/index.ts';
import { silence, voiceLike, wavFile } from '../../fixtures/audio.ts';
import { hasFfmpeg } from '../../fixtures/encode.ts';
import { writeTinyModel } from '../../fixtures/model.ts';
import { run } from '../../fixtures/run.ts';
import { MAIN, startProcess } from '../serve/process.ts';
import { pcm } from './client.ts';

const SECONDS = 16_000;

let folder: string;
let model: string;
/** Two seconds of a voice, four of silence, and one of the voice again. */
let note: string;
let samples: Float32Array;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-listen-'));
  model = await writeTinyModel({ favourite: 'happy', confidence: 0.7 });
  samples = silence({ seconds: 9 });
  samples.set(voiceLike({ seconds: 2 }), 0);
  samples.set(voiceLike({ seconds: 1 }), 8 * SECONDS);
  samples = samples.map((sample) => Math.round(sample * 0x8000) / 0x8000);
  note = join(folder, 'note.wav');
  await writeFile(note, wavFile(samples));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await rm(model, { recursive: true });
});

const listen = (...options: string[]) =>
  run('cli/main.js', ['listen', ...options], { env: { UNDERTONE_MODEL: model } });

/** Starts it as a process that goes on. */
const start = (options: readonly string[], environment: NodeJS.ProcessEnv = {}) =>
  startProcess([process.execPath, MAIN, 'listen', ...options], folder, {
    UNDERTONE_MODEL: model,
    ...environment,
  });

describe('a recording that is played', () => {
  test('--json is what the listener says, line by line, and a summary', async () => {
    const { code, stdout, stderr } = await listen('--from', note, '--fast', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const listener = new LiveListener({ model: await loadModel(model) });
    const verdicts = await listener.push(samples);
    const { summary } = await listener.end();
    expect(lines).toEqual([
      ...verdicts.map((verdict) => ({ type: 'verdict', ...verdict })),
      { type: 'summary', ...summary },
    ]);
    for (const { type, ...rest } of lines) {
      (type === 'verdict' ? liveVerdictSchema : liveSummarySchema).parse(rest);
    }
  });

  test('is told in lines where no screen is, quiet while nobody speaks', async () => {
    const { code, stdout } = await listen('--from', note, '--fast');
    expect(code).toBe(0);
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/^ {2}0:01\.0 {2}happy {7}70% {3}-\d+ dB$/);
    expect(stdout.match(/quiet/g)).toHaveLength(1);
    expect(stdout).toMatch(/0:09\.0 {2}happy/);
    expect(stdout).toMatch(/\n {2}0:09 heard, 0:0[23] of it speech\n\n {2}happy {6}█{32} 100%\n/);
  });

  test('without a voice has a summary that says so', async () => {
    const quiet = join(folder, 'quiet.wav');
    await writeFile(quiet, wavFile(silence({ seconds: 2 })));
    const { stdout } = await listen('--from', quiet, '--fast');
    expect(stdout).toBe('  0:01.0  quiet            -100 dB\n\n  0:02 heard; nobody spoke.\n\n');
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('ends at %s with a summary', async (signal) => {
    const { child, printed, exit } = start(['--from', note]);
    const began = performance.now();
    await printed(/0:01\.5 {2}happy/);
    child.kill(signal);
    const { code, out, err } = await exit;
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/\n {2}0:0[2-6] heard, 0:0[1-3] of it speech\n/);
    // Not before the sound that it tells about could have been played.
    expect(performance.now() - began).toBeGreaterThan(1400);
  });
});

/** Whether a terminal can be made for a program; in CI it has to be. */
const hasScript =
  process.platform === 'linux' &&
  (spawnSync('script', ['--version']).status === 0 || process.env.CI === 'true');

describe.skipIf(!hasScript)('on a terminal', () => {
  const onTerminal = (command: string, columns = 80) =>
    startProcess(
      ['script', '-qec', `stty cols ${columns} rows 24; exec ${command}`, '/dev/null'],
      folder,
      { UNDERTONE_MODEL: model, TERM: 'xterm' },
    );
  const command = () => `'${process.execPath}' '${MAIN}' listen --from '${note}'`;

  test('a chart moves, Ctrl+C replaces it with the summary, and the cursor comes back', async () => {
    const { child, printed, exit } = onTerminal(command());
    await printed(/happy.*70% sure/);
    await printed(/0:02 {3}Ctrl\+C ends/);
    child.stdin?.write('\u0003');
    const { code, out } = await exit;
    expect(code).toBe(0);
    expect(out.indexOf('\u001b[?25l')).toBeGreaterThanOrEqual(0);
    expect(out.lastIndexOf('\u001b[?25h')).toBeGreaterThan(out.lastIndexOf('\u001b[?25l'));
    expect(out.slice(out.lastIndexOf('\u001b[J'))).toMatch(/heard, 0:0\d of it speech/);
  });

  test('every line fits, and the cursor goes back as far as the chart is high', async () => {
    const { exit } = onTerminal(`${command()} --fast`);
    const { out } = await exit;
    const charts = out.split('\u001b[J').slice(0, -1);
    expect(charts.length).toBeGreaterThan(17);
    for (const chart of charts.slice(0, -1)) {
      const lines = stripVTControlCharacters(chart).split(/\r?\n/);
      for (const line of lines) expect(line.length).toBeLessThan(80);
    }
    const height = charts[1].split('\n').length - 1;
    for (const chart of charts.slice(1)) expect(chart).toMatch(`\u001b[${height}A`);
    const last = stripVTControlCharacters(charts.at(-2) ?? '');
    for (const name of ['neutral', 'calm', 'happy', 'sad', 'angry', 'fearful', 'disgust']) {
      expect(last).toContain(`  ${name}`);
    }
    // Seven tenths of a cell where it spoke, nothing where it did not.
    expect(last).toMatch(/happy {2,}▆+ +▆+ +70%/);
    expect(charts.some((chart) => chart.includes('quiet: nobody speaks'))).toBe(true);
  });

  test('that is too small for it there are lines', async () => {
    const { exit } = onTerminal(`${command()} --fast`, 40);
    const { out } = await exit;
    expect(out).toMatch(/^ {2}0:01\.0 {2}happy/);
    expect(out).not.toContain('\u001b[?25l');
  });
});

/** Writes a program that stands in for ffmpeg and returns the environment that names it. */
async function standIn(name: string, script: string): Promise<NodeJS.ProcessEnv> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return { FFMPEG_BIN: path };
}

/** Whether ffmpeg reads from ALSA, and ALSA is set up enough to be told of a device. */
const hasAlsa =
  hasFfmpeg &&
  existsSync('/usr/share/alsa/alsa.conf') &&
  /^ D.? *alsa\b/m.test(String(spawnSync(findFfmpeg(), ['-hide_banner', '-devices']).stdout));

/** As devices are named on Linux; elsewhere the stand-ins would have to speak otherwise. */
describe.skipIf(process.platform !== 'linux')('a microphone', () => {
  /** Records the note, and what ffmpeg was asked for, from ALSA only. */
  const recorder = (pace: string) => `
    echo "$@" >> '${folder}/asked'
    env > '${folder}/environment'
    case "$*" in *' pulse '*) echo 'default: Connection refused' >&2; exit 1;; esac
    exec '${findFfmpeg()}' -loglevel error ${pace} -i '${note}' -ac 1 -ar 48000 -f s16le pipe:1`;

  test.skipIf(!hasFfmpeg)('is read through ffmpeg, of which only sound is known', async () => {
    const environment = await standIn('recorder', recorder('-re'));
    const { child, printed, exit } = start(['--device', 'desk'], {
      ...environment,
      ...{ HOME: folder, PULSE_SERVER: 'unix:/nowhere', AWS_SECRET_ACCESS_KEY: 'secret' },
    });
    await printed(/0:01\.5 {2}happy {7}70%/);
    child.kill('SIGINT');
    const { code, out, err } = await exit;
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/heard, 0:0[12] of it speech/);
    const asked = (await readFile(join(folder, 'asked'), 'utf8')).trim().split('\n');
    expect(asked).toHaveLength(2);
    expect(asked[0]).toContain('-f pulse -fragment_size 9600 -i desk ');
    expect(asked[1]).toMatch(/-f alsa -i desk .* -f s16le -flush_packets 1 pipe:1$/);
    const known = await readFile(join(folder, 'environment'), 'utf8');
    expect(known).toContain('PULSE_SERVER=unix:/nowhere');
    expect(known).not.toContain('AWS_SECRET');
  });

  test.skipIf(!hasAlsa)('of ALSA, which here is a file, is heard by the real ffmpeg', async () => {
    const raw = join(folder, 'microphone.raw');
    await writeFile(raw, pcm(new Resampler(16_000, 48_000).push(samples)));
    await writeFile(
      join(folder, '.asoundrc'),
      `pcm.desk { type file; slave.pcm "null"; file "/dev/null"; infile "${raw}"; format "raw" }\n`,
    );
    const { child, printed, exit } = start(['--device', 'desk'], { HOME: folder });
    await printed(/0:01\.5 .* dB\n/);
    child.kill('SIGINT');
    const { code, err } = await exit;
    expect({ code, err }).toEqual({ code: 0, err: '' });
  });

  test.skipIf(!hasFfmpeg)('that stops is told after the summary', async () => {
    const { code, out, err } = await start([], await standIn('unplugged', recorder(''))).exit;
    expect(code).toBe(1);
    expect(out).toMatch(/0:09 heard/);
    expect(err).toMatch(/^The microphone has stopped: .+\.\n$/);
  });

  test.skipIf(!hasFfmpeg)('that is not there is named, with what to do', async () => {
    const { code, err } = await start(['--device', 'no such microphone']).exit;
    expect(code).toBe(1);
    expect(err).toMatch(/^The microphone "no such microphone" cannot be used: .*--list-devices/);
  });

  test('that may not be used says where to allow it', async () => {
    const denied = await standIn('denied', "echo 'default: Permission denied' >&2; exit 1");
    const { code, err } = await start([], denied).exit;
    expect(code).toBe(1);
    expect(err).toMatch(/does not let this program record. Allow the microphone/);
  });

  test('without ffmpeg says how to get it', async () => {
    const { code, err } = await start([], { FFMPEG_BIN: join(folder, 'none') }).exit;
    expect(code).toBe(1);
    expect(err).toMatch(/FFMPEG_BIN is .*none, which does not exist\. Install it/);
  });

  test('--list-devices names each once', async () => {
    const list = await standIn(
      'list',
      `case "$*" in
        *pulse) printf 'Auto-detected sources for pulse:\\n* desk [Desk microphone] (audio)\\n  hall [Hall] (none)\\n';;
        *alsa) printf 'Auto-detected sources for alsa:\\n  null [Discard] (none)\\n  hall [Hall] (none)\\n  hw:0 [Card] (none)\\n';;
      esac`,
    );
    const { code, out } = await start(['--list-devices'], list).exit;
    expect({ code, out }).toEqual({ code: 0, out: 'desk\nhall\nhw:0\n' });
  });

  test('--list-devices says when there is none', async () => {
    const { code, err } = await start(['--list-devices'], await standIn('nothing', 'exit 1')).exit;
    expect(code).toBe(1);
    expect(err).toMatch(/^No microphone was found/);
  });
});

test('lists of devices are read as each system prints them', () => {
  expect(
    parseSources(
      'Auto-detected sources for pulse:\n* alsa_input.usb [Blue Yeti] (audio)\n  alsa_output.monitor [Monitor of Speakers] (none)\n',
    ),
  ).toEqual(['alsa_input.usb', 'alsa_output.monitor']);
  expect(
    parseAvFoundation(
      '[AVFoundation indev @ 0x7f] AVFoundation video devices:\n[AVFoundation indev @ 0x7f] [0] FaceTime HD Camera\n[AVFoundation indev @ 0x7f] AVFoundation audio devices:\n[AVFoundation indev @ 0x7f] [0] MacBook Pro Microphone\n[AVFoundation indev @ 0x7f] [1] AirPods\n: Input/output error\n',
    ),
  ).toEqual(['MacBook Pro Microphone', 'AirPods']);
  expect(
    parseDirectShow(
      '[dshow @ 0001] "USB Camera" (video)\r\n[dshow @ 0001]   Alternative name "@device_pnp"\r\n[dshow @ 0001] "Microphone (Realtek)" (audio)\r\n[dshow @ 0001]   Alternative name "@device_cm"\r\n',
    ),
  ).toEqual(['Microphone (Realtek)']);
  expect(
    parseDirectShow(
      '[dshow @ 0001] DirectShow video devices\r\n[dshow @ 0001]  "USB Camera"\r\n[dshow @ 0001] DirectShow audio devices\r\n[dshow @ 0001]  "Mikrofon (USB)"\r\n[dshow @ 0001]     Alternative name "@device_cm"\r\n',
    ),
  ).toEqual(['Mikrofon (USB)']);
});

describe('what goes wrong', () => {
  test('a file that is none, or no audio, has its sentence', async () => {
    const text = join(folder, 'text.ogg');
    await writeFile(text, 'hello');
    for (const [file, sentence] of [
      [join(folder, 'missing.ogg'), /^There is no file .*missing\.ogg\.\n$/],
      [text, /^This is text, not a recording\./],
    ] as const) {
      const { code, stdout, stderr } = await listen('--from', file, '--fast');
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(sentence);
    }
  });

  test('options that do not go together are wrong usage', async () => {
    for (const options of [['--fast'], ['--from', note, '--device', 'x'], ['extra']]) {
      const { code, stderr } = await listen(...options);
      expect(code, options.join(' ')).toBe(2);
      expect(stderr).toMatch(/^error: /);
    }
  });
});
