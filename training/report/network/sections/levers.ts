import type { NetworkResults } from '../../../network/results.ts';
import { figure, table } from '../../blocks.ts';
import { points, score } from '../../format.ts';
import { type Markup, markup } from '../../markup.ts';
import { barPlot } from '../../plots/bars.ts';
import { NOT_MEASURED } from '../wording.ts';

/** What each lever brought, in the order in which they were pulled. */
export function leversReport({ unseen: { levers } }: NetworkResults): Markup {
  if (levers.length === 0) {
    return markup`<section id="levers"><h2>What each lever brings</h2><p class="aside">${NOT_MEASURED}</p></section>`;
  }
  const bases = new Set(levers.map(({ folds }) => folds.join()));
  return markup`<section id="levers"><h2>What each lever brings</h2>
<p>UAR on the speech of unseen speakers, one lever after another.${bases.size > 1 && ' Not all were measured on the same folds: compare only those that were.'}</p>
<div class="pair">
${figure('UAR with each lever', leverPlot(levers, bases.size > 1), 'From top to bottom, one lever after another.')}
${table({
  caption: 'UAR with each lever, and the points that it brings',
  head: ['Lever', 'UAR', 'Points gained', 'Folds'],
  words: [3],
  rows: levers.map(({ name, uar, folds }, i) => {
    const before = levers[i - 1];
    const isComparable = before && before.folds.join() === folds.join();
    return [name, score(uar), points(isComparable ? uar - before.uar : null), folds.join(' ')];
  }),
})}</div></section>`;
}

function leverPlot(levers: NetworkResults['unseen']['levers'], isMixed: boolean): Markup {
  const rows = levers.map(({ name, uar, folds }) => ({
    label: isMixed ? `${name}, folds ${folds.join(' ')}` : name,
    values: [uar],
    text: score(uar),
  }));
  const longest = Math.max(...rows.map(({ label }) => label.length));
  return barPlot({
    id: 'levers',
    title: 'UAR on the speech of unseen speakers with each lever',
    description: rows.map(({ label, text }) => `${label}: ${text}.`).join(' '),
    rows,
    domain: [0, 1],
    axis: 'unweighted average recall',
    labelWidth: Math.min(300, 24 + longest * 7),
    rowHeight: 30,
    format: (value) => value.toFixed(1),
  });
}
