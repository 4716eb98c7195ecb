import {
  type Block,
  type Figure,
  figure,
  heading,
  table,
} from '../../../evaluation/report/blocks.ts';
import { isFigure, percent, plural, score, spreadOf } from '../../../evaluation/report/format.ts';
import { linePlot } from '../../../evaluation/report/plots/lines.ts';
import { barPlot } from '../../../evaluation/report/plots/rows.ts';
import type { Parameters } from '../../baselines/families.ts';
import type { SearchPoint, Trial } from '../../baselines/protocols.ts';
import type { CandidateResults, Results } from '../../baselines/results.ts';

const TOP_FEATURES = 25;

/** UAR of each fold by actor, with the actors that it was tested on. */
export function foldFigure({ family, title, unseen }: CandidateResults): Figure {
  const { folds, speech, song } = unseen;
  const rows = folds.map(({ testActors, scores }) => ({
    label: `actors ${testActors.join(' ')}`,
    value: scores.unweightedAverageRecall,
  }));
  const uars = rows.map(({ value }) => value);
  const spread = `From ${score(Math.min(...uars))} to ${score(Math.max(...uars))}, depending on the speakers.`;
  return figure(
    barPlot({ id: `${family}-folds`, title: `UAR of each fold, ${title.toLowerCase()}`, rows }),
    speech && song
      ? `${spread} Speech and song together, not comparable with the figure for speech alone.`
      : spread,
  );
}

/** Mean loss after each epoch or round; nothing for a family that has none. */
export function learningFigure({ family, title, seed, unseen }: CandidateResults): Figure | null {
  const curve = (values: readonly number[]) => values.map((y, i) => [i + 1, y] as const);
  const lines = [...unseen.folds, seed].flatMap((trial) =>
    trial.learningCurve && trial.learningCurve.length > 1
      ? [{ points: curve(trial.learningCurve), isDashed: trial === seed }]
      : [],
  );
  if (lines.length === 0) return null;
  const points = lines.flatMap((line) => line.points);
  const steps = Math.max(...points.map(([x]) => x));
  const words = lines.map(
    ({ points: own, isDashed }) =>
      `${isDashed ? 'Random split' : 'A fold by actor'}: from ${score(own[0][1])} to ${score(own.at(-1)?.[1])} after ${own.length}.`,
  );
  return figure(
    linePlot({
      id: `${family}-learning`,
      title: `Learning curve, ${title.toLowerCase()}`,
      description: words.join(' '),
      lines,
      legend: [
        { name: 'folds by actor', isDashed: false },
        { name: 'random split', isDashed: true },
      ],
      x: { domain: [1, steps], name: 'epoch or round', format: String },
      y: {
        domain: [0, Math.max(...points.map(([, y]) => y)) * 1.05],
        name: 'mean cross-entropy of the training samples (nats)',
        format: (value) => value.toFixed(1),
      },
    }),
    'Loss on the training samples: it shows whether training has converged, not how accurate the model is on unseen speakers.',
  );
}

/** The most important features of a candidate; nothing for a family without importances. */
export function importanceFigure(
  { family, title, unseen: { folds } }: CandidateResults,
  featureNames: readonly string[],
): Figure | null {
  const measured = folds.flatMap(({ featureImportances }) => featureImportances ?? []);
  const count = measured.length / featureNames.length;
  if (count === 0) return null;
  const rows = featureNames
    .map((label, feature) => {
      const values = measured.filter((_, i) => i % featureNames.length === feature);
      const mean = values.reduce((a, b) => a + b, 0) / count;
      return { label, mean, range: [Math.min(...values), Math.max(...values)] as const };
    })
    .sort((a, b) => b.mean - a.mean)
    .slice(0, TOP_FEATURES)
    .map(({ label, mean, range }) => ({ label, value: mean, range, text: percent(mean, 1) }));
  const share = rows.reduce((total, { value }) => total + value, 0);
  return figure(
    barPlot({
      id: `${family}-importance`,
      title: `The ${plural(rows.length, 'most important feature')}, ${title.toLowerCase()}`,
      rows,
      domain: [0, Math.max(...rows.map(({ range }) => range[1]))],
      axis: 'share of the importance',
      rowHeight: 20,
      format: (value) => percent(value, 1),
    }),
    `Mean of the folds by actor; the whiskers go from the lowest fold to the highest. These ${rows.length} of ${featureNames.length} features make up ${percent(share)} of the whole.`,
  );
}

