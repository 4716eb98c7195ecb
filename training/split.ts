import { createRandom, type Random } from './random.ts';

/** Indices of samples, each part in ascending order; no sample is in both. */
export interface Split {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/**
 * The test actors of the five speaker-independent folds that published results on RAVDESS use: each
 * has women and men, and every actor is tested once.
 */
export const RAVDESS_TEST_ACTORS: readonly (readonly number[])[] = [
  [2, 5, 14, 15, 16],
  [3, 6, 7, 13, 18],
  [10, 11, 12, 19, 20],
  [8, 17, 21, 23, 24],
  [1, 4, 9, 22],
];

/**
 * Returns a random split whose test part holds `testFraction` of the samples, rounded, and of each
 * class the same share, off by less than one sample.
 *
 * Throws a RangeError when the fraction is not between 0 and 1.
 *
 * @example
 * const { train, test } = stratifiedSplit(y, { testFraction: 0.2, seed: 42 });
 */
export function stratifiedSplit(
  y: ArrayLike<number>,
  { testFraction = 0.2, seed }: { readonly testFraction?: number; readonly seed: number },
): Split {
  if (!(testFraction > 0 && testFraction < 1)) {
    throw new RangeError(`testFraction is ${testFraction}; it lies between 0 and 1`);
  }
  const random = createRandom(seed);
  const classes = shuffledClasses(y, random);
  const quotas = classes.map(({ length }) => Math.floor(length * testFraction));
  const wanted = Math.round(y.length * testFraction);
  // What rounding down left over goes to the classes that lost most by it.
  const loss = (c: number) => classes[c].length * testFraction - quotas[c];
  const order = classes.map((_, c) => c).sort((a, b) => loss(b) - loss(a));
  const left = wanted - quotas.reduce((sum, quota) => sum + quota, 0);
  for (const c of order.slice(0, left)) quotas[c]++;

  const inTest = new Uint8Array(y.length);
  classes.forEach((members, c) => {
    for (const i of members.slice(0, quotas[c])) inTest[i] = 1;
  });
  return splitBy(y.length, (i) => inTest[i] === 1);
}

/**
 * Returns `folds` random splits whose test parts cover all samples once. Over the folds the sizes
 * differ by one sample at most, in all and for each class.
 *
 * Throws a RangeError when `folds` is not an integer from 2 to the number of samples.
 */
export function stratifiedKFold(
  y: ArrayLike<number>,
  { folds, seed }: { readonly folds: number; readonly seed: number },
): Split[] {
  checkFolds(folds, y.length, 'samples');
  // Dealt out like cards, class after class: each class is spread evenly, and so is the whole.
  const foldOf = new Int32Array(y.length);
  const dealt = shuffledClasses(y, createRandom(seed)).flat();
  dealt.forEach((i, position) => {
    foldOf[i] = position % folds;
  });
  return Array.from({ length: folds }, (_, fold) => splitBy(y.length, (i) => foldOf[i] === fold));
}

/**
 * Returns one split for each list of groups (actors): its samples are the test part, all others the
 * training part, those of groups in no list included. A list whose groups do not occur has an
 * empty test part.
 *
 * Throws a RangeError when a group is in two lists: its samples would be tested twice.
 *
 * @example
 * const folds = groupKFold(actors, RAVDESS_TEST_ACTORS);
 */
export function groupKFold<Group extends number | string>(
  groups: ArrayLike<Group>,
  testGroups: readonly (readonly Group[])[],
): Split[] {
  const seen = new Set<Group>();
  for (const group of testGroups.flat()) {
    if (seen.has(group)) throw new RangeError(`group ${group} is named twice`);
    seen.add(group);
  }
  return testGroups.map((list) => {
    const tested = new Set(list);
    return splitBy(groups.length, (i) => tested.has(groups[i]));
  });
}

/**
 * Returns `folds` random splits that keep each group (actor) whole; every group is tested once, and
 * the test parts are about equally large. For model selection inside a training part.
 *
 * Throws a RangeError when `folds` is not an integer from 2 to the number of groups.
 *
 * @example
 * const inner = groupedFolds(train.map((i) => actors[i]), { folds: 4, seed: 42 });
 */
export function groupedFolds<Group extends number | string>(
  groups: ArrayLike<Group>,
  { folds, seed }: { readonly folds: number; readonly seed: number },
): Split[] {
  const sizes = new Map<Group, number>();
  for (const group of Array.from(groups)) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  checkFolds(folds, sizes.size, 'groups');
  // Sorted first, so that the draw does not depend on the order of the samples.
  const names = [...sizes.keys()].sort((a, b) => (a < b ? -1 : 1));
  const shuffled = Array.from(
    createRandom(seed).shuffle(Int32Array.from(names.keys())),
    (i) => names[i],
  );
  const lists: Group[][] = Array.from({ length: folds }, () => []);
  const loads = new Float64Array(folds);
  // The largest groups first, each to the fold with the fewest samples; an empty fold comes first
  // of all, so that each gets a group.
  for (const group of shuffled.sort((a, b) => sizes.get(b)! - sizes.get(a)!)) {
    const lightest = loads.indexOf(Math.min(...loads));
    lists[lightest].push(group);
    loads[lightest] += sizes.get(group)!;
  }
  return groupKFold(groups, lists);
}

/** Returns the samples of each class present, shuffled, in ascending order of the classes. */
function shuffledClasses(y: ArrayLike<number>, random: Random): number[][] {
  const members = new Map<number, number[]>();
  for (let i = 0; i < y.length; i++) {
    const ofClass = members.get(y[i]);
    if (ofClass) ofClass.push(i);
    else members.set(y[i], [i]);
  }
  return [...members.entries()]
    .sort(([a], [b]) => a - b)
    .map(([, indices]) => random.shuffle(indices));
}

function splitBy(count: number, isTest: (i: number) => boolean): Split {
  const all = Array.from({ length: count }, (_, i) => i);
  return {
    train: Int32Array.from(all.filter((i) => !isTest(i))),
    test: Int32Array.from(all.filter((i) => isTest(i))),
  };
}

function checkFolds(folds: number, most: number, unit: string): void {
  if (!(Number.isInteger(folds) && folds >= 2 && folds <= most)) {
    throw new RangeError(`folds is ${folds}; with ${most} ${unit} it takes 2 to ${most}`);
  }
}
