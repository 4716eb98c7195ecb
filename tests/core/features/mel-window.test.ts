import { describe, expect, test } from 'vitest';
import { writeMelWindow } from '../../../core/windows.ts';

/** Writes a window of one band and returns it. */
function windowOf(values: number[], from: number, steps: number, size: number): number[] {
  const out = new Float32Array(size);
  writeMelWindow({ mel: values, bands: 1, from, steps }, size, out);
  return [...out];
}

describe('writeMelWindow', () => {
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