interface Combination {
  readonly letter: string;
  readonly parameters: Parameters;
  /** Mean inner UAR in the search of each fold by actor. */
  readonly unseen: readonly number[];
  readonly seed: readonly number[];
  readonly final: readonly number[];
  /** The number of folds that chose it. */
  readonly wins: number;
}

/** What the hyperparameter searches of a candidate tried. */
export function searchBlocks(candidate: CandidateResults, { chosen, final }: Results): Block[] {
  const { family, title, searchKind, seed, unseen } = candidate;
  const finalSearch = family === chosen ? final.search : [];
  const combinations = collect(unseen.folds, seed, finalSearch);
  const title4 = heading('Hyperparameters', 4);
  if (combinations.length === 0) {
    return [title4, `Not searched; all fits used ${parametersText(seed.parameters)}.`];
  }
  const varied = variedNames(combinations.map(({ parameters }) => parameters));
  const fixed = Object.keys(seed.parameters).filter((name) => !varied.includes(name));
  const kind = searchKind === 'grid' ? 'Grid search' : 'Randomized search';
  const hasFinal = finalSearch.length > 0;
  return [
    title4,
    `${kind} over ${plural(combinations.length, 'combination')}, by cross-validation within each training set; the test actors of a fold played no part.${fixed.length > 0 ? ` Fixed: ${parametersText(seed.parameters, fixed)}.` : ''}`,
    table(
      `Combinations tried, ${title.toLowerCase()}: mean UAR in validation`,
      [
        'Key',
        'Mean of folds',
        'Chosen in',
        'Random split',
        ...(hasFinal ? ['All actors'] : []),
        ...varied,
      ],
      combinations.map(({ letter, parameters, wins, ...scores }) => [
        letter,
        score(mean(scores.unseen)),
        plural(wins, 'fold'),
        score(mean(scores.seed)),
        ...(hasFinal ? [score(mean(scores.final))] : []),
        ...varied.map((name) => valueText(parameters[name])),
      ]),
    ),
  ];
}

/** Joins the searches of all fits, with one entry for each combination that was tried. */
function collect(
  folds: readonly Trial[],
  seed: Trial,
  final: readonly SearchPoint[],
): Combination[] {
  const searches = [...folds.map(({ search }) => search), seed.search, final];
  const all = new Map(searches.flat().map(({ parameters }) => [keyOf(parameters), parameters]));
  const scoresIn = (search: readonly SearchPoint[], key: string) =>
    search
      .filter(({ parameters, meanScore }) => keyOf(parameters) === key && isFigure(meanScore))
      .map(({ meanScore }) => meanScore);
  return [...all].map(([key, parameters], i) => ({
    letter: i < 26 ? String.fromCharCode(65 + i) : String(i + 1),
    parameters,
    unseen: folds.flatMap(({ search }) => scoresIn(search, key)),
    seed: scoresIn(seed.search, key),
    final: scoresIn(final, key),
    wins: folds.filter((fold) => keyOf(fold.parameters) === key).length,
  }));
}

function keyOf(parameters: Parameters): string {
  return JSON.stringify(Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function variedNames(tried: readonly Parameters[]): string[] {
  const names = [...new Set(tried.flatMap((parameters) => Object.keys(parameters)))];
  const values = (name: string) => new Set(tried.map((each) => JSON.stringify(each[name])));
  return names.filter((name) => values(name).size > 1);
}

function mean(values: readonly number[]): number | null {
  return spreadOf(values)?.mean ?? null;
}

/** Returns hyperparameters as "trees 300, maxFeatures sqrt"; `names` picks some of them. */
export function parametersText(parameters: Parameters, names = Object.keys(parameters)): string {
  const texts = names.map((name) => `${name} ${valueText(parameters[name])}`);
  return texts.length > 0 ? texts.join(', ') : 'none';
}

/** Returns one hyperparameter; one that was not named is left to the estimator. */
function valueText(value: Parameters[string] | undefined): string {
  return Array.isArray(value) ? value.join('-') : String(value ?? 'default');
}
