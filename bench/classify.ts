import { execFile, execFileSync } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import meydaModule, { type MeydaFeaturesObject } from 'meyda';
import { analyze } from '../core/analyze.ts';
import { sniff } from '../core/audio/sniff.ts';
import { findActivity } from '../core/audio/speech.ts';
import { AudiosetMel } from '../core/features/audioset-mel.ts';
import { AUDIOSET_MEL, FEATURE_CONFIG } from '../core/features/config.ts';
import { FrameExtractor } from '../core/features/extract.ts';
import { classify, findFfmpeg } from '../core/index.ts';
import { windowSizeOf } from '../core/model/input.ts';
import { defaultModel } from '../core/node/classify.ts';
import { decode } from '../core/node/decode.ts';
import { modelWindows } from '../core/windows.ts';
import { ROOT } from '../lib/root.ts';
import {
  AS_RECORDED,
  check,
  fiveSeconds,
  inFolder,
  measure,
  measureInTurns,
  samplePath,
  share,
  type Timing,
  table,
} from './measure.ts';
import { hasPython, reference } from './reference.ts';

const run = promisify(execFile);

/** Classifies a sample with the command `undertone`, in a process of its own. */
export function classifyInNewProcess(sample: string): Promise<unknown> {
  const cli = join(ROOT, 'dist', 'cli', 'main.js');
  return run(process.execPath, [cli, 'classify', samplePath(sample)]);
}

const FORMATS = {
  'Ogg Opus': AS_RECORDED,
  MP3: ['-f', 'mp3'],
  'Ogg Vorbis': ['-c:a', 'libvorbis', '-f', 'ogg'],
  FLAC: ['-f', 'flac'],
  WAV: ['-f', 'wav'],
  'AAC in MP4': ['-movflags', 'frag_keyframe+empty_moov', '-f', 'mp4'],
} as const;

/** Dollars for a second of a gigabyte of Lambda (arm64, us-east-1), and for a million requests. */
const LAMBDA = { gigabyteSecond: 0.0000133334, gigabytes: 1.728, millionRequests: 0.2 };

/** A warm note of five seconds in the formats that people send, next to what Python takes for it. */
export async function benchNotes(): Promise<void> {
  await inFolder(async (folder) => {
    const notes = Object.entries(FORMATS).map(([format, options]) => {
      return [format, fiveSeconds(...options)] as const;
    });
    const [[, opus]] = notes;
    const path = join(folder, 'note.ogg');
    await writeFile(path, opus);
    const ffmpeg = ['-v', 'error', '-i', path, '-f', 'f32le', '-ar', '16000', 'pipe:1'];
    const inTurns = (some: typeof notes) => {
      const works = some.map(([name, note]) => [name, () => classify(note)]);
      return measureInTurns(Object.fromEntries(works), 40, 60);
    };
    // Apart from the others, whose garbage would be collected at their expense.
    const timings = [...(await inTurns(notes.slice(0, 2))), ...(await inTurns(notes.slice(2)))];
    timings.push(
      await measure('ffmpeg alone, decoding the Ogg Opus note', 10, () =>
        run(findFfmpeg(), ffmpeg, { encoding: 'buffer', maxBuffer: 2 ** 26 }),
      ),
    );
    const python = hasPython ? await reference('warm', path, '20') : null;
    if (python) timings.push({ name: 'Python: ffmpeg, librosa’s features, forest', ...python });
    table('A warm note of five seconds, classified in one thread', timings);
    const [first, mp3] = timings;
    check('milliseconds for Ogg Opus', first.median, 30);
    if (python) check('share of what Python takes', share(first, python), 0.2);
    check('MP3, compared to Ogg Opus', share(mp3, first), 1.3);
    const seconds = (first.cpu ?? first.median) / 1000;
    const { gigabyteSecond, gigabytes, millionRequests } = LAMBDA;
    const dollars = 1e6 * seconds * gigabytes * gigabyteSecond + millionRequests;
    console.log(`\n  ${(1 / seconds).toFixed(0)} Ogg Opus notes a second and core.`);
    console.log(
      `  A million on Lambda: 1M × ${seconds.toFixed(3)} s × ${gigabytes} GB × ${gigabyteSecond} + ${millionRequests} = $${dollars.toFixed(2)}, if its processor is as fast.`,
    );
  });
}

