import type { NetworkResults } from '../../../network/results.ts';
import { figure, scrolling, table } from '../../blocks.ts';
import { score } from '../../format.ts';
import { type Markup, markup } from '../../markup.ts';
import { barPlot } from '../../plots/bars.ts';
import { MEASURES } from '../../wording.ts';
import { MEASURED, protocolGroups } from '../protocols.ts';
import { REFERENCES, REFERENCES_CAVEAT } from '../references.ts';
import { summarizeSeeds } from '../spread.ts';
import { networkCount } from '../wording.ts';

/** Every protocol in one table, and what others reached. */
export function protocolComparison(results: NetworkResults): Markup {
  const columns = 2 + MEASURED.length;
  return markup`<section id="comparison"><h2>The protocols, side by side</h2>
${scrolling(markup`<table class="wide"><caption>What was measured under each protocol</caption>
<thead><tr><th scope="col" class="word">Model</th><th scope="col" class="figure">Recordings</th>${MEASURED.map(({ name }) => markup`<th scope="col" class="figure">${name}</th>`)}</tr></thead>
${protocolGroups(results).map(
  ({
    name,
    meaning,
    rows,
  }) => markup`<tbody><tr><th scope="rowgroup" colspan="${columns}" class="group"><strong>${name}</strong><span class="explain">${meaning}</span></th></tr>
${rows.map(
  ({ model, recordings, figures }) =>
    markup`<tr><th scope="row" class="word">${model}</th><td class="figure">${recordings}</td>${figures.map((text) => markup`<td class="figure">${text}</td>`)}</tr>`,
)}</tbody>`,
)}</table>`)}
<div class="pair">
${figure('Beside what others published', referencePlot(results), REFERENCES_CAVEAT)}
<div>
${table({
  caption: 'Published figures on the speech of unseen RAVDESS actors',
  head: ['System', 'Figure', 'Measure', 'Pretrained'],
  words: [2, 3],
  rows: REFERENCES.map(({ name, value, measure, isPretrained }) => [
    name,
    score(value),
    measure,
    isPretrained ? 'yes' : 'no',
  ]),
})}
<p class="heading">What the measures mean</p><dl class="terms">${MEASURES.map(([name, meaning]) => markup`<div><dt>${name}</dt><dd>${meaning}</dd></div>`)}</dl></div></div>
</section>`;
}

function referencePlot(results: NetworkResults): Markup {
  const { uar } = summarizeSeeds(results);
  const ensemble = results.unseen.ensemble.speech.unweightedAverageRecall;
  const own = [
    { name: 'Undertone, one seed', value: uar?.mean },
    {
      name: `Undertone, ${networkCount(results) > 1 ? 'average' : 'as shipped'}`,
      value: ensemble,
    },
  ].flatMap(({ name, value }) =>
    value === undefined ? [] : [{ label: name, values: [value, 0], text: score(value), value }],
  );
  const others = REFERENCES.map(({ name, value, measure }) => ({
    label: measure === 'accuracy' ? `${name} (accuracy)` : name,
    ...{ values: [0, value], text: score(value), value },
  }));
  const rows = [...own, ...others].sort((a, b) => a.value - b.value);
  return barPlot({
    id: 'references',
    title: 'Undertone and published systems on the speech of unseen RAVDESS actors',
    description: rows.map(({ label, text }) => `${label}: ${text}.`).join(' '),
    series: ['Undertone', 'published'],
    rows,
    domain: [0, 1],
    axis: 'UAR, where no accuracy is told',
    labelWidth: 230,
    format: (value) => value.toFixed(1),
  });
}
