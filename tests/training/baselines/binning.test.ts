import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromRows } from '../../../evaluation/matrix.ts';
import { bin } from '../../../training/baselines/tree.ts';
import { createRandom } from '../../../training/random.ts';

const finite = fc.float({ noNaN: true, noDefaultInfinity: true });
/** Many values, many of them equal, and some next to each other in float32. */
const column = fc.array(
  fc.oneof(
    finite,
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom(1, 1 + 2 ** -23, 1 + 2 ** -22, 0, -0),
  ),
  { minLength: 1, maxLength: 60 },
);
const asColumn = (values: readonly number[]) => fromRows(values.map((value) => [value]));

describe('bin', () => {
  it('puts edges midway between distinct values', () => {
    const { codes, edges } = bin(
      fromRows([
        [1, 7],
        [9, 7],
        [2, 7],
        [1, 7],
      ]),
    );
    expect([...codes]).toEqual([0, 2, 1, 0, 0, 0, 0, 0]);
    expect(edges).toEqual([new Float32Array([1.5, 5.5]), new Float32Array(0)]);
  });

  it('compares codes exactly as float32 values', () => {
    fc.assert(
      fc.property(column, fc.integer({ min: 2, max: 256 }), (values, maxBins) => {
        const X = asColumn(values);
        const { codes, edges } = bin(X, maxBins);
        expect(edges[0].length).toBeLessThan(maxBins);
        for (let k = 0; k < edges[0].length; k++) {
          if (k > 0) expect(edges[0][k]).toBeGreaterThan(edges[0][k - 1]);
          for (let i = 0; i < X.rows; i++) expect(codes[i] <= k).toBe(X.data[i] <= edges[0][k]);
        }
      }),
    );
  });

  it('keeps every distinct value apart while there are bins enough', () => {
    fc.assert(
      fc.property(column, (values) => {
        const X = asColumn(values);
        const distinct = new Set(X.data).size;
        const { codes, edges } = bin(X, Math.max(2, distinct));
        expect(edges[0].length).toBe(distinct - 1);
        expect(new Set(codes).size).toBe(distinct);
      }),
    );
  });

  it('leaves no bin empty', () => {
    fc.assert(
      fc.property(column, fc.integer({ min: 2, max: 8 }), (values, maxBins) => {
        const { codes, edges } = bin(asColumn(values), maxBins);
        expect(new Set(codes).size).toBe(edges[0].length + 1);
      }),
    );
  });

  it('shares many values out evenly', () => {
    const random = createRandom(1);
    const { codes } = bin(asColumn(Array.from({ length: 10_000 }, () => random.normal())));
    const counts = new Int32Array(256);
    for (const code of codes) counts[code]++;
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(38);
    expect(Math.max(...counts)).toBeLessThanOrEqual(41);
  });

  it('does not let one frequent value starve the rest', () => {
    const random = createRandom(2);
    const rest = Array.from({ length: 1000 }, () => random.uniform() + 1);
    const { codes } = bin(asColumn([...new Array<number>(9000).fill(0), ...rest]), 11);
    const counts = new Int32Array(11);
    for (const code of codes) counts[code]++;
    expect(counts[0]).toBe(9000);
    expect([...counts.subarray(1)]).toEqual(new Array(10).fill(100));
  });

  it('refuses values that have no place and bins that have no code', () => {
    expect(() => bin(asColumn([1, Number.NaN]))).toThrow(RangeError);
    expect(() => bin(asColumn([1, Number.POSITIVE_INFINITY]))).toThrow(RangeError);
    expect(() => bin(asColumn([1, 2]), 1)).toThrow(RangeError);
    expect(() => bin(asColumn([1, 2]), 257)).toThrow(RangeError);
  });
});
