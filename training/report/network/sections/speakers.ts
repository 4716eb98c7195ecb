import type { NamedScores, NetworkResults } from '../../../network/results.ts';
import { figure, table } from '../../blocks.ts';
import { plural, score, whole } from '../../format.ts';
import { type Markup, markup } from '../../markup.ts';
import { actorsFromWorst, actorText } from '../failures.ts';
import { actorPlot } from '../pictures.ts';
import { spreadOf, spreadText } from '../spread.ts';
import { NOT_MEASURED } from '../wording.ts';

/** How much depends on who speaks, and how. */
export function speakersReport(results: NetworkResults): Markup {
  const { unseen, cremaD } = results;
  const plot = actorPlot(results);
  return markup`<section id="speakers"><h2>Who speaks</h2>
<div class="pair">
${
  plot
    ? figure('UAR of each actor', plot, actorSpread(unseen.actors, 'RAVDESS speech'))
    : markup`<div><p class="heading">UAR of each actor</p><p class="aside">${NOT_MEASURED}</p></div>`
}
<div>
${table({
  caption: 'Groups of recordings, speakers unseen',
  head: ['Group', 'Recordings', 'Accuracy', 'UAR'],
  rows: groupRows(results).map(({ name, scores }) => [
    name,
    whole(scores.clips),
    score(scores.accuracy),
    score(scores.unweightedAverageRecall),
  ]),
})}
<p class="aside">Groups differ in more than their name tells: neutral has no strong intensity, and song lacks disgust and surprise.</p>
${cremaD && cremaD.actors.length > 0 && markup`<p>${actorSpread(cremaD.actors, 'CREMA-D')}</p>`}
</div></div></section>`;
}

/** Returns the groups of every corpus that have figures, speech and song among them. */
export function groupRows({ unseen, cremaD }: NetworkResults): NamedScores[] {
  const { speech, song } = unseen.ensemble;
  return [
    { name: 'speech', scores: speech },
    ...unseen.groups.map(({ name, scores }) => ({ name: `speech, ${name}`, scores })),
    ...(song ? [{ name: 'song', scores: song }] : []),
    ...(cremaD?.groups ?? []).map(({ name, scores }) => ({ name: `CREMA-D, ${name}`, scores })),
  ];
}

/** Returns spread, worst and best of some actors in words. */
export function actorSpread(actors: NetworkResults['unseen']['actors'], corpus: string): string {
  const sorted = actorsFromWorst(actors);
  const [worst, best] = [sorted[0], sorted.at(-1)];
  if (!worst || !best) return `${corpus}: ${NOT_MEASURED.toLowerCase()}`;
  const uar = spreadOf(sorted.map((actor) => actor.unweightedAverageRecall));
  return `${corpus}, ${plural(sorted.length, 'actor')}: mean UAR ${spreadText(uar)} (sd over actors); worst ${actorText(worst)} with ${score(worst.unweightedAverageRecall)}, best ${actorText(best)} with ${score(best.unweightedAverageRecall)}.`;
}
