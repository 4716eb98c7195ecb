import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PackedPairs } from '../../../training/baselines/boosting-objective.ts';

const someNumber = (min: number, max: number) => fc.double({ min, max, noNaN: true });

const somePairs = fc
  .tuple(
    fc.array(fc.tuple(someNumber(-1, 1), someNumber(0, 0.5)), { minLength: 1, maxLength: 300 }),
    // From the first round to the last the sums shrink by orders of magnitude.
    fc.integer({ min: -12, max: 3 }),
  )
  .map(([pairs, exponent]) => Float64Array.from(pairs.flat(), (value) => value * 10 ** exponent));

const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);

describe('PackedPairs', () => {
  it('keeps dyadic values exactly', () => {
    const packed = new PackedPairs(3).pack(Float64Array.of(-2, 2, -1, 1, 3, 0.5));
    const sums = (...samples: number[]) => packed.unpack(sum(samples.map((i) => packed.values[i])));
    expect(sums(0)).toEqual({ gradient: -2, hessian: 2 });
    expect(sums(0, 1)).toEqual({ gradient: -3, hessian: 3 });
    expect(sums(1, 2)).toEqual({ gradient: 2, hessian: 1.5 });
    expect(sums(0, 1, 2)).toEqual({ gradient: 0, hessian: 3.5 });
  });

  it('sums to what the pairs sum to, within a millionth of the whole', () => {
    fc.assert(
      fc.property(somePairs, fc.integer({ min: 1, max: 5 }), (pairs, step) => {
        const packed = new PackedPairs(pairs.length / 2).pack(pairs);
        const gradients = pairs.filter((_, i) => i % 2 === 0);
        const hessians = pairs.filter((_, i) => i % 2 === 1);
        const taken = (_: number, i: number) => i % step === 0;
        const found = packed.unpack(sum(packed.values.filter(taken)));
        const least = 2 ** -80 * pairs.length;
        const gradientError = Math.abs(found.gradient - sum(gradients.filter(taken)));
        expect(gradientError).toBeLessThanOrEqual(1e-5 * sum(gradients.map(Math.abs)) + least);
        const hessianError = Math.abs(found.hessian - sum(hessians.filter(taken)));
        expect(hessianError).toBeLessThanOrEqual(1e-5 * sum(hessians) + least);
      }),
    );
  });

  it('takes differences of sums without any error', () => {
    fc.assert(
      fc.property(somePairs, (pairs) => {
        const { values } = new PackedPairs(pairs.length / 2).pack(pairs);
        const isLeft = (_: number, i: number) => i % 3 === 0;
        const left = sum(values.filter(isLeft));
        const right = sum(values.filter((value, i) => !isLeft(value, i)).reverse());
        expect(sum(values) - left - right).toBe(0);
      }),
    );
  });

  it('never takes a set of samples for empty', () => {
    const packed = new PackedPairs(3).pack(Float64Array.of(0, 0, 1e-30, 0, -0.5, 0.5));
    expect(packed.unpack(packed.values[0]).hessian).toBeGreaterThan(0);
    expect(packed.unpack(packed.values[1]).hessian).toBeGreaterThan(0);
    const zeros = new PackedPairs(2).pack(new Float64Array(4));
    expect(zeros.unpack(zeros.values[0])).toEqual({ gradient: 0, hessian: zeros.hessianUnit });
    expect(zeros.hessianUnit).toBeLessThan(1e-20);
  });
});
