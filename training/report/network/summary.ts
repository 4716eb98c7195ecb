import type { NetworkResults } from '../../network/results.ts';
import { percent, points, score } from '../format.ts';
import { conditionLosses } from './failures.ts';
import { refusedText } from './no-speech.ts';
import { protocolGroups } from './protocols.ts';
import { corpusTitle, useText } from './wording.ts';

/** Returns the outcome of a run for a terminal: data, protocols, conditions, confidence. */
export function networkSummary(results: NetworkResults): string {
  const { data, calibration, timeline } = results;
  const worst = conditionLosses(results)[0];
  const { coverage, accuracy, threshold, errorAfter } = calibration;
  return [
    '',
    ...data.flatMap((corpus) => [
      `${corpusTitle(corpus)}: ${useText(corpus)}`,
      ...corpus.excluded.map(({ id, reason }) => `  left out: ${id}, ${reason}`),
    ]),
    ...protocolGroups(results).flatMap(({ name, rows }) => [
      '',
      name,
      ...rows.map(
        ({ model, figures: [right, uar] }) => `  ${model}: accuracy ${right}, UAR ${uar}`,
      ),
    ]),
    '',
    `Below ${percent(threshold, 0)} it says "uncertain": it answers ${percent(coverage)} of the notes of strangers, ${percent(accuracy)} of them rightly. Expected calibration error ${score(errorAfter)}.`,
    worst ? `Worst condition: ${worst.name}, ${points(worst.loss)} points of UAR lost.` : null,
    results.noSpeech.length > 0 ? `"No speech" was answered to ${refusedText(results)}.` : null,
    timeline
      ? `Of the time of long notes ${percent(timeline.timeWeightedAccuracy)} is labelled rightly.`
      : null,
  ]
    .filter((line) => line !== null)
    .join('\n');
}
