import type { NetworkResults } from '../../../network/results.ts';
import { figure, table } from '../../blocks.ts';
import { score } from '../../format.ts';
import { type Markup, markup } from '../../markup.ts';
import { dotPlot } from '../../plots/dots.ts';
import { spreadOf, spreadText, summarizeSeeds, uarOf } from '../spread.ts';
import { modelText, NOT_MEASURED } from '../wording.ts';

/** How much the figure depends on the seed and on who speaks. */
export function seedsReport(results: NetworkResults): Markup {
  const { seeds } = results.unseen;
  const { uar, basis } = summarizeSeeds(results);
  const folds = foldsOf(results);
  return markup`<section id="seeds"><h2>Seeds and folds</h2>
${
  seeds.length === 0
    ? markup`<p class="aside">${NOT_MEASURED}</p>`
    : markup`<p>UAR of each seed's average on the speech of unseen speakers: <strong>${spreadText(uar)}</strong> (${basis}). Seeds decide the first weights, the order of the batches and every augmentation.</p>
<div class="pair">
${figure('UAR by fold', foldPlot(results), 'How far the circles of a line lie apart is chance; how far the lines do is who speaks.')}
${table({
  caption: 'UAR of each seed on each fold, speech',
  head: ['Seed', ...folds.map(({ fold }) => `Fold ${fold}`), 'Pooled'],
  rows: [
    ...seeds.map((seed) => [
      seed.seed,
      ...folds.map(({ fold }) => score(uarOf(seed, fold))),
      score(seed.speech.unweightedAverageRecall),
    ]),
    [
      'mean ± sd',
      ...folds.map(({ fold }) => spreadText(spreadOf(seeds.map((seed) => uarOf(seed, fold))))),
      seeds.every(({ folds: own }) => own.length === folds.length) ? spreadText(uar) : score(null),
    ],
  ],
})}</div>
${seeds.some(({ folds: own }) => own.length < folds.length) && markup`<p class="aside">A dash: this seed was not run on this fold. Its pooled figure is over the folds that it was run on, and not to be compared with those over all.</p>`}`
}
</section>`;
}

function foldsOf({ unseen: { seeds } }: NetworkResults) {
  const byNumber = new Map(seeds.flatMap(({ folds }) => folds.map((fold) => [fold.fold, fold])));
  return [...byNumber.values()].sort((a, b) => a.fold - b.fold);
}

function foldPlot(results: NetworkResults): Markup {
  const { seeds, ensemble } = results.unseen;
  const { complete } = summarizeSeeds(results);
  const values = (fold: number) => seeds.flatMap((seed) => uarOf(seed, fold) ?? []);
  const pooled = complete.map(({ speech }) => speech.unweightedAverageRecall);
  const average = ensemble.speech.unweightedAverageRecall;
  const rows = [
    ...foldsOf(results).map(({ fold, actors }) => ({
      label: `fold ${fold}: actors ${actors.join(' ')}`,
      values: [values(fold), []],
    })),
    { label: 'all folds, pooled', values: [pooled, [average]] },
  ];
  const all = rows.flatMap((row) => row.values.flat());
  return dotPlot({
    id: 'folds',
    title: 'UAR of each seed on each fold by actor, speech',
    description: rows
      .map(({ label, values: [own, [mean]] }) => {
        const shipped = mean === undefined ? '' : `; ${modelText(results)}: ${score(mean)}`;
        return `${label}: ${own.map(score).join(', ') || 'no seed on all folds'}${shipped}.`;
      })
      .join(' '),
    series: [
      { name: 'each seed alone', shape: 'circle' },
      { name: 'what ships', shape: 'diamond' },
    ],
    rows,
    domain: [
      Math.floor(Math.max(0, Math.min(...all) - 0.02) * 20) / 20,
      Math.ceil(Math.min(1, Math.max(...all) + 0.02) * 20) / 20,
    ],
    axis: 'unweighted average recall',
    labelWidth: 200,
    format: (value) => value.toFixed(2),
  });
}
