import type { CalibrationFigures } from '../../../evaluation/calibration.ts';
import type { Section } from '../../../evaluation/report/blocks.ts';
import { calibrationPictures } from '../../../evaluation/report/calibration.ts';
import { percent, score } from '../../../evaluation/report/format.ts';

/** What was held out of training: actors, or whole corpora. */
const HELD_OUT = {
  fold: { recordings: 'the recordings of unseen speakers', others: 'the other folds' },
  corpus: { recordings: 'corpora left out of training', others: 'the other corpora' },
} as const;

/** How well confidence matches accuracy, and what is gained by answering "uncertain". */
export function calibrationSection(
  calibration: CalibrationFigures,
  unit: keyof typeof HELD_OUT = 'fold',
): Section {
  const { recordings, others } = HELD_OUT[unit];
  const { temperature, threshold, targetAccuracy, coverage, accuracy } = calibration;
  const { errorBefore, errorAfter, accuracyAt70 } = calibration;
  const top =
    accuracyAt70 === undefined
      ? ''
      : ` Of the most confident 70%, ${percent(accuracyAt70)} are classified correctly.`;
  return {
    id: 'confidence',
    title: 'Confidence and coverage',
    blocks: [
      `Below a confidence of ${percent(threshold)} the verdict is \`uncertain\`. The model answers ${percent(coverage)} of ${recordings}, and ${percent(accuracy)} of its answers are correct; the target is ${percent(targetAccuracy)}.${top} Each ${unit} is judged at the temperature and the threshold of ${others}.`,
      `Temperature scaling (Guo et al. 2017)${unit === 'corpus' ? ', with a bias for each emotion (Alexandari et al. 2020),' : ''} with T = ${score(temperature)} changes the expected calibration error from ${score(errorBefore)} to ${score(errorAfter)}.`,
      calibrationPictures(calibration),
    ],
  };
}
