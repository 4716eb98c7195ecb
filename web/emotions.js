import { svg } from './dom.js';

/** The eight, in the order in which the API has them. */
export const EMOTIONS = [
  'neutral',
  'calm',
  'happy',
  'sad',
  'angry',
  'fearful',
  'disgust',
  'surprised',
];

/** A small contour for each label, so that it is never told by its colour alone. 24 × 12. */
const MARKS = {
  neutral: 'M2 6h20',
  calm: 'M2 6c3.3-5 6.7-5 10 0s6.7 5 10 0',
  happy: 'M2 10C3.5 0 7 0 8.7 10 10.3 0 13.7 0 15.3 10 17 0 20.5 0 22 10',
  sad: 'M2 2c9 0 10 8 20 8',
  angry: 'M2 10l4-8 4 8 4-8 4 8 4-8',
  fearful: 'M2 6q1-5 2 0t2 0 2 0 2 0 2 0 2 0 2 0 2 0 2 0 2 0',
  disgust: 'M2 3c2 9 5 9 8 4s5-6 7 0 4 3 5-2',
  surprised: 'M2 10h6l4-9 4 9h6',
  uncertain: 'M2 6h3m4 0h2m4 0h2m4 0h1',
  'no-speech': 'M5 6h.01M12 6h.01M19 6h.01',
  error: 'M8 2l8 8m0-8l-8 8',
};

/** Returns the contour of a label as an image that says nothing to those who cannot see it. */
export function mark(label) {
  return svg(
    'svg',
    { class: 'mark', viewBox: '0 0 24 12', 'aria-hidden': 'true' },
    svg('path', { d: MARKS[label] ?? MARKS.neutral }),
  );
}
