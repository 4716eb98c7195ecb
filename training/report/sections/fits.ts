import type { CandidateResults } from '../../baselines/results.ts';
import { figure } from '../blocks.ts';
import { percent, plural, score } from '../format.ts';
import type { Markup } from '../markup.ts';
import { barPlot } from '../plots/bars.ts';
import { linePlot } from '../plots/lines.ts';

const TOP_FEATURES = 25;

/** UAR of each fold by actor, with the actors that it was tested on. */
export function foldPlot({ family, title, unseen }: CandidateResults): Markup {
  const { folds, speech, song } = unseen;
  const isMixed = speech !== null && song !== null;
  const rows = folds.map(({ testActors, scores }) => {
    const uar = scores.unweightedAverageRecall;
    return { label: `actors ${testActors.join(' ')}`, values: [uar], text: score(uar) };
  });
  const uars = folds.map(({ scores }) => scores.unweightedAverageRecall);
  const spread = `From ${score(Math.min(...uars))} to ${score(Math.max(...uars))}: how much it depends on who speaks.`;
  return figure(
    'UAR of each fold by actor',
    barPlot({
      id: `${family}-folds`,
      title: `UAR of each fold, ${title.toLowerCase()}`,
      description: rows.map(({ label, text }) => `${label}: ${text}.`).join(' '),
      rows,
      domain: [0, 1],
      axis: `unweighted average recall${isMixed ? ', speech and song' : ''}`,
      labelWidth: 190,
      rowHeight: rows.length > 8 ? 20 : 30,
      format: (value) => value.toFixed(1),
    }),
    isMixed
      ? `${spread} These are speech and song together: not to be compared with the figure for speech alone.`
      : spread,
  );
}

/** Mean loss after each epoch or round; nothing for a family that has none. */
export function learningPlot({ family, title, seed, unseen }: CandidateResults): Markup | null {
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
    'Learning curve',
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
    `Loss on the samples that are learned from: it tells that training has settled, not how well strangers are heard.`,
  );
}

/** The features that matter most to a candidate; nothing for a family that cannot tell. */
export function importancePlot(
  { family, title, unseen: { folds } }: CandidateResults,
  featureNames: readonly string[],
): Markup | null {
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
    .map(({ label, mean, range }) => ({ label, values: [mean], range, text: percent(mean) }));
  const share = rows.reduce((sum, { values }) => sum + values[0], 0);
  return figure(
    `The ${plural(rows.length, 'feature')} that matter most`,
    barPlot({
      id: `${family}-importance`,
      title: `The ${plural(rows.length, 'feature')} that matter most, ${title.toLowerCase()}`,
      description: rows.map(({ label, text }) => `${label}: ${text}.`).join(' '),
      rows,
      domain: [0, Math.max(...rows.map(({ range }) => range[1]))],
      axis: 'share of the importance',
      labelWidth: 225,
      rowHeight: 20,
      format: (value) => percent(value),
    }),
    `Mean of the folds by actor; the whiskers go from the lowest fold to the highest. These ${rows.length} of ${featureNames.length} features make up ${percent(share, 0)} of the whole.`,
  );
}