/** A note of 4.2 s from the start of a process, next to Python. */
export async function benchCold(): Promise<void> {
  await inFolder(async (folder) => {
    const forest = join(folder, 'forest.pickle');
    if (hasPython) await reference('save', forest);
    const works = {
      'undertone classify': () => classifyInNewProcess('plain.ogg'),
      ...(hasPython && {
        'Python: the same in a new process': () =>
          reference<number[]>('once', samplePath('plain.ogg'), forest),
      }),
      'node, which does nothing': () => run(process.execPath, ['-e', '0']),
    };
    const timings = (await measureInTurns(works, 7, 1)).map(({ cpu: _, ...rest }) => rest);
    table('A note of 4.2 s in a new process', timings);
    if (hasPython) {
      check('share of what Python takes', timings[0].median / timings[1].median, 0.2);
    }
  });
}

/** How the time grows with the length of a note. */
export async function benchLengths(): Promise<void> {
  const timings: Timing[] = [];
  for (const seconds of [3, 10, 30, 100, 299]) {
    const note = execFileSync(
      findFfmpeg(),
      [
        '-v',
        'error',
        '-stream_loop',
        '-1',
        '-i',
        samplePath('long.ogg'),
        '-t',
        `${seconds}`,
      ].concat(['-c:a', 'libopus', '-b:a', '24k', '-f', 'ogg', 'pipe:1']),
    );
    const name = `${seconds} s`.padStart(6);
    timings.push(await measure(name, seconds > 50 ? 3 : 10, () => classify(note), 3));
  }
  table('Ogg Opus notes of different lengths, warm', timings);
}

/** Many notes, on one core and on two; two processes that share nothing show what the machine allows. */
export async function benchFiles(): Promise<void> {
  await inFolder(async (folder) => {
    const count = Number(process.env.UNDERTONE_FILES ?? NOTES);
    const halves = [join(folder, 'a'), join(folder, 'b')];
    for (const half of halves) await mkdir(half);
    for (let i = 0; i < count; i++)
      await copyFile(samplePath('plain.ogg'), join(halves[i % 2], `${i}.ogg`));
    const cli = join(ROOT, 'dist', 'cli', 'main.js');
    const classifyWith = (workers: number, path: string) =>
      run(process.execPath, [cli, 'classify', '--json', '--workers', `${workers}`, path], {
        maxBuffer: 2 ** 28,
      });
    const timings: Timing[] = [];
    for (const [name, work] of Object.entries({
      '--workers 1': () => classifyWith(1, folder),
      '--workers 2': () => classifyWith(2, folder),
      'two processes with half of them each': () =>
        Promise.all(halves.map((half) => classifyWith(1, half))),
    })) {
      const start = performance.now();
      await work();
      timings.push({ name, median: performance.now() - start });
    }
    const [one, two, apart] = timings.map(({ median }) => median);
    table(`undertone classify, ${count} notes of 4.2 s`, timings);
    check('times as fast on two cores', one / two, 1.8, 'least');
    console.log(`           two processes: ${(one / apart).toPrecision(3)} times as fast`);
    check('notes a second on two cores', count / (two / 1000), 40, 'least');
  });
}

/** Where the time of a warm note of five seconds goes, in the formats that people send. */
export async function benchStages(): Promise<void> {
  const model = await defaultModel();
  const kinds = model.card.inputs.map(({ kind }) => kind);
  for (const [format, options] of Object.entries(FORMATS)) {
    const bytes = fiveSeconds(...options);
    const { samples } = await decode(bytes);
    const analysis = analyze(samples)!;
    const windows = modelWindows(analysis, windowSizeOf(kinds));
    const stage = (name: string, work: () => unknown) => measure(name, 20, work, 40);
    const whole = await stage('classify', () => classify(bytes));
    const sniffed = await stage('  recognise the format', () => sniff(bytes));
    const decoded = await stage('  decode and resample', () => decode(bytes));
    const active = await stage('  find the voice', () => findActivity(samples));
    const analysed = await stage('  spectrogram', () => analyze(samples));
    const predicted = await stage(`  model, ${windows.length} windows`, () =>
      model.predict(analysis, windows),
    );
    // What is a difference of two medians has no quartiles.
    const left = (all: Timing, part: Timing) => all.median - part.median;
    const parts = [
      sniffed,
      { name: decoded.name, median: left(decoded, sniffed) },
      active,
      { name: analysed.name, median: left(analysed, active) },
      predicted,
    ];
    const rest = parts.reduce((sum, { median }) => sum - median, whole.median);
    table(`Five seconds of ${format}, median`, [
      whole,
      ...parts,
      { name: '  timeline and the rest', median: Math.max(0, rest) },
    ]);
  }
}

