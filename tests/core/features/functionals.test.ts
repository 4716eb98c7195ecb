import { describe, expect, test } from 'vitest';
import type { Analysis } from '../../../core/analyze.ts';
import { FrameExtractor, type FrameFeatures } from '../../../core/features/extract.ts';
import { FUNCTIONAL_NAMES, functionals } from '../../../core/features/functionals.ts';
import { createRandom } from '../../../training/random.ts';
import { whiteNoise } from '../../fixtures/audio.ts';

const FRAMES = 90;
const random = createRandom(5);
const drawn = (count: number, from: number, to: number) =>
  Float32Array.from({ length: count }, () => from + (to - from) * random.uniform());

const features: FrameFeatures = {
  frames: FRAMES,
  mfcc: drawn(FRAMES * 40, -30, 30),
  chroma: drawn(FRAMES * 12, 0, 1),
  contrast: drawn(FRAMES * 7, 0, 40),
  centroid: drawn(FRAMES, 200, 4000),
  level: drawn(FRAMES, -60, 0),
  pitch: drawn(FRAMES, 80, 400),
  periodicity: drawn(FRAMES, 0, 1),
};
/** Of every 30 frames the first ten are silent; in the middle 30 nothing is voiced. */
const active = Uint8Array.from({ length: FRAMES }, (_, t) => (t % 30 < 10 ? 0 : 1));
for (let t = 30; t < 60; t++) features.periodicity[t] = 0.5;

const analysis = (over: Partial<FrameFeatures> = {}, heard = active): Analysis => ({
  span: { start: 0, end: FRAMES / 50 },
  frames: FRAMES,
  active: heard,
  mel: new Float32Array(),
  features: { ...features, ...over },
});
const all = { from: 0, to: FRAMES };

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const mean = (values: readonly number[]) => (values.length ? sum(values) / values.length : 0);
const deviation = (values: readonly number[]) =>
  Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));
/** As numpy.quantile interpolates. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(position)], sorted[Math.ceil(position)]];
  return below + (above - below) * (position % 1);
}

/** The vector, told by the names of its elements. */
function named(input: Analysis, range = all): (name: string) => number {
  const vector = functionals(input, range);
  expect(vector).toHaveLength(FUNCTIONAL_NAMES.length);
  expect(vector.every(Number.isFinite)).toBe(true);
  return (name) => {
    expect(FUNCTIONAL_NAMES).toContain(name);
    return vector[FUNCTIONAL_NAMES.indexOf(name)];
  };
}

