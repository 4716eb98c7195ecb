import { averagePredictions, type Predictions, poolPredictions, scoreWhere } from './evaluate.ts';
import type { Lever } from './results.ts';

/** What is said about the test actors of each fold. */
interface Said {
  readonly said: ReadonlyMap<number, ReadonlyMap<number, readonly Predictions[]>>;
  readonly byVector: readonly Predictions[];
  readonly ensembles: readonly Predictions[];
}

/** The perceptron, the network of each cycle, the averages, and all together. */
export function measureLevers(
  { said, byVector, ensembles }: Said,
  members: readonly number[],
  labels: Int32Array,
  isSpeech: (row: number) => boolean,
): Lever[] {
  const [first] = members;
  const folds = [...said.get(first)!.keys()].sort((a, b) => a - b);
  const lever = (name: string, ofFold: (fold: number) => Predictions): Lever => ({
    name,
    folds: folds.map((fold) => fold + 1),
    uar: scoreWhere(poolPredictions(folds.map(ofFold)), labels, isSpeech)!.unweightedAverageRecall,
  });
  const of = (seed: number, fold: number) => said.get(seed)!.get(fold)!;
  const cycles = of(first, folds[0]).length;
  return [
    lever('perceptron on functionals', (fold) => byVector[fold]),
    ...Array.from({ length: cycles }, (_, cycle) =>
      lever(`network, cycle ${cycle + 1}`, (fold) => of(first, fold)[cycle]),
    ),
    ...(cycles > 1
      ? [lever('average of the cycles', (fold) => averagePredictions(of(first, fold)))]
      : []),
    ...(members.length > 1
      ? [
          lever(`average over ${members.length} seeds`, (fold) =>
            averagePredictions(members.flatMap((seed) => of(seed, fold))),
          ),
        ]
      : []),
    lever('with the perceptron', (fold) => ensembles[fold]),
  ];
}
