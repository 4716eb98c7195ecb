import type { NetworkResults } from '../../../network/results.ts';
import { dateText, listed, percent, plural, points, score } from '../../format.ts';
import { type Markup, markup } from '../../markup.ts';
import { conditionLosses } from '../failures.ts';
import { refusalsByKind } from '../no-speech.ts';
import { summarizeSeeds } from '../spread.ts';
import { corpusTitle, modelText } from '../wording.ts';

/** What was trained on what, when, and the headline figures. */
export function networkHeader(results: NetworkResults): Markup {
  const { created, data, model } = results;
  const clips = data.reduce((sum, corpus) => sum + corpus.clips, 0);
  return markup`<header>
<p class="eyebrow">Undertone · report of the network</p>
<h1>How well strangers are heard</h1>
<p class="lead-in">${data.length > 0 && `${listed(data.map(corpusTitle))}, ${plural(clips, 'recording')} · `}${dateText(created)}</p>
<p>What ships is ${modelText(results).replace(', which ships', '')}, ${plural(model.parameters, 'parameter')} in ${(model.bytes / 1e6).toFixed(1)} MB of ONNX, SHA-256 <code>${model.sha256}</code>.</p>
<dl class="tiles many">${tiles(results).map(([value, name]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</header>`;
}

function tiles(results: NetworkResults): [value: string, name: string][] {
  const { unseen, cremaD, calibration } = results;
  const { uar, basis } = summarizeSeeds(results);
  const worst = conditionLosses(results)[0];
  const [sounds] = refusalsByKind(results);
  const notMeasured = (name: string) => [score(null), `${name}: not measured`] as [string, string];
  const spread = uar?.deviation == null ? '' : `± ${score(uar.deviation)}: `;
  return [
    [
      score(unseen.ensemble.speech.unweightedAverageRecall),
      `UAR on the speech of unseen speakers, by ${modelText(results)}`,
    ],
    uar
      ? [score(uar.mean), `${spread}UAR by one seed (${basis})`]
      : notMeasured('one seed and another'),
    cremaD
      ? [
          score(cremaD.scores.unweightedAverageRecall),
          'UAR on CREMA-D, actors never trained on, six emotions',
        ]
      : notMeasured('CREMA-D'),
    [score(calibration.errorAfter), 'expected calibration error on unseen speakers'],
    [percent(calibration.coverage), 'of strangers’ recordings answered; the rest is “uncertain”'],
    [percent(calibration.accuracy), 'right, of what is answered'],
    worst
      ? [points(worst.loss), `points of UAR lost, at worst: ${worst.name}`]
      : notMeasured('robustness'),
    sounds
      ? [percent(sounds.refused / sounds.clips), `of ${sounds.name} answered “no speech”`]
      : notMeasured('sounds without speech'),
  ];
}