describe('the functionals of a window', () => {
  /** A window in the middle, so that what lies around it would be noticed. */
  const range = { from: 7, to: 84 };
  const frames = Array.from({ length: range.to - range.from }, (_, i) => range.from + i);
  const heard = frames.filter((t) => active[t] === 1);
  const value = (name: string) => named(analysis(), range)(name);
  const third = (t: number) => Math.floor((3 * (t - range.from)) / frames.length);

  const spectral: [name: string, at: (t: number) => number][] = [
    ['MFCC 1', (t) => features.mfcc[t * 40]],
    ['MFCC 13', (t) => features.mfcc[t * 40 + 12]],
    ['MFCC 40', (t) => features.mfcc[t * 40 + 39]],
    ['chroma 12', (t) => features.chroma[t * 12 + 11]],
    ['contrast 1', (t) => features.contrast[t * 7]],
    ['contrast 7', (t) => features.contrast[t * 7 + 6]],
    ['centroid', (t) => features.centroid[t]],
  ];

  test.each(spectral)('have mean and deviation over what is active: %s', (name, at) => {
    expect(value(`${name} mean`)).toBeCloseTo(mean(heard.map(at)), 2);
    expect(value(`${name} standard deviation`)).toBeCloseTo(deviation(heard.map(at)), 2);
  });

  test.each(spectral.slice(0, 2))('have the deviation of changes: %s', (name, at) => {
    const changes = frames.slice(1).map((t) => at(t) - at(t - 1));
    expect(value(`${name} change`)).toBeCloseTo(deviation(changes), 3);
    expect(FUNCTIONAL_NAMES).not.toContain('MFCC 14 change');
  });

  const voiced = heard.filter((t) => features.periodicity[t] > 0.5);
  const octaves = voiced.map((t) => Math.log2(features.pitch[t]));

  test('have the statistics of pitch in octaves, over what is voiced', () => {
    expect(value('pitch mean')).toBeCloseTo(mean(octaves), 4);
    expect(value('pitch standard deviation')).toBeCloseTo(deviation(octaves), 4);
    expect(value('pitch 10th percentile')).toBeCloseTo(quantile(octaves, 0.1), 4);
    expect(value('pitch median')).toBeCloseTo(quantile(octaves, 0.5), 4);
    expect(value('pitch 90th percentile')).toBeCloseTo(quantile(octaves, 0.9), 4);
    const spread = quantile(octaves, 0.9) - quantile(octaves, 0.1);
    expect(value('pitch range')).toBeCloseTo(spread, 4);
    expect(value('voiced share')).toBeCloseTo(voiced.length / heard.length, 5);
    const periodicity = voiced.map((t) => features.periodicity[t]);
    expect(value('periodicity of voiced frames')).toBeCloseTo(mean(periodicity), 5);
  });

  test('have the slope of a pitch that rises steadily: how much it rises in all', () => {
    const pitch = Float32Array.from({ length: FRAMES }, (_, t) => 100 * 2 ** (t / (FRAMES - 1)));
    const periodicity = new Float32Array(FRAMES).fill(1);
    const rising = analysis({ pitch, periodicity }, new Uint8Array(FRAMES).fill(1));
    expect(named(rising)('pitch slope')).toBeCloseTo(1, 4);
  });

  test.each([3, 4])('have no pitch in fewer than four voiced frames: %i', (count) => {
    const periodicity = Float32Array.from({ length: FRAMES }, (_, t) =>
      t >= 10 && t < 10 + count ? 0.9 : 0.2,
    );
    const few = named(analysis({ periodicity }));
    const isKnown = count >= 4;
    for (const name of ['mean', 'standard deviation', 'median', 'range', 'slope'])
      expect(few(`pitch ${name}`) !== 0, name).toBe(isKnown);
    expect(few('voiced share')).toBeCloseTo(count / 60, 5);
  });

  test('have the statistics of the level, in silence too', () => {
    const levels = frames.map((t) => features.level[t]);
    expect(value('level standard deviation')).toBeCloseTo(deviation(levels), 3);
    for (const [name, share] of [
      ['10th percentile', 0.1],
      ['median', 0.5],
      ['90th percentile', 0.9],
    ] as const)
      expect(value(`level ${name}`)).toBeCloseTo(quantile(levels, share), 3);
    const changes = frames.slice(1).map((t) => Math.abs(features.level[t] - features.level[t - 1]));
    expect(value('level mean change')).toBeCloseTo(mean(changes), 3);
    expect(value('active share')).toBeCloseTo(heard.length / frames.length, 5);
  });

  test.each<[string, (t: number) => number]>([
    ['MFCC 1', (t) => features.mfcc[t * 40]],
    ['MFCC 20', (t) => features.mfcc[t * 40 + 19]],
    ['contrast 7', (t) => features.contrast[t * 7 + 6]],
    ['centroid', (t) => features.centroid[t]],
    ['level', (t) => features.level[t]],
  ])('have the mean in each third: %s', (name, at) => {
    for (const part of [0, 1, 2]) {
      const inPart = heard.filter((t) => third(t) === part).map(at);
      expect(value(`${name} in part ${part + 1}`)).toBeCloseTo(mean(inPart), 2);
    }
  });

  test('have the mean of everything where a third is silent, or has no pitch', () => {
    for (const part of [0, 2]) {
      const inPart = voiced.filter((t) => third(t) === part);
      const expected = mean(inPart.map((t) => Math.log2(features.pitch[t])));
      expect(value(`pitch in part ${part + 1}`)).toBeCloseTo(expected, 4);
    }
    // The frames that are not voiced cover the middle third.
    const middle = voiced.filter((t) => third(t) === 1);
    expect(middle).toEqual([]);
    expect(value('pitch in part 2')).toBeCloseTo(mean(octaves), 4);
  });

  test('are zeros where nothing is active, apart from what silence has', () => {
    const silent = named(analysis({}, new Uint8Array(FRAMES)));
    for (const name of ['MFCC 1 mean', 'centroid standard deviation', 'pitch mean', 'voiced share'])
      expect(silent(name)).toBe(0);
    expect(silent('MFCC 1 in part 2')).toBe(0);
    expect(silent('MFCC 1 change')).toBeGreaterThan(0);
  });
});

describe('pitch', () => {
  const extractor = () =>
    new FrameExtractor({
      ...{ sampleRate: 16_000, framing: { nFft: 1024, hopLength: 320 }, melBands: 40, mfccs: 13 },
      ...{ noiseVariance: 0, topDb: null },
    });
  /** Frames without the ends, where the signal begins and stops. */
  const tracked = (samples: Float32Array, gain = 1) => {
    const { pitch, periodicity, level } = extractor().extract(samples, { gain });
    const inner = <T extends Float32Array>(values: T) => [...values.slice(5, -5)];
    return { pitch: inner(pitch), periodicity: inner(periodicity), level: inner(level) };
  };
  /** Ten harmonics, softer upwards, as a voice has. */
  const tone = (hz: number, share = 1) =>
    Float32Array.from({ length: 16_000 }, (_, n) => {
      let value = 0;
      for (let k = 1; k <= 10; k++) value += Math.sin((2 * Math.PI * k * hz * n) / 16_000) / k;
      return 0.2 * share * value;
    });

  test.each([75, 110, 163.5, 220, 333, 400, 500])('of a tone of %d Hz is found', (hz) => {
    const { pitch, periodicity } = tracked(tone(hz));
    for (const found of pitch) expect(Math.abs(1200 * Math.log2(found / hz))).toBeLessThan(15);
    expect(Math.min(...periodicity)).toBeGreaterThan(0.95);
    expect(Math.max(...periodicity)).toBeLessThanOrEqual(1);
  });

  test('does not depend on how loud it is', () => {
    const [soft, loud] = [tracked(tone(200, 0.01)), tracked(tone(200, 0.01), 50)];
    soft.pitch.forEach((hz, t) => {
      expect(loud.pitch[t]).toBeCloseTo(hz, 3);
      expect(loud.level[t] - soft.level[t]).toBeCloseTo(20 * Math.log10(50), 3);
    });
  });

  test('is hardly periodic in noise, and not at all in silence', () => {
    const noise = whiteNoise({ seconds: 1, seed: 3, amplitude: 0.5 });
    expect(mean(tracked(noise).periodicity)).toBeLessThan(0.45);
    const quiet = tracked(new Float32Array(16_000));
    expect(new Set(quiet.periodicity)).toEqual(new Set([0]));
    expect(new Set(quiet.pitch)).toEqual(new Set([60]));
  });
});
