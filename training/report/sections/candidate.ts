import type { CandidateResults, Results } from '../../baselines/results.ts';
import { parametersText, score } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import { PROTOCOL_TEXT } from '../wording.ts';
import { foldPlot, importancePlot, learningPlot } from './fits.ts';
import { scoresReport } from './scores.ts';
import { searchReport } from './search.ts';

/** Everything that was measured on one candidate. */
export function candidateReport(candidate: CandidateResults, results: Results): Markup {
  const { family, title, seed, unseen } = candidate;
  const { classes, chosen, final, featureNames } = results;
  const speech = unseen.speech
    ? markup`<h3>${PROTOCOL_TEXT.unseenSpeech.name}: UAR ${score(unseen.speech.unweightedAverageRecall)}</h3>
${scoresReport(unseen.speech, { id: `${family}-speech`, of: `${title.toLowerCase()}, speech of unseen speakers`, classes })}`
    : markup`<h3>${PROTOCOL_TEXT.unseenSpeech.name}</h3><p>There is no speech in the data.</p>`;
  const fits = [foldPlot(candidate), learningPlot(candidate)];
  const importance = importancePlot(candidate, featureNames);
  return markup`<section id="candidate-${family}"><h2>${title}${family === chosen && markup` <span class="badge">chosen</span>`}</h2>
${family === chosen && markup`<p>The model that is shipped was fitted on all recordings with ${parametersText(final.parameters)}: ${(final.modelBytes / 1024).toFixed(0)} KiB, SHA-256 <code>${final.sha256}</code>.</p>`}
${speech}
<h3>Under the hood</h3>
<div class="pair">${importance ? markup`<div>${fits}</div>${importance}` : fits}</div>
${searchReport(candidate, results)}
<h3>${PROTOCOL_TEXT.seed.name}: UAR ${score(seed.scores.unweightedAverageRecall)}</h3>
<p class="aside">${PROTOCOL_TEXT.seed.meaning}</p>
${scoresReport(seed.scores, { id: `${family}-seed`, of: `${title.toLowerCase()}, random split`, classes })}
</section>`;
}
