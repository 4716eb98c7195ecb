import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMOTION_COUNT } from '../../../core/model/emotions.ts';
import {
  ABSENT,
  type BatchGroup,
  type BatchOptions,
  BatchSampler,
} from '../../../training/network/batches.ts';
import type { Spectrograms } from '../../../training/network/spectrogram-store.ts';
import { STEPS_PER_UNIT } from '../../../training/network/spectrogram-task.ts';

/** Large enough for masks to leave most of a window. */
const SHAPE = {
  rows: 64,
  bands: 48,
  classes: EMOTION_COUNT,
  silence: new Float32Array(48).fill(-1.4),
};
const AREA = SHAPE.rows * SHAPE.bands;
const CLIP_ROWS = 80;

/** Clips of 80 rows, each of one value everywhere. The first rendering is as told; null is empty. */
function spectrogramsOf(values: readonly (readonly (number | null)[])[]): Spectrograms {
  const flat = values.flat();
  const offsets = new Float64Array(flat.length + 1);
  flat.forEach((value, i) => {
    offsets[i + 1] = offsets[i] + (value === null ? 0 : CLIP_ROWS * SHAPE.bands);
  });
  const data = new Int16Array(offsets[flat.length]);
  flat.forEach((value, i) => {
    data.fill(Math.round((value ?? 0) * STEPS_PER_UNIT), offsets[i], offsets[i + 1]);
  });
  return { renderings: values[0].length, data, offsets };
}

function groupOf(
  values: readonly number[],
  targets: readonly (readonly number[])[],
  count: number,
): BatchGroup {
  return {
    spectrograms: spectrogramsOf(values.map((value) => [value])),
    rows: Int32Array.from(values.keys()),
    targets: Float32Array.from(targets.flat()),
    isVoice: true,
    isPlain: false,
    classes: new Uint8Array(EMOTION_COUNT).fill(1),
    count,
  };
}

const oneHot = (k: number) => Array.from({ length: EMOTION_COUNT }, (_, i) => (i === k ? 1 : 0));
const EVEN = new Array<number>(EMOTION_COUNT).fill(1 / EMOTION_COUNT);
/** Two listeners of three heard the first emotion. */
const VOTED = [2 / 3, 0, 1 / 3, 0, 0, 0, 0, 0];

const voices = groupOf([1, 2, 3], [oneHot(0), oneHot(1), VOTED], 3);
const others = groupOf([-1, 1.5], [oneHot(6), oneHot(7)], 1);
const sounds: BatchGroup = { ...groupOf([0.5, -0.5], [EVEN, EVEN], 2), isVoice: false };

function sampler(groups: readonly BatchGroup[], options: Partial<BatchOptions> = {}) {
  const sampler = new BatchSampler(groups, SHAPE, {
    seed: 1,
    labelSmoothing: 0,
    ...options,
  });
  const { size } = sampler;
  return {
    fill(index: number) {
      const batch = {
        x: new Float32Array(size * AREA),
        emotions: new Float32Array(size * EMOTION_COUNT),
        voices: new Float32Array(size * 2),
        absent: new Float32Array(size * EMOTION_COUNT),
      };
      sampler.fill(index, batch);
      const rowsOf = (data: Float32Array, columns: number) =>
        Array.from({ length: size }, (_, i) => [...data.subarray(i * columns, (i + 1) * columns)]);
      return {
        x: batch.x,
        emotions: rowsOf(batch.emotions, EMOTION_COUNT),
        voices: rowsOf(batch.voices, 2),
        absent: rowsOf(batch.absent, EMOTION_COUNT),
      };
    },
  };
}

