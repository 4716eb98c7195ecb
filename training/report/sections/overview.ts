import type { CandidateResults, Results } from '../../baselines/results.ts';
import type { Scores } from '../../metrics.ts';
import { figure, scrolling } from '../blocks.ts';
import {
  choiceText,
  chosenOf,
  dateText,
  minutesText,
  percent,
  plural,
  score,
  whole,
} from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import { dotPlot } from '../plots/dots.ts';
import { MEASURES, PROTOCOL_TEXT, type Protocol } from '../wording.ts';

const PROTOCOLS: readonly {
  readonly key: Protocol;
  scoresOf(candidate: CandidateResults): Scores | null;
}[] = [
  { key: 'unseenSpeech', scoresOf: ({ unseen }) => unseen.speech },
  { key: 'unseenSong', scoresOf: ({ unseen }) => unseen.song },
  { key: 'seed', scoresOf: ({ seed }) => seed.scores },
];

const MEASURED = ['accuracy', 'unweightedAverageRecall', 'weightedF1', 'macroF1'] as const;

/** Data set, date, duration and seed of the run, and its figures in short. */
export function header(results: Results, dataName: string): Markup {
  const { created, minutes, options, data, calibration } = results;
  const best = chosenOf(results);
  const scores = best.unseen.speech ?? best.unseen.song;
  const heard = best.unseen.speech ? 'speech of unseen speakers' : 'song of unseen speakers';
  const tiles = [
    [score(scores?.unweightedAverageRecall), `UAR on ${heard}`],
    [percent(scores?.accuracy), 'right, if every recording is answered'],
    [percent(calibration.coverage), 'answered; the rest is “uncertain”'],
    [percent(calibration.accuracy), 'right, of what is answered'],
  ];
  return markup`<header>
<p class="eyebrow">Undertone · training report</p>
<h1>How well strangers are heard</h1>
<p class="lead-in">${dataName}, ${plural(data.clips, 'recording')} by ${plural(Object.keys(data.byActor).length, 'actor')} · ${dateText(created)} · ${minutesText(minutes)} · seed ${options.seed}</p>
<p>Figures of the model that was chosen, <strong>${best.title.toLowerCase()}</strong>:</p>
${options.isQuick && markup`<p class="notice"><strong>Quick run.</strong> Nothing was searched: each candidate took its first hyperparameters. Do not quote these figures.</p>`}
<dl class="tiles">${tiles.map(([value, name]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</header>`;
}

/** Both protocols for every candidate in one place, and which one was chosen. */
export function comparison(results: Results): Markup {
  const { candidates, chosen } = results;
  const group = ({ key, scoresOf }: (typeof PROTOCOLS)[number]) => {
    const { name, meaning } = PROTOCOL_TEXT[key];
    const best = (measure: (typeof MEASURED)[number]) =>
      Math.max(...candidates.map((candidate) => scoresOf(candidate)?.[measure] ?? 0));
    return markup`<tbody><tr><th scope="rowgroup" colspan="6" class="group"><strong>${name}</strong><span class="explain">${meaning}</span></th></tr>
${candidates.map((candidate) => {
  const scores = scoresOf(candidate);
  return markup`<tr><th scope="row" class="word">${candidate.title}${candidate.family === chosen && markup` <span class="badge">chosen</span>`}</th><td class="figure">${scores ? whole(scores.clips) : score(null)}</td>${MEASURED.map(
    (measure) => {
      const text = score(scores?.[measure]);
      return markup`<td class="figure">${scores?.[measure] === best(measure) ? markup`<strong>${text}</strong>` : text}</td>`;
    },
  )}</tr>`;
})}</tbody>`;
  };
  return markup`<section id="comparison"><h2>Two protocols, side by side</h2>
<p><strong>Chosen:</strong> ${choiceText(results)}</p>
${scrolling(markup`<table class="wide"><caption>Every candidate under both protocols; the best of each column is bold</caption>
<thead><tr><th scope="col" class="word">Candidate</th><th scope="col" class="figure">Recordings</th><th scope="col" class="figure">Accuracy</th><th scope="col" class="figure">UAR</th><th scope="col" class="figure">Weighted F1</th><th scope="col" class="figure">Macro F1</th></tr></thead>
${PROTOCOLS.map(group)}</table>`)}
<div class="pair">
${figure('How much the random split flatters', gapPlot(results), 'Between circle and diamond lies what knowing the voices (and the easier song) is worth; with a stranger it is gone.')}
<div><p class="heading">What the measures mean</p><dl class="terms">${MEASURES.map(([name, meaning]) => markup`<div><dt>${name}</dt><dd>${meaning}</dd></div>`)}</dl></div></div>
</section>`;
}

function gapPlot({ candidates }: Results): Markup {
  const uar = (scores: Scores | null) => (scores ? [scores.unweightedAverageRecall] : []);
  const sentences = candidates.map(
    ({ title, seed, unseen }) =>
      `${title}: speech of unseen speakers ${score(unseen.speech?.unweightedAverageRecall)}, song of unseen speakers ${score(unseen.song?.unweightedAverageRecall)}, random split ${score(seed.scores.unweightedAverageRecall)}.`,
  );
  return dotPlot({
    id: 'gap',
    title: 'UAR of every candidate under both protocols',
    description: sentences.join(' '),
    series: [
      { name: 'unseen, speech', shape: 'circle' },
      { name: 'unseen, song', shape: 'triangle' },
      { name: 'random split', shape: 'diamond' },
    ],
    rows: candidates.map(({ title, seed, unseen }) => ({
      label: title,
      values: [uar(unseen.speech), uar(unseen.song), uar(seed.scores)],
    })),
    domain: [0, 1],
    axis: 'unweighted average recall',
    labelWidth: 170,
  });
}
