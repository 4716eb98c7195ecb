import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type SpecAugmentOptions, specAugment } from '../../../training/augment/index.ts';
import { createRandom } from '../../../training/random.ts';

const NONE: SpecAugmentOptions = {
  frequencyMasks: 0,
  frequencyMaskBands: 0,
  timeMasks: 0,
  timeMaskSteps: 0,
  fill: -99,
  bandShift: 0,
  level: 0,
  tilt: 0,
  curve: 0,
};
const STEPS = 20;
const BANDS = 12;

/** The second of three windows in a batch; cell (t, b) holds 100 t + b. */
function batch(): Float32Array {
  const cell = (i: number) => 100 * Math.floor(i / BANDS) + (i % BANDS);
  return Float32Array.from({ length: 3 * STEPS * BANDS }, (_, i) => cell(i % (STEPS * BANDS)));
}

function augmented(options: Partial<SpecAugmentOptions>, seed: number) {
  const data = batch();
  const offset = STEPS * BANDS;
  const window = { data, offset, steps: STEPS, bands: BANDS };
  specAugment(window, { ...NONE, ...options }, createRandom(seed));
  return { data, at: (t: number, b: number) => data[offset + t * BANDS + b] };
}

const seeds = fc.integer();

test('changes nothing when told so, and never the neighbours in the batch', () => {
  expect(augmented({}, 1).data).toEqual(batch());
  fc.assert(
    fc.property(seeds, (seed) => {
      const everything = {
        ...{ frequencyMasks: 3, frequencyMaskBands: 50, timeMasks: 3, timeMaskSteps: 50 },
        ...{ bandShift: 20, level: 6, tilt: 6, curve: 6 },
      };
      const { data } = augmented(everything, seed);
      const size = STEPS * BANDS;
      expect(data.subarray(0, size)).toEqual(batch().subarray(0, size));
      expect(data.subarray(2 * size)).toEqual(batch().subarray(2 * size));
      expect(data).toEqual(augmented(everything, seed).data);
    }),
  );
});

test('a frequency mask covers whole bands side by side, no more than the widest', () => {
  const widths = new Set<number>();
  fc.assert(
    fc.property(seeds, (seed) => {
      const { at } = augmented({ frequencyMasks: 1, frequencyMaskBands: 4 }, seed);
      const masked = Array.from({ length: BANDS }, (_, b) => at(0, b) === NONE.fill);
      const first = masked.indexOf(true);
      const width = masked.filter(Boolean).length;
      widths.add(width);
      if (width > 0) expect(masked.lastIndexOf(true) - first + 1).toBe(width);
      for (let t = 0; t < STEPS; t++) {
        for (let b = 0; b < BANDS; b++) expect(at(t, b)).toBe(masked[b] ? NONE.fill : 100 * t + b);
      }
    }),
    { numRuns: 200 },
  );
  expect([...widths].sort()).toEqual([0, 1, 2, 3, 4]);
});

test('a time mask covers whole steps side by side, no more than the longest', () => {
  const widths = new Set<number>();
  fc.assert(
    fc.property(seeds, (seed) => {
      const { at } = augmented({ timeMasks: 1, timeMaskSteps: 3 }, seed);
      const masked = Array.from({ length: STEPS }, (_, t) => at(t, 0) === NONE.fill);
      const width = masked.filter(Boolean).length;
      widths.add(width);
      if (width > 0) expect(masked.lastIndexOf(true) - masked.indexOf(true) + 1).toBe(width);
      for (let t = 0; t < STEPS; t++) {
        for (let b = 0; b < BANDS; b++) expect(at(t, b)).toBe(masked[t] ? NONE.fill : 100 * t + b);
      }
    }),
    { numRuns: 200 },
  );
  expect([...widths].sort()).toEqual([0, 1, 2, 3]);
});

test('a shift moves every step by the same number of bands and repeats the edge', () => {
  const shifts = new Set<number>();
  fc.assert(
    fc.property(seeds, (seed) => {
      const { at } = augmented({ bandShift: 2 }, seed);
      const shift = BANDS / 2 - at(0, BANDS / 2);
      shifts.add(shift);
      for (let t = 0; t < STEPS; t++) {
        for (let b = 0; b < BANDS; b++) {
          expect(at(t, b)).toBe(100 * t + Math.max(0, Math.min(BANDS - 1, b - shift)));
        }
      }
    }),
    { numRuns: 200 },
  );
  expect([...shifts].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
});

test('level and tilt add one straight line over the bands', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const { at } = augmented({ level: 5, tilt: 8 }, seed);
      const added = (t: number, b: number) => at(t, b) - (100 * t + b);
      const slope = (added(0, BANDS - 1) - added(0, 0)) / (BANDS - 1);
      expect(Math.abs(slope * (BANDS - 1))).toBeLessThanOrEqual(8 + 1e-3);
      expect(Math.abs(added(0, 0) + added(0, BANDS - 1)) / 2).toBeLessThanOrEqual(5 + 1e-3);
      for (let t = 0; t < STEPS; t++) {
        for (let b = 0; b < BANDS; b++) {
          expect(added(t, b)).toBeCloseTo(added(0, 0) + slope * b, 2);
        }
      }
    }),
  );
  const offsets = [1, 2, 3, 4].map((seed) => augmented({ level: 5 }, seed).at(0, 0));
  expect(new Set(offsets).size).toBe(4);
});

test('a curve bends the bands smoothly, no further than it may', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const { at } = augmented({ curve: 5 }, seed);
      const added = Array.from({ length: BANDS }, (_, b) => at(0, b) - b);
      expect(Math.max(...added.map(Math.abs))).toBeLessThanOrEqual(5 + 1e-3);
      for (let b = 1; b < BANDS; b++) {
        // One and a half waves over eleven steps: 5 · 2π · 1.5 / 11 is the steepest.
        expect(Math.abs(added[b] - added[b - 1])).toBeLessThan(4.3);
        expect(at(STEPS - 1, b) - (100 * (STEPS - 1) + b)).toBeCloseTo(added[b], 2);
      }
    }),
  );
  const bent = [1, 2, 3].map((seed) => augmented({ curve: 5 }, seed).at(0, 0));
  expect(new Set(bent).size).toBe(3);
});
