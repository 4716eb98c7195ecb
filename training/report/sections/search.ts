import type { Parameters } from '../../baselines/families.ts';
import type { SearchPoint, Trial } from '../../baselines/protocols.ts';
import type { CandidateResults, Results } from '../../baselines/results.ts';
import { figure, table } from '../blocks.ts';
import { isFigure, parametersText, plural, score, valueText } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import { dotPlot } from '../plots/dots.ts';

interface Combination {
  readonly letter: string;
  readonly parameters: Parameters;
  /** Mean inner UAR in the search of each fold by actor. */
  readonly unseen: readonly number[];
  readonly seed: readonly number[];
  readonly final: readonly number[];
  /** In how many folds it won. */
  readonly wins: number;
}

/** What the hyperparameter searches of a candidate tried; nothing when they tried nothing. */
export function searchReport(candidate: CandidateResults, { chosen, final }: Results): Markup {
  const { family, title, searchKind, seed, unseen } = candidate;
  const finalSearch = family === chosen ? final.search : [];
  const combinations = collect(unseen.folds, seed, finalSearch);
  if (combinations.length === 0) {
    return markup`<h4>Hyperparameters</h4><p>Not searched; all fits used: ${parametersText(seed.parameters)}.</p>`;
  }
  const varied = variedNames(combinations.map(({ parameters }) => parameters));
  const fixed = Object.keys(seed.parameters).filter((name) => !varied.includes(name));
  const kind = searchKind === 'grid' ? 'Grid search' : 'Randomized search';
  return markup`<h4>Hyperparameters</h4>
<p>${kind} over ${plural(combinations.length, 'combination')}, by cross-validation inside every training part; the test actors of a fold had no say.${fixed.length > 0 && ` Fixed: ${parametersText(seed.parameters, fixed)}.`}</p>
${figure(
  'What each combination scored',
  searchPlot(candidate, combinations),
  `One circle for the search of each fold by actor, a diamond for the search inside the random split, where speakers leak into validation too${finalSearch.length > 0 ? ', a triangle for the last one, on all actors' : ''}.`,
)}
${table({
  caption: `Combinations tried, ${title.toLowerCase()}: mean UAR on the validation parts`,
  head: [
    'Key',
    'Mean of folds',
    'Won',
    'Random split',
    ...(finalSearch.length > 0 ? ['All actors'] : []),
    ...varied,
  ],
  rows: combinations.map(({ letter, parameters, wins, ...scores }) => [
    letter,
    score(mean(scores.unseen)),
    plural(wins, 'fold'),
    score(mean(scores.seed)),
    ...(finalSearch.length > 0 ? [score(mean(scores.final))] : []),
    ...varied.map((name) => valueText(parameters[name])),
  ]),
})}`;
}

function searchPlot({ family, title }: CandidateResults, combinations: readonly Combination[]) {
  const all = combinations.flatMap(({ unseen, seed, final }) => [...unseen, ...seed, ...final]);
  const hasFinal = combinations.some(({ final }) => final.length > 0);
  const low = Math.floor(Math.min(1, ...all) * 20) / 20;
  const high = Math.ceil(Math.max(low + 0.05, ...all) * 20) / 20;
  return dotPlot({
    id: `${family}-search`,
    title: `Search results, ${title.toLowerCase()}`,
    description: combinations
      .map(({ letter, unseen, seed }) => {
        const inFolds = unseen.map(score).join(', ');
        return `${letter}: folds by actor ${inFolds || 'none'}; random split ${score(mean(seed))}.`;
      })
      .join(' '),
    series: [
      { name: 'each fold by actor', shape: 'circle' },
      { name: 'random split', shape: 'diamond' },
      ...(hasFinal ? [{ name: 'all actors', shape: 'triangle' } as const] : []),
    ],
    rows: combinations.map(({ letter, unseen, seed, final }) => ({
      label: letter,
      values: hasFinal ? [unseen, seed, final] : [unseen, seed],
    })),
    domain: [low, high],
    axis: 'mean validation UAR',
    labelWidth: 44,
    isJoined: false,
    format: (value) => value.toFixed(2),
  });
}

/** Brings the searches of all fits together, one entry for each combination that was tried. */
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
  return values.length > 0 ? values.reduce((a, b) => a + b, 0) / values.length : null;
}
