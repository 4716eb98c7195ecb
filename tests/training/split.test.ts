import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  groupedFolds,
  groupKFold,
  RAVDESS_TEST_ACTORS,
  type Split,
  stratifiedKFold,
  stratifiedSplit,
} from '../../training/split.ts';

const labels = fc.array(fc.nat(5), { minLength: 10, maxLength: 120 });
const seed = fc.nat(1000);
const actors = Array.from({ length: 24 * 10 }, (_, i) => 1 + ((i * 7) % 24));

const count = (y: readonly number[], indices: Int32Array, label: number) =>
  indices.filter((i) => y[i] === label).length;

/** Each sample is in exactly one part of the split, and both parts are in order. */
function expectPartition({ train, test }: Split, samples: number): void {
  expect(Array.from([...train, ...test]).sort((a, b) => a - b)).toEqual([...Array(samples).keys()]);
  expect(train).toEqual(train.toSorted());
  expect(test).toEqual(test.toSorted());
}

describe('stratifiedSplit', () => {
  it('takes the fraction of the whole and of each class', () => {
    fc.assert(
      fc.property(labels, seed, fc.constantFrom(0.1, 0.2, 0.25, 0.5), (y, seed, testFraction) => {
        const split = stratifiedSplit(y, { testFraction, seed });
        expectPartition(split, y.length);
        expect(split.test.length).toBe(Math.round(y.length * testFraction));
        for (const label of new Set(y)) {
          const share = y.filter((other) => other === label).length * testFraction;
          expect(Math.abs(count(y, split.test, label) - share)).toBeLessThan(1);
        }
      }),
    );
  });

  it('depends on the seed alone', () => {
    const y = Array.from({ length: 100 }, (_, i) => i % 4);
    expect(stratifiedSplit(y, { seed: 1 })).toEqual(stratifiedSplit(y, { seed: 1 }));
    expect(stratifiedSplit(y, { seed: 1 })).not.toEqual(stratifiedSplit(y, { seed: 2 }));
    expect(stratifiedSplit(y, { seed: 1 }).test.length).toBe(20);
  });

  it('refuses a fraction that leaves one part empty', () => {
    for (const testFraction of [0, 1, Number.NaN]) {
      expect(() => stratifiedSplit([0, 1], { testFraction, seed: 0 })).toThrow(RangeError);
    }
  });
});

describe('stratifiedKFold', () => {
  it('tests every sample once, with each class spread evenly', () => {
    fc.assert(
      fc.property(labels, seed, fc.integer({ min: 2, max: 10 }), (y, seed, folds) => {
        const splits = stratifiedKFold(y, { folds, seed });
        expect(splits.length).toBe(folds);
        for (const split of splits) expectPartition(split, y.length);
        const tested = splits.flatMap(({ test }) => [...test]);
        expect(tested.sort((a, b) => a - b)).toEqual([...y.keys()]);
        const spread = (sizes: number[]) => Math.max(...sizes) - Math.min(...sizes);
        expect(spread(splits.map(({ test }) => test.length))).toBeLessThanOrEqual(1);
        for (const label of new Set(y)) {
          expect(spread(splits.map(({ test }) => count(y, test, label)))).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('shuffles by the seed', () => {
    const y = Array.from({ length: 60 }, (_, i) => i % 3);
    const folds = (seed: number) => stratifiedKFold(y, { folds: 5, seed });
    expect(folds(1)).toEqual(folds(1));
    expect(folds(1)).not.toEqual(folds(2));
  });

  it('refuses more folds than samples', () => {
    expect(() => stratifiedKFold([0, 1], { folds: 3, seed: 0 })).toThrow(RangeError);
    expect(() => stratifiedKFold([0, 1], { folds: 1, seed: 0 })).toThrow(RangeError);
  });
});

describe('groupKFold', () => {
  it('tests the 24 actors of RAVDESS once, women (even) and men in each fold', () => {
    const splits = groupKFold(actors, RAVDESS_TEST_ACTORS);
    const tested = splits.flatMap(({ test }) => [...new Set([...test].map((i) => actors[i]))]);
    expect(tested.sort((a, b) => a - b)).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
    splits.forEach((split, fold) => {
      expectPartition(split, actors.length);
      const voices = new Set([...split.test].map((i) => actors[i]));
      expect([...voices].sort((a, b) => a - b)).toEqual(RAVDESS_TEST_ACTORS[fold]);
      expect(split.train.some((i) => voices.has(actors[i]))).toBe(false);
      expect(new Set([...voices].map((actor) => actor % 2)).size).toBe(2);
    });
  });

  it('always trains on groups that no list names', () => {
    const [first, second] = groupKFold(['a', 'x', 'b', 'a'], [['a'], ['b']]);
    expect([...first.test]).toEqual([0, 3]);
    expect([...first.train]).toEqual([1, 2]);
    expect([...second.test]).toEqual([2]);
    expect([...second.train]).toEqual([0, 1, 3]);
  });

  it('refuses to test a group twice', () => {
    expect(() => groupKFold([1, 2], [[1], [2, 1]])).toThrow(RangeError);
  });
});

describe('groupedFolds', () => {
  it('keeps groups whole and tests each once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(12), { minLength: 20, maxLength: 100 }),
        fc.integer({ min: 2, max: 5 }),
        seed,
        (groups, folds, seed) => {
          fc.pre(new Set(groups).size >= folds);
          const splits = groupedFolds(groups, { folds, seed });
          expect(splits.length).toBe(folds);
          for (const split of splits) {
            expectPartition(split, groups.length);
            expect(split.test.length).toBeGreaterThan(0);
            const tested = new Set([...split.test].map((i) => groups[i]));
            expect(split.train.some((i) => tested.has(groups[i]))).toBe(false);
          }
          const tested = splits.flatMap(({ test }) => [...test]);
          expect(tested.sort((a, b) => a - b)).toEqual([...groups.keys()]);
        },
      ),
    );
  });

  it('makes folds about equally large', () => {
    const groups = [40, 10, 10, 10, 10, 20, 20].flatMap((size, g) => new Array(size).fill(`g${g}`));
    for (let seed = 0; seed < 10; seed++) {
      const sizes = groupedFolds(groups, { folds: 3, seed }).map(({ test }) => test.length);
      expect(sizes).toEqual([40, 40, 40]);
    }
  });

  it('draws by the seed, not by the order of the samples', () => {
    const testedTogether = (groups: readonly number[], seed: number) =>
      groupedFolds(groups, { folds: 4, seed }).map(({ test }) =>
        [...new Set([...test].map((i) => groups[i]))].sort((a, b) => a - b),
      );
    expect(testedTogether(actors, 3)).toEqual(testedTogether(actors.toReversed(), 3));
    expect(testedTogether(actors, 3)).not.toEqual(testedTogether(actors, 4));
  });

  it('refuses more folds than groups', () => {
    expect(() => groupedFolds([1, 1, 2], { folds: 3, seed: 0 })).toThrow(RangeError);
  });
});
