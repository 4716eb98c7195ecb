import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromRows, zeros } from '../../../evaluation/matrix.ts';
import { StandardScaler } from '../../../training/baselines/preprocessing.ts';

describe('StandardScaler', () => {
  it('divides by the population deviation', () => {
    const scaler = new StandardScaler().fit(
      fromRows([
        [1, 10],
        [3, 10],
        [5, 10],
        [7, 10],
      ]),
    );
    expect([...scaler.scaling.mean]).toEqual([4, 10]);
    expect(scaler.scaling.scale[0]).toBe(Math.fround(1 / Math.sqrt(5)));
    const { data } = scaler.transform(
      fromRows([
        [4, 10],
        [9, 11],
      ]),
    );
    expect(data[0]).toBe(0);
    expect(data[2]).toBeCloseTo(5 / Math.sqrt(5), 6);
  });

  it('leaves a constant feature unscaled, whatever its value', () => {
    fc.assert(
      fc.property(
        fc.float({ noNaN: true, min: Math.fround(-1e30), max: Math.fround(1e30) }),
        fc.integer({ min: 1, max: 50 }),
        (value, rows) => {
          const X = fromRows(new Array(rows).fill([value]));
          const scaler = new StandardScaler().fit(X);
          expect(scaler.scaling.scale[0]).toBe(1);
          expect(scaler.transform(X).data.every((scaled) => scaled === 0)).toBe(true);
        },
      ),
    );
  });

  it('does not blow the rounding of float32 up to a deviation of 1', () => {
    const X = fromRows([[3], [3 + 2 ** -22], [3], [3]]);
    expect(X.data[1]).not.toBe(X.data[0]);
    expect(new StandardScaler().fit(X).scaling.scale[0]).toBe(1);
  });

  it('gives mean 0 and deviation 1', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 2, maxLength: 30 }),
        fc.constantFrom(1e-6, 1, 1e6),
        (values, unit) => {
          fc.pre(new Set(values).size > 1);
          const X = fromRows(values.map((value) => [value * unit]));
          const { data } = new StandardScaler().fit(X).transform(X);
          const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
          const variance = data.reduce((sum, value) => sum + value * value, 0) / data.length;
          expect(mean).toBeCloseTo(0, 4);
          expect(variance).toBeCloseTo(1, 4);
        },
      ),
    );
  });

  it('does not change its input', () => {
    const X = fromRows([[1], [2]]);
    new StandardScaler().fit(X).transform(X);
    expect([...X.data]).toEqual([1, 2]);
  });

  it('says what is wrong', () => {
    expect(() => new StandardScaler().fit(zeros(0, 3))).toThrow(RangeError);
    expect(() => new StandardScaler().transform(zeros(1, 3))).toThrow('fit');
    expect(() => new StandardScaler().fit(zeros(2, 3)).transform(zeros(1, 2))).toThrow(RangeError);
  });
});
