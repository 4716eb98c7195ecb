import type { CorpusSummary, NetworkResults } from '../../../network/results.ts';
import { table } from '../../blocks.ts';
import { plural, whole } from '../../format.ts';
import { type Markup, markup } from '../../markup.ts';
import { corpusTitle, NOT_MEASURED, useText } from '../wording.ts';

/** What the run was trained and tested on, and what was left out. */
export function corporaReport({ data, classes }: NetworkResults): Markup {
  return markup`<section id="data"><h2>The data</h2>
${data.length === 0 && markup`<p class="aside">${NOT_MEASURED}</p>`}
${data.map((corpus) => corpusReport(corpus, classes))}
</section>`;
}

function corpusReport(corpus: CorpusSummary, classes: readonly string[]): Markup {
  const { excluded, byChannel } = corpus;
  const channels = Object.entries(byChannel);
  const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);
  const present = [...classes.keys()].filter((i) => channels.some(([, counts]) => counts[i] > 0));
  return markup`<h3>${corpusTitle(corpus)}</h3>
<p>${useText(corpus)}. ${excluded.length === 0 ? 'None was' : `${plural(excluded.length, 'recording')} ${excluded.length === 1 ? 'was' : 'were'}`} left out.</p>
<div class="pair">
${table({
  caption: `Recordings of each emotion, ${corpusTitle(corpus)}`,
  head: ['Emotion', ...channels.map(([channel]) => channel)],
  rows: [
    ...present.map((i) => [classes[i], ...channels.map(([, counts]) => whole(counts[i]))]),
    ['all', ...channels.map(([, counts]) => whole(sum(counts)))],
  ],
})}
${
  excluded.length > 0 &&
  table({
    caption: `Left out of ${corpusTitle(corpus)}, and why`,
    head: ['Recording', 'Reason'],
    words: [1],
    rows: excluded.map(({ id, reason }) => [id, reason]),
  })
}
</div>`;
}
