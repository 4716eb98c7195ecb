import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changeTempoAndPitch } from '../../../training/augment/index.ts';
import { voiceLike } from '../../fixtures/audio.ts';
import { bandDb, tone } from './measure.ts';

test('has ⌈length / factor⌉ samples and leaves its input alone', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 3000 }),
      fc.integer({ min: 80, max: 125 }),
      (length, f) => {
        const samples = new Float32Array(length).fill(0.25);
        const out = changeTempoAndPitch(samples, f / 100);
        expect(out.length).toBe(Math.ceil((length * 100) / f));
        expect(out.every((sample) => Number.isFinite(sample))).toBe(true);
        expect(samples.every((sample) => sample === 0.25)).toBe(true);
      },
    ),
    // Lengths that come out even.
    {
      numRuns: 40,
      examples: [
        [2109, 114],
        [851, 115],
        [1073, 116],
      ],
    },
  );
});

test.each([0.88, 1.12])('moves a tone by the factor %f and keeps its level', (factor) => {
  const before = tone(1000, 2);
  const after = changeTempoAndPitch(before, factor);
  const there = bandDb(after, 1000 * factor - 20, 1000 * factor + 20);
  expect(there).toBeCloseTo(bandDb(before, 980, 1020), 1);
  expect(there - bandDb(after, 0, 1000 * factor - 60)).toBeGreaterThan(50);
  expect(there - bandDb(after, 1000 * factor + 60, 8000)).toBeGreaterThan(50);
});

test('removes what would pass half the sample rate instead of folding it back', () => {
  const after = changeTempoAndPitch(tone(7800, 2), 1.12);
  // Without its ends, where the tone begins at once and is therefore broad.
  const middle = after.subarray(2000, -2000);
  expect(bandDb(tone(7800, 2), 7700, 7900) - bandDb(middle, 0, 8000)).toBeGreaterThan(50);
});

test('a factor of 1 changes nothing', () => {
  const samples = voiceLike({ seconds: 0.5 });
  expect(changeTempoAndPitch(samples, 1)).toEqual(samples);
});

test.each([0.5, 1.3, Number.NaN])('refuses a factor of %f', (factor) => {
  expect(() => changeTempoAndPitch(new Float32Array(10), factor)).toThrow(RangeError);
});
