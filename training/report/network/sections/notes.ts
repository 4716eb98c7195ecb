import type { NetworkResults } from '../../../network/results.ts';
import { table } from '../../blocks.ts';
import { percent, plural, whole } from '../../format.ts';
import { type Markup, markup } from '../../markup.ts';
import { refusalsByKind } from '../no-speech.ts';
import { NOT_MEASURED } from '../wording.ts';

/** What is no speech, and how long notes are told. */
export function notesReport(results: NetworkResults): Markup {
  const { noSpeech, timeline } = results;
  return markup`<section id="notes"><h2>No speech, and long notes</h2>
<div class="pair"><div>
${
  noSpeech.length > 0
    ? markup`${table({
        caption: 'Recordings answered “no speech”',
        head: ['Recordings', 'Number', '“No speech”', 'Share'],
        rows: rowsOf(refusalsByKind(results)),
      })}<p class="aside">Of sounds it should be all, of voices none.</p>
<details><summary>Every kind of sound and voice</summary>
${table({
  caption: 'Recordings answered “no speech”, in detail',
  head: ['Recordings', 'Number', '“No speech”', 'Share'],
  rows: rowsOf(noSpeech),
})}</details>`
    : markup`<p class="heading">Recordings answered “no speech”</p><p class="aside">${NOT_MEASURED}</p>`
}
</div><div>
${
  timeline
    ? markup`${table({
        caption: 'Share of the time of long notes that is labelled rightly',
        head: ['Timeline', 'Time-weighted accuracy'],
        rows: [
          ['as shipped, smoothed', percent(timeline.timeWeightedAccuracy)],
          ['without smoothing', percent(timeline.withoutSmoothing)],
        ],
      })}<p class="aside">${plural(timeline.notes, 'note')}, ${(timeline.seconds / 60).toFixed(1)} minutes together, joined from recordings of unseen speakers in different emotions.</p>`
    : markup`<p class="heading">Long notes</p><p class="aside">${NOT_MEASURED}</p>`
}
</div></div></section>`;
}

function rowsOf(refusals: NetworkResults['noSpeech']): string[][] {
  return refusals.map(({ name, clips, refused }) => [
    ...[name, whole(clips), whole(refused), percent(refused / clips)],
  ]);
}
