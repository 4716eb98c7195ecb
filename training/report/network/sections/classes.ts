import type { Scores } from '../../../metrics.ts';
import type { NetworkResults } from '../../../network/results.ts';
import { score } from '../../format.ts';
import { type Markup, markup } from '../../markup.ts';
import { scoresReport } from '../../sections/scores.ts';
import { modelText, NETWORK_PROTOCOL_TEXT, NOT_MEASURED } from '../wording.ts';

/** Emotion by emotion, under every protocol; the one that leaks says so. */
export function classesReport(results: NetworkResults): Markup {
  const { unseen, cremaD, randomSplit, classes } = results;
  const model = modelText(results);
  const [first] = randomSplit;
  const parts: [key: keyof typeof NETWORK_PROTOCOL_TEXT, scores: Scores | null, by: string][] = [
    ['unseenSpeech', unseen.ensemble.speech, model],
    ['unseenSong', unseen.ensemble.song, model],
    ['cremaD', cremaD?.scores ?? null, model],
    ['seed', first ?? null, first ? `seed ${first.seed}` : ''],
  ];
  return markup`<section id="emotions"><h2>Emotion by emotion</h2>
${parts.map(([key, scores, by]) => {
  const { name } = NETWORK_PROTOCOL_TEXT[key];
  const leaks = key === 'seed' && markup` <span class="badge">leaks speakers</span>`;
  if (!scores) return markup`<h3>${name}${leaks}</h3><p class="aside">${NOT_MEASURED}</p>`;
  return markup`<h3>${name}: UAR ${score(scores.unweightedAverageRecall)}${leaks}</h3>
<p class="aside">By ${by}.${key === 'seed' && ` ${NETWORK_PROTOCOL_TEXT.seed.meaning}`}</p>
${scoresReport(scores, { id: key, of: name, classes })}`;
})}
</section>`;
}
