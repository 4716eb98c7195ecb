import { expect, describe as group, test } from 'vitest';
import { describe, describeLogMel } from '../../../core/analyze.ts';
import { writeMelWindow } from '../../../core/features/mel-window.ts';
import { voiceLike } from '../../fixtures/audio.ts';

/** Writes a window of one band and returns it. */
function windowOf(values: number[], from: number, steps: number, size: number): number[] {
  const out = new Float32Array(size);
  writeMelWindow({ mel: values, bands: 1, from, steps }, size, out);
  return [...out];
}

group('writeMelWindow', () => {
  test('copies an excerpt that is long enough', () => {
    expect(windowOf([1, 2, 3, 4, 5], 1, 3, 3)).toEqual([2, 3, 4]);
  });

  test('reflects a short one, without doubling its ends', () => {
    expect(windowOf([9, 1, 2, 3, 9], 1, 3, 8)).toEqual([1, 2, 3, 2, 1, 2, 3, 2]);
  });

  test('repeats a single step', () => {
    expect(windowOf([7], 0, 1, 4)).toEqual([7, 7, 7, 7]);
  });

  test('keeps the bands of a step together', () => {
    const out = new Float32Array(9);
    writeMelWindow({ mel: [1, 2, 3, 4], bands: 2, from: 0, steps: 2 }, 4, out, 1);
    expect([...out]).toEqual([0, 1, 2, 3, 4, 1, 2, 3, 4]);
  });
});

group('describeLogMel', () => {
  test('gives the log-mel energies that serving sees, at any gain', () => {
    const samples = voiceLike({ seconds: 1.5, seed: 3 });
    const served = describe(samples)?.features.mel;
    expect(describeLogMel(samples)).toEqual(served);
    const quiet = describeLogMel(samples.map((value) => value / 100));
    quiet?.forEach((value, i) => {
      expect(value).toBeCloseTo(served?.[i] ?? Number.NaN, 2);
    });
  });

  test('gives nothing for silence', () => {
    expect(describeLogMel(new Float32Array(16_000))).toBeNull();
  });
});
