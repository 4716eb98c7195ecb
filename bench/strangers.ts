import { readFile } from 'node:fs/promises';
import { classify, EMOTIONS, type Verdict } from '../core/index.ts';
import { percent } from '../lib/percent.ts';
import type { Clip } from '../training/corpus/clip.ts';
import { STRANGERS } from '../training/corpus/corpora.ts';
import { findRecordings } from '../training/corpus/find.ts';
import { fromRows } from '../training/matrix.ts';
import { classificationReport, expectedCalibrationError } from '../training/metrics.ts';

/** Recordings of each corpus, evenly spread over it. */
const RECORDINGS = 400;

/**
 * Accuracy of the shipped model on corpora that it was never trained on, through the one function that
 * everything uses: unweighted average recall over the emotions that a corpus has, and how many of the
 * answers are correct.
 */
export async function benchStrangers(folder: string): Promise<void> {
  console.log('\nRecordings unlike those the model was trained on (a sample of each corpus)');
  for (const corpus of STRANGERS) {
    const { clips } = await findRecordings(folder, [corpus]);
    if (clips.length === 0) {
      console.log(`  ${corpus.name}: not found below ${folder}`);
      continue;
    }
    const sample = Array.from(
      { length: Math.min(RECORDINGS, clips.length) },
      (_, i) => clips[Math.floor((i * clips.length) / Math.min(RECORDINGS, clips.length))],
    );
    const verdicts: Verdict[] = [];
    for (const { path } of sample) verdicts.push(await classify(await readFile(path)));
    console.log(
      `  ${corpus.name}, ${sample.length} recordings: ${
        corpus.isPlainSpeech ? sharesText(verdicts) : scoresText(sample, verdicts)
      }`,
    );
  }
}

/** @example scoresText(clips, verdicts); // 'UAR 0.366, 30% answered, 47% of the answers correct' */
function scoresText(clips: readonly Clip[], verdicts: readonly Verdict[]): string {
  const occurring = new Set(clips.map(({ emotion }) => emotion));
  const spoken = [...clips.keys()].filter((i) => verdicts[i].probabilities !== null);
  const expected = Int32Array.from(spoken, (i) => EMOTIONS.indexOf(clips[i].emotion));
  const rows = spoken.map((i) =>
    EMOTIONS.map((emotion) => verdicts[i].probabilities?.[emotion] ?? 0),
  );
  const predicted = rows.map((row) => {
    const shared = row.map((p, k) => (occurring.has(EMOTIONS[k]) ? p : 0));
    return shared.indexOf(Math.max(...shared));
  });
  const { unweightedAverageRecall } = classificationReport(expected, predicted, EMOTIONS.length);
  const answered = [...clips.keys()].filter((i) => isAnswer(verdicts[i]));
  const correct = answered.filter((i) => verdicts[i].emotion === clips[i].emotion);
  const error = expectedCalibrationError(fromRows(rows), expected);
  return [
    `UAR ${unweightedAverageRecall.toFixed(3)}`,
    `${percent(answered.length / clips.length)} answered`,
    `${percent(correct.length / answered.length)} of the answers correct`,
    `ECE ${error.toFixed(2)}`,
    `${percent(1 - spoken.length / clips.length)} “no speech”`,
  ].join(', ');
}

function isAnswer({ emotion }: Verdict): boolean {
  return emotion !== 'uncertain' && emotion !== 'no-speech';
}

function sharesText(verdicts: readonly Verdict[]): string {
  const labels = [...new Set(verdicts.map(({ emotion }) => emotion))];
  return labels
    .map((label) => ({
      label,
      share: verdicts.filter(({ emotion }) => emotion === label).length / verdicts.length,
    }))
    .sort((a, b) => b.share - a.share)
    .map(({ label, share }) => `${label} ${percent(share)}`)
    .join(', ');
}
