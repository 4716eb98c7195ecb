import { EMOTIONS } from '../../core/model/emotions.ts';
import type { Results } from '../baselines/results.ts';
import type { Scores } from '../metrics.ts';
import { percent } from './format.ts';

/** Returns the outcome of a run for a terminal: data, both protocols, what was chosen. */
export function summaryText({ data, candidates, chosen, calibration, minutes }: Results): string {
  const counts = EMOTIONS.map((emotion, i) => {
    const total = Object.values(data.byChannel).reduce((sum, row) => sum + row[i], 0);
    return `${emotion} ${total}`;
  });
  return [
    '',
    `${data.clips} recordings: ${counts.join(', ')}`,
    ...data.excluded.map(({ id, reason }) => `  left out: ${id}, ${reason}`),
    '',
    'Random 80/20 split, speech and song (the same speakers on both sides: flatters)',
    ...candidates.map(({ title, seed }) => row(title, seed.scores)),
    '',
    'Speakers unseen, speech (what a stranger can expect)',
    ...candidates.map(({ title, unseen }) => row(title, unseen.speech)),
    'Speakers unseen, song',
    ...candidates.map(({ title, unseen }) => row(title, unseen.song)),
    '',
    `Chosen: ${candidates.find(({ family }) => family === chosen)?.title}. It answers ${percent(calibration.coverage)} of the notes of strangers, ${percent(calibration.accuracy)} of them rightly, and says "uncertain" below ${percent(calibration.threshold)}.`,
    `Took ${minutes.toFixed(1)} minutes.`,
  ].join('\n');
}

function row(title: string, scores: Scores | null): string {
  if (!scores) return `  ${title.padEnd(24)} –`;
  const { accuracy, unweightedAverageRecall, weightedF1, macroF1 } = scores;
  return `  ${title.padEnd(24)} accuracy ${accuracy.toFixed(3)}  UAR ${unweightedAverageRecall.toFixed(3)}  weighted F1 ${weightedF1.toFixed(3)}  macro F1 ${macroF1.toFixed(3)}`;
}