const NOTES = 1000;
const TURNS = 2;

/** Labelled notes, measured by `undertone evaluate`, compared to `undertone classify` over the same. */
export async function benchEvaluate(): Promise<void> {
  await inFolder(async (folder) => {
    const notes = join(folder, 'notes', 'neutral');
    await mkdir(notes, { recursive: true });
    for (let i = 0; i < NOTES / TURNS; i++)
      await copyFile(samplePath('plain.ogg'), join(notes, `${i}.ogg`));
    const undertone = (...options: string[]) =>
      run(
        process.execPath,
        [join(ROOT, 'dist', 'cli', 'main.js'), ...options, join(folder, 'notes')],
        {
          maxBuffer: 2 ** 28,
        },
      );
    const evaluate = ['evaluate', '--json', '--report', join(folder, 'report.html')];
    const commands = { classify: ['classify', '--json'], evaluate };
    const times: Record<string, number> = { classify: 0, evaluate: 0 };
    // In turns, so that other work on the machine meets both.
    for (let turn = 0; turn < TURNS; turn++) {
      for (const [name, options] of Object.entries(commands)) {
        const start = performance.now();
        await undertone(...options);
        times[name] += performance.now() - start;
      }
    }
    table(
      `${NOTES} notes of 4.2 s, in ${TURNS} turns`,
      Object.entries(times).map(([name, median]) => ({ name: `undertone ${name}`, median })),
    );
  });
}

/** The package is CommonJS: under Node's ESM the library is the default export of the module. */
const Meyda =
  (meydaModule as unknown as { default?: Meyda }).default ?? (meydaModule as unknown as Meyda);
interface Meyda {
  bufferSize: number;
  sampleRate: number;
  melBands: number;
  numberOfMFCCCoefficients: number;
  extract(features: string[], frame: Float32Array): Partial<MeydaFeaturesObject> | null;
}

const SECONDS = 3;
const RUNS = 30;

/**
 * Features of three seconds of sound, compared to Meyda, the feature library for JavaScript, which
 * computes those that it has (no contrast, no pitch) on the same frames.
 */
export async function benchFeatures(): Promise<void> {
  const { sampleRate, framing, melBands, mfccs } = FEATURE_CONFIG;
  const samples = Float32Array.from(
    { length: SECONDS * sampleRate },
    (_, i) => Math.sin(i * 0.05) * Math.sin(i * 0.0003) + 0.01 * Math.sin(i * i),
  );
  const extractor = new FrameExtractor({
    sampleRate,
    framing,
    melBands,
    mfccs,
    noiseVariance: 1e-7,
    topDb: null,
  });
  Meyda.bufferSize = framing.nFft;
  Meyda.sampleRate = sampleRate;
  Meyda.melBands = melBands;
  Meyda.numberOfMFCCCoefficients = mfccs;
  const withMeyda = () => {
    for (let at = 0; at + framing.nFft <= samples.length; at += framing.hopLength) {
      const frame = samples.subarray(at, at + framing.nFft);
      Meyda.extract(['mfcc', 'chroma', 'spectralCentroid'], frame);
    }
  };
  const mel = new AudiosetMel();
  const rows = Math.floor(samples.length / AUDIOSET_MEL.hopLength);
  await inFolder(async (folder) => {
    const timings = await measureInTurns(
      {
        'Undertone: MFCC, chroma, contrast, centroid, pitch': () => extractor.extract(samples),
        'Undertone: the spectrogram of the network': () =>
          mel.extract(samples, { from: 0, to: rows }),
        'Meyda: MFCC, chroma, centroid': withMeyda,
      },
      RUNS,
      5,
    );
    const path = join(folder, 'samples');
    await writeFile(path, samples);
    const python = hasPython ? await reference('features', path) : null;
    if (python) timings.push({ name: 'Python: MFCC, chroma, contrast, centroid', ...python });
    table(`Features of ${SECONDS} s of sound, one thread`, timings);
    if (python) check('share of what Python takes', share(timings[0], python), 0.5);
  });
}
