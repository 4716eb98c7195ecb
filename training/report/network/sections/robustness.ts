import type { NetworkResults } from '../../../network/results.ts';
import { figure, table } from '../../blocks.ts';
import { points, score } from '../../format.ts';
import { type Markup, markup } from '../../markup.ts';
import { conditionLosses } from '../failures.ts';
import { robustnessPlot } from '../pictures.ts';
import { conditionText, NOT_MEASURED } from '../wording.ts';

/** What real microphones, rooms and codecs cost. */
export function robustnessReport(results: NetworkResults): Markup {
  const [clean] = results.robustness;
  const plot = robustnessPlot(results);
  if (!clean || !plot) {
    return markup`<section id="robustness"><h2>Bad conditions</h2><p class="aside">${NOT_MEASURED}</p></section>`;
  }
  return markup`<section id="robustness"><h2>Bad conditions</h2>
<p>The speech of unseen speakers once more, each recording under one fixed condition. The noises are everyday sounds that no network heard in training.</p>
<div class="pair">
${figure('Points of UAR lost', plot, 'Against the same recordings as they are. Below 0: better than clean.')}
${table({
  caption: 'UAR under each condition, and the points lost',
  head: ['Condition', 'Accuracy', 'UAR', 'Points lost'],
  rows: [
    [
      conditionText(clean.condition),
      score(clean.accuracy),
      score(clean.unweightedAverageRecall),
      score(null),
    ],
    ...conditionLosses(results).map(({ name, accuracy, uar, loss }) => [
      ...[name, score(accuracy), score(uar), points(loss)],
    ]),
  ],
})}</div></section>`;
}
