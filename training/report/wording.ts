/** What every report calls the protocols and measures, and how it explains them. */
export const PROTOCOL_TEXT = {
  unseenSpeech: {
    name: 'Speakers unseen, speech',
    meaning:
      'Five folds by actor: every recording is judged by a model that never heard its speaker, and the answers of all folds are pooled. This is what a stranger can expect, and this chose the model.',
  },
  unseenSong: {
    name: 'Speakers unseen, song',
    meaning:
      'The same folds and models, judged on song. Song in this corpus has fewer emotions and is told apart more easily, so its figures say little about voice notes.',
  },
  seed: {
    name: 'Random 80/20 split, speech and song',
    meaning:
      'Flatters: the same speakers (and the same sentences in the same voices) stand on both sides, so a model can know the voice it is asked about. Given only for comparison with projects that report this.',
  },
} as const;

export type Protocol = keyof typeof PROTOCOL_TEXT;

export const MEASURES = [
  ['Accuracy', 'the share of recordings that are labelled rightly.'],
  [
    'UAR',
    'unweighted average recall: the share found of each emotion, averaged over the emotions, so that a frequent one counts no more than a rare one. Guessing among eight gives 0.125.',
  ],
  [
    'F1',
    'the harmonic mean of precision (of what was called sad, how much is) and recall (of what is sad, how much was called so); macro: averaged over emotions; weighted: by how often they occur.',
  ],
  [
    'ECE',
    'expected calibration error: how far the confidence that is told lies from how often it is right, on average over 15 bins.',
  ],
] as const;
