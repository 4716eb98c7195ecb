import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import meydaModule, { type MeydaFeaturesObject } from 'meyda';
import { analyze } from '../core/analyze.ts';
import { decodeWithFfmpeg } from '../core/audio/ffmpeg.ts';
import { sniff } from '../core/audio/sniff.ts';
import { findActivity } from '../core/audio/speech.ts';
import { AudiosetMel } from '../core/features/audioset-mel.ts';
import { AUDIOSET_MEL, FEATURE_CONFIG } from '../core/features/config.ts';
import { FrameExtractor } from '../core/features/extract.ts';
import { classify, UndertoneError } from '../core/index.ts';
import { modelInput, windowSizeOf } from '../core/model/input.ts';
import { defaultModel } from '../core/node/classify.ts';
import { decode } from '../core/node/decode.ts';
import { modelWindows } from '../core/windows.ts';
import { ROOT } from '../lib/root.ts';
import {
  AS_RECORDED,
  cpuTime,
  fiveSeconds,
  measure,
  percentile,
  samplePath,
  type Timing,
  table,
} from './measure.ts';

const run = promisify(execFile);

/** Classifies a sample with the command `undertone`, in a process of its own. */
export function classifyInNewProcess(sample: string): Promise<unknown> {
  const cli = join(ROOT, 'dist', 'cli', 'main.js');
  return run(process.execPath, [cli, 'classify', samplePath(sample)]);
}

/** One note of about four seconds, classified in process and by the command line. */
export async function benchClassify(): Promise<void> {
  const bytes = await readFile(samplePath('plain.ogg'));
  const { duration } = await classify(bytes);
  const timings: Timing[] = [await measure('classify, warm', 30, () => classify(bytes), 5)];
  const ogg = { name: 'ogg', demuxer: 'ogg' };
  const limits = () => ({ maxSeconds: 60, deadline: performance.now() + 10_000 });
  try {
    timings.push(
      await measure('decoding alone, with a spawned ffmpeg', 10, () =>
        decodeWithFfmpeg(bytes, ogg, limits()),
      ),
    );
  } catch (error) {
    if (!(error instanceof UndertoneError)) throw error;
    console.log('Skipped a row: ffmpeg is not installed.');
  }
  timings.push(
    await measure('undertone classify, a new process', 5, () => classifyInNewProcess('plain.ogg')),
  );
  table(`A voice note of ${duration.toFixed(1)} s (Ogg Opus), median`, timings);
}

/** Where the time of a warm note of five seconds goes, in the formats that people send. */
export async function benchStages(): Promise<void> {
  const formats = {
    'Ogg Opus': AS_RECORDED,
    MP3: ['-f', 'mp3'],
    'AAC in MP4': ['-movflags', 'frag_keyframe+empty_moov', '-f', 'mp4'],
    WAV: ['-f', 'wav'],
  };
  const model = await defaultModel();
  const kinds = model.card.inputs.map(({ kind }) => kind);
  for (const [format, options] of Object.entries(formats)) {
    const bytes = fiveSeconds(...options);
    const { samples } = await decode(bytes);
    const analysis = analyze(samples)!;
    const windows = modelWindows(analysis, windowSizeOf(kinds)).map((range) =>
      modelInput(kinds, analysis, range),
    );
    const stage = (name: string, work: () => unknown) => measure(name, 20, work, 5);
    const whole = await stage('classify', () => classify(bytes));
    const sniffed = await stage('  recognise the format', () => sniff(bytes));
    const decoded = await stage('  decode and resample', () => decode(bytes));
    const active = await stage('  find the voice', () => findActivity(samples));
    const analysed = await stage('  spectrogram', () => analyze(samples));
    const predicted = await stage(`  model, ${windows.length} windows`, () =>
      model.predict(windows),
    );
    const parts = [
      sniffed,
      { ...decoded, median: decoded.median - sniffed.median },
      active,
      { ...analysed, median: analysed.median - active.median },
      predicted,
    ];
    const rest = parts.reduce((left, { median }) => left - median, whole.median);
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
  const folder = await mkdtemp(join(tmpdir(), 'undertone-bench-'));
  try {
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
  } finally {
    await rm(folder, { recursive: true });
  }
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
  const perRun = async (name: string, work: () => void): Promise<Timing> => {
    work();
    const times: number[] = [];
    for (let i = 0; i < RUNS; i++) times.push(await cpuTime(work));
    return { name, median: percentile(times, 0.5) };
  };
  const mel = new AudiosetMel();
  const rows = Math.floor(samples.length / AUDIOSET_MEL.hopLength);
  table(`Features of ${SECONDS} s of sound, CPU time on one thread (librosa 0.10: 15 ms)`, [
    await perRun('Undertone: MFCC, chroma, contrast, centroid, pitch', () =>
      extractor.extract(samples),
    ),
    await perRun('Undertone: the spectrogram of the network', () =>
      mel.extract(samples, { from: 0, to: rows }),
    ),
    await perRun('Meyda: MFCC, chroma, centroid', withMeyda),
  ]);
}
