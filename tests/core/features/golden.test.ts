import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { framesToMono, readWavHeader } from '../../../core/audio/wav.ts';
import { FrameExtractor } from '../../../core/features/extract.ts';
import { FrameAnalyzer, frameCount } from '../../../core/features/frames.ts';
import { LogMel } from '../../../core/features/mel.ts';

const GOLDEN = fileURLToPath(new URL('../../golden/', import.meta.url));

interface Golden {
  audio: string;
  sampleRate: number;
  nFft: number;
  hopLength: number;
  mel: { bands: number };
  features: Record<'mfcc' | 'chroma' | 'contrast' | 'centroid', number[][]>;
  logMel: {
    nFft: number;
    winLength: number;
    hopLength: number;
    bands: number;
    fmin: number;
    fmax: number;
    values: number[][];
  };
}

const cases = readdirSync(GOLDEN)
  .filter((name) => name.endsWith('.wav'))
  .map(
    (name) => JSON.parse(readFileSync(GOLDEN + name.replace('.wav', '.json'), 'utf8')) as Golden,
  );

describe.each(cases)('librosa reference $audio', (golden) => {
  const bytes = readFileSync(GOLDEN + golden.audio);
  const format = readWavHeader(bytes)!;
  const samples = framesToMono(bytes.subarray(format.dataStart, format.dataEnd), format);

  test('has the sample rate it states', () => {
    expect(format.sampleRate).toBe(golden.sampleRate);
  });

  const { sampleRate, nFft, hopLength, mel } = golden;
  /** Within each test: Stryker does not see what runs elsewhere. */
  const features = () =>
    new FrameExtractor({
      sampleRate,
      framing: { nFft, hopLength },
      melBands: mel.bands,
      mfccs: golden.features.mfcc.length,
      noiseVariance: 0,
      topDb: 80,
    }).extract(samples);

  test.each(['mfcc', 'chroma', 'contrast', 'centroid'] as const)('%s agrees', (name) => {
    expectAgreement(features()[name], golden.features[name]);
  });

  test('log-mel agrees', () => {
    const { bands, fmin, fmax, values, ...framing } = golden.logMel;
    const analyzer = new FrameAnalyzer(framing);
    const logMel = new LogMel({ sampleRate, nFft: framing.nFft, bands, fmin, fmax });
    const frames = frameCount(samples.length, framing.hopLength);
    const actual = new Float32Array(frames * bands);
    for (let t = 0; t < frames; t++) logMel.compute(analyzer.power(samples, t), actual, t * bands);
    expectAgreement(actual, values);
  });
});

/** Compares frames × columns with the reference's [column][frame], at the stated tolerance. */
function expectAgreement(actual: Float32Array, expected: number[][]): void {
  const columns = expected.length;
  expect(actual.length).toBe(columns * expected[0].length);
  let worst = { excess: 0, column: 0, frame: 0, actual: 0, expected: 0 };
  expected.forEach((row, column) => {
    row.forEach((value, frame) => {
      const got = actual[frame * columns + column];
      const tolerance = Math.max(1e-3, 1e-3 * Math.abs(value));
      const excess = Number.isFinite(got) ? Math.abs(got - value) / tolerance : Infinity;
      if (excess > worst.excess) worst = { excess, column, frame, actual: got, expected: value };
    });
  });
  expect(worst.excess, `worst at ${JSON.stringify(worst)}`).toBeLessThanOrEqual(1);
}
