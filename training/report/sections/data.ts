import type { Counts, Results } from '../../baselines/results.ts';
import { figure, table } from '../blocks.ts';
import { listed, plural, whole } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import { barPlot } from '../plots/bars.ts';
import { boxPlot } from '../plots/box.ts';

/** What the run was trained and tested on, and what was left out. */
export function dataReport({ data, classes }: Results): Markup {
  const columns = [...Object.entries(data.byChannel), ...Object.entries(data.byIntensity)];
  const total = (i: number) => sum(Object.values(data.byChannel).map((counts) => counts[i]));
  const actors = Object.keys(data.byActor).sort((a, b) => Number(a) - Number(b));
  const absences = columns
    .map(([name, counts]) => ({ name, absent: classes.filter((_, i) => counts[i] === 0) }))
    .filter(({ absent }) => absent.length > 0)
    .map(({ name, absent }) => `Not among ${name}: ${listed(absent)}.`)
    .join(' ');
  return markup`<section id="data"><h2>The data</h2>
<p>${plural(data.clips, 'recording')} were used; ${data.excluded.length === 0 ? 'none was' : plural(data.excluded.length, 'recording')} left out${data.others > 0 && `; ${plural(data.others, 'other file')} in the folder ${data.others === 1 ? 'is' : 'are'} no recordings of the corpus`}.</p>
<div class="pair">
${figure('Recordings of each emotion', classPlot(classes, data.byChannel), `${absences} Training parts are balanced by SMOTE, test parts are left as they are.`)}
${figure('Durations', durationPlot(data.durations, data.speechDurations), 'Seconds of a recording, and of the voice in it after silence is trimmed: the box holds the middle half, the line the median, the whiskers all.')}
</div>
${table({
  caption: 'Recordings of each emotion, by channel and by intensity',
  head: ['Emotion', ...columns.map(([name]) => capital(name)), 'Total'],
  rows: [
    ...classes.map((name, i) => [
      name,
      ...columns.map(([, counts]) => whole(counts[i])),
      whole(total(i)),
    ]),
    ['all', ...columns.map(([, counts]) => whole(sum(counts))), whole(data.clips)],
  ],
})}
<details><summary>Recordings of each actor</summary>
${table({
  caption: 'Recordings of each actor, by emotion',
  head: ['Actor', ...classes.map(capital), 'Total'],
  rows: actors.map((actor) => [
    actor,
    ...data.byActor[actor].map(whole),
    whole(sum(data.byActor[actor])),
  ]),
})}</details>
${
  data.excluded.length > 0 &&
  table({
    caption: 'Recordings left out, and why',
    head: ['Recording', 'Reason'],
    words: [1],
    rows: data.excluded.map(({ id, reason }) => [id, reason]),
  })
}
</section>`;
}

function classPlot(classes: readonly string[], byChannel: Counts): Markup {
  const channels = Object.entries(byChannel);
  const rows = classes.map((label, i) => {
    const values = channels.map(([, counts]) => counts[i]);
    return { label, values, text: whole(sum(values)) };
  });
  return barPlot({
    id: 'classes',
    title: 'Recordings of each emotion',
    description: rows
      .map(({ label, values }) => {
        const parts = channels.map(([channel], k) => `${values[k]} ${channel}`);
        return `${label}: ${parts.join(', ')}.`;
      })
      .join(' '),
    series: channels.map(([channel]) => channel),
    rows,
    domain: [0, Math.max(1, ...rows.map(({ values }) => sum(values)))],
    axis: 'recordings',
    labelWidth: 96,
    format: whole,
  });
}

function durationPlot(recordings: readonly number[], speech: readonly number[]): Markup {
  const words = ([low, first, median, third, high]: readonly number[]) =>
    `${low} to ${high} seconds, half of them ${first} to ${third}, median ${median}`;
  return boxPlot({
    id: 'durations',
    title: 'Durations of recordings and of the speech in them',
    description: `Recordings: ${words(recordings)}. Speech: ${words(speech)}.`,
    rows: [
      { label: 'recording', quartiles: recordings },
      { label: 'voice in it', quartiles: speech },
    ],
    axis: 'seconds',
    unit: 's',
  });
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
