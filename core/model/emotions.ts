/** The eight emotions of RAVDESS in the order of its codes 01–08; class order everywhere. */
export const EMOTIONS = [
  'neutral',
  'calm',
  'happy',
  'sad',
  'angry',
  'fearful',
  'disgust',
  'surprised',
] as const;

export type Emotion = (typeof EMOTIONS)[number];

/** Number of classes. */
export const EMOTION_COUNT = EMOTIONS.length;
