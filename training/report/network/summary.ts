import type { NetworkResults } from '../../network/results.ts';
import { percent, score } from '../format.ts';

/** Returns the outcome of a network run for a terminal. */
export function networkSummary({
  unseen,
  randomSplit,
  cremaD,
  calibration,
  data,
}: NetworkResults): string {
  const { speech, song } = unseen.ensemble;
  const row = (name: string, value: string) => `  ${name.padEnd(44)} ${value}`;
  return [
    '',
    ...data.map(
      ({ name, clips, speakers, excluded }) =>
        `${name}: ${clips} recordings by ${speakers} speakers, ${excluded.length} left out`,
    ),
    '',
    'UAR on speakers never heard',
    ...unseen.seeds.map(({ seed, folds, speech: own }) =>
      row(`one network, seed ${seed}, ${folds.length} folds`, score(own.unweightedAverageRecall)),
    ),
    row('the average that ships, speech', score(speech.unweightedAverageRecall)),
    row('the average that ships, song', score(song?.unweightedAverageRecall)),
    row(
      'CREMA-D, actors never trained on, 6 emotions',
      score(cremaD?.scores.unweightedAverageRecall),
    ),
    ...randomSplit.map(({ seed, accuracy }) =>
      row(`random split, seed ${seed} (leaks speakers): accuracy`, score(accuracy)),
    ),
    '',
    `It answers ${percent(calibration.coverage)} of the notes of strangers, ${percent(calibration.accuracy)} of them rightly, and says "uncertain" below ${percent(calibration.threshold, 0)}.`,
  ].join('\n');
}