describe('BatchSampler', () => {
  it('takes so many clips of each group, each clip once an epoch', () => {
    const { fill } = sampler([voices, others, sounds]);
    const drawn = [fill(0), fill(1)].map(({ emotions }) => emotions);
    for (const emotions of drawn) {
      const expected = [oneHot(0), oneHot(1), VOTED.map(Math.fround)];
      expect(emotions.slice(0, 3)).toEqual(expect.arrayContaining(expected));
      expect(emotions.slice(4)).toEqual([EVEN, EVEN]);
    }
    expect(drawn.map((emotions) => emotions[3])).toEqual(
      expect.arrayContaining([oneHot(6), oneHot(7)]),
    );
  });

  it('draws a clip that is named twice twice as often', () => {
    const { fill } = sampler([{ ...voices, rows: Int32Array.of(0, 0, 1) }]);
    for (let index = 0; index < 5; index++) {
      const { emotions } = fill(index);
      expect(emotions.filter((row) => row[0] === 1)).toHaveLength(2);
      expect(emotions.filter((row) => row[1] === 1)).toHaveLength(1);
    }
  });

  it('holds what its seed and number say, whatever was drawn before', () => {
    const options = { labelSmoothing: 0.1, seed: 5 };
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 6 }),
        (indices) => {
          const groups = [voices, others, sounds];
          const used = sampler(groups, options);
          const last = indices.map((index) => used.fill(index)).at(-1)!;
          const index = indices[indices.length - 1];
          expect(last).toEqual(sampler(groups, options).fill(index));
          expect(last).not.toEqual(sampler(groups, { ...options, seed: 6 }).fill(index));
          expect(last).not.toEqual(sampler(groups, options).fill(index + 1));
        },
      ),
      { numRuns: 20 },
    );
  });

  it('trains towards the votes that a clip got, smoothed', () => {
    const { emotions } = sampler([voices], { labelSmoothing: 0.2 }).fill(0);
    const smoothed = VOTED.map((share) => 0.2 / EMOTION_COUNT + 0.8 * share);
    const isNear = (row: number[]) => row.every((p, k) => Math.abs(p - smoothed[k]) < 1e-6);
    expect(emotions.filter(isNear)).toHaveLength(1);
    for (const row of emotions) expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
  });

  it('learns nothing about emotions that do not occur where a window comes from', () => {
    const withClasses = (group: BatchGroup, ...classes: number[]) => ({
      ...group,
      classes: Uint8Array.from({ length: EMOTION_COUNT }, (_, k) => (classes.includes(k) ? 1 : 0)),
    });
    const few = withClasses(groupOf([1], [oneHot(0)], 1), 0, 2);
    const more = withClasses(groupOf([-1], [oneHot(3)], 1), 0, 3, 4);
    const out = (...classes: number[]) =>
      Array.from({ length: EMOTION_COUNT }, (_, k) => (classes.includes(k) ? 0 : ABSENT));
    const alone = sampler([few], { labelSmoothing: 0.2 }).fill(0);
    expect(alone.absent).toEqual([out(0, 2)]);
    const smoothed = [0.9, 0, 0.1, 0, 0, 0, 0, 0];
    for (const [k, share] of smoothed.entries()) {
      expect(alone.emotions[0][k]).toBeCloseTo(share, 6);
    }
    expect(sampler([few, more]).fill(0).absent).toEqual([out(0, 2), out(0, 3, 4)]);
  });

  it('gives speech of one emotion the channel of another recording of that emotion', () => {
    const plain = { ...groupOf([-0.9], [oneHot(0)], 1), isPlain: true };
    const level = (x: Float32Array, i: number) =>
      x.subarray(i * AREA, (i + 1) * AREA).reduce((a, b) => a + b, 0) / AREA;
    const meanLevel = (...groups: BatchGroup[]) => {
      const { fill } = sampler([plain, ...groups]);
      const levels = Array.from({ length: 40 }, (_, index) => level(fill(index).x, 0));
      return levels.reduce((a, b) => a + b, 0) / levels.length;
    };
    const neutral = groupOf([0.9], [oneHot(0)], 1);
    const calm = groupOf([0.9], [oneHot(1)], 1);
    const angry = groupOf([0.9], [oneHot(4)], 1);
    expect(meanLevel(angry)).toBeLessThan(-0.3);
    expect(meanLevel(neutral, angry)).toBeGreaterThan(0.3);
    expect(meanLevel(calm, angry)).toBeGreaterThan(0.3);
  });

  it('says which windows hold a voice', () => {
    const { voices: told, emotions } = sampler([others, sounds]).fill(0);
    expect(told).toEqual([
      [0, 1],
      [1, 0],
      [1, 0],
    ]);
    expect(emotions.slice(1)).toEqual([EVEN, EVEN]);
  });

  it('draws most clips as they were recorded, and no rendering of which nothing is left', () => {
    const degraded: BatchGroup = {
      ...voices,
      spectrograms: spectrogramsOf([[1, -1, null]]),
      rows: Int32Array.of(0),
      targets: Float32Array.from(oneHot(0)),
      count: 1,
    };
    const { fill } = sampler([degraded]);
    let clean = 0;
    for (let index = 0; index < 300; index++) {
      const { x } = fill(index);
      // Masks are 0, and what is not masked is changed by 0.75 at most.
      if (Math.max(...x) > 0.6) clean++;
      else expect(Math.min(...x)).toBeLessThan(-0.3);
    }
    // 70% of the draws and, of the others, the half that fell on the empty one.
    expect(clean / 300).toBeGreaterThan(0.78);
    expect(clean / 300).toBeLessThan(0.92);
  });

  it('takes the highest bands from some windows, and the lowest from some of those', () => {
    const loud = groupOf([1], [oneHot(0)], 1);
    const { fill } = sampler([loud]);
    // A window counts as limited above or below where all of its edge is silent.
    const isSilent = (x: Float32Array, band: number) =>
      Array.from({ length: SHAPE.rows }, (_, row) => x[row * SHAPE.bands + band]).every(
        (value) => value <= 0,
      );
    const draws = Array.from({ length: 400 }, (_, index) => fill(index).x);
    const above = draws.filter((x) => isSilent(x, SHAPE.bands - 1));
    const both = above.filter((x) => isSilent(x, 0));
    expect(above.length / 400).toBeGreaterThan(0.06);
    expect(above.length / 400).toBeLessThan(0.25);
    expect(both.length / above.length).toBeGreaterThan(0.25);
    expect(both.length / above.length).toBeLessThan(0.75);
    for (const x of draws) expect(x.some((value) => value > 0.5)).toBe(true);
  });
});
