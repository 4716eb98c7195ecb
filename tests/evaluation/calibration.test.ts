import { expect, test } from 'vitest';
import { EMOTION_COUNT, EMOTIONS } from '../../core/model/emotions.ts';
import { chooseThreshold } from '../../evaluation/calibration.ts';
import { rowOf, zeros } from '../../evaluation/matrix.ts';

const [HAPPY, SAD] = ['happy', 'sad'].map((name) => EMOTIONS.indexOf(name as never));

/** Guesses of "happy" that are 20.5% to 99.5% sure, right where `isRight` says so. */
function guesses(isRight: (percent: number) => boolean) {
  const percents = Array.from({ length: 80 }, (_, i) => 20 + i);
  const probabilities = zeros(percents.length, EMOTION_COUNT);
  percents.forEach((percent, i) => {
    const confidence = (percent + 0.5) / 100;
    rowOf(probabilities, i).fill((1 - confidence) / (EMOTION_COUNT - 1));
    rowOf(probabilities, i)[HAPPY] = confidence;
  });
  const y = Int32Array.from(percents, (percent) => (isRight(percent) ? HAPPY : SAD));
  return { probabilities, y };
}

test('the threshold is the lowest at which enough of the answers are right', () => {
  // Right from 80% on: of what is above 75%, 20 in 25 are.
  const { probabilities, y } = guesses((percent) => percent >= 80);
  expect(chooseThreshold(probabilities, y, 0.8)).toBe(0.75);
  expect(chooseThreshold(probabilities, y, 1)).toBe(0.8);
});

test('an accuracy that few answers reach is given up, unless so few are enough', () => {
  // Only the two surest are all right, and 2 of 80 are 2.5%.
  const { probabilities, y } = guesses((percent) => percent >= 98 || percent === 95);
  expect(chooseThreshold(probabilities, y, 1, 0.02)).toBe(0.98);
  expect(chooseThreshold(probabilities, y, 1)).toBe(0.95);
});
