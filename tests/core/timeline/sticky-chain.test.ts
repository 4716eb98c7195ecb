import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { smooth } from '../../../core/timeline/sticky-chain.ts';

const CLASSES = 3;
const logLikelihoods = fc.array(
  fc.array(fc.double({ min: -6, max: 0, noNaN: true }), { minLength: CLASSES, maxLength: CLASSES }),
  { minLength: 1, maxLength: 5 },
);
const rows = (values: readonly (readonly number[])[]) =>
  values.map((row) => Float64Array.from(row));

/** Sums over every sequence of labels: slow, and nothing to get wrong. */
function bySequences(evidence: readonly Float64Array[], expectedSteps: number): number[][] {
  const steps = evidence.length;
  const marginals = evidence.map(() => new Array<number>(CLASSES).fill(0));
  for (let code = 0; code < CLASSES ** steps; code++) {
    const labels = evidence.map((_, t) => Math.floor(code / CLASSES ** t) % CLASSES);
    let p = 1;
    labels.forEach((label, t) => {
      p *= Math.exp(evidence[t][label]);
      if (t === 0) return;
      p *= label === labels[t - 1] ? 1 - 1 / expectedSteps : 1 / expectedSteps / (CLASSES - 1);
    });
    labels.forEach((label, t) => {
      marginals[t][label] += p;
    });
  }
  return marginals.map((row) => {
    const sum = row.reduce((a, b) => a + b, 0);
    return row.map((value) => value / sum);
  });
}

describe('smooth', () => {
  test('gives the share of all sequences that pass through a class', () => {
    fc.assert(
      fc.property(logLikelihoods, fc.double({ min: 2, max: 20, noNaN: true }), (values, steps) => {
        const expected = bySequences(rows(values), steps);
        smooth(rows(values), steps).forEach((row, t) => {
          row.forEach((p, k) => {
            expect(p).toBeCloseTo(expected[t][k], 9);
          });
        });
      }),
    );
  });

  test('is the same backwards', () => {
    fc.assert(
      fc.property(logLikelihoods, (values) => {
        const there = smooth(rows(values), 6);
        const back = smooth(rows(values.toReversed()), 6).reverse();
        there.forEach((row, t) => {
          row.forEach((p, k) => {
            expect(p).toBeCloseTo(back[t][k], 12);
          });
        });
      }),
    );
  });

  test('survives evidence that no double can hold as a probability', () => {
    const evidence = Array.from({ length: 2000 }, () => Float64Array.of(-2000, -1000, -5000));
    for (const row of smooth(evidence, 8)) expect(row[1]).toBeCloseTo(1, 12);
  });

  test('forgets in silence', () => {
    const silent = Array.from({ length: 200 }, () => new Float64Array(CLASSES));
    const [first, ...rest] = smooth([Float64Array.of(0, -9, -9), ...silent], 8);
    expect(first[0]).toBeGreaterThan(0.99);
    expect(rest.at(-1)?.[0]).toBeCloseTo(1 / CLASSES, 3);
  });
});
