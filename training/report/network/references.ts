/** What others reached on the speech of unseen RAVDESS actors, eight classes. */
export interface Reference {
  readonly name: string;
  /** Whether it knew more recordings than the corpora of the task: speech or sounds in bulk. */
  readonly isPretrained: boolean;
  readonly measure: 'UAR' | 'accuracy';
  readonly value: number;
}

export const REFERENCES: readonly Reference[] = [
  { name: 'ResLSTM, mean of 10', isPretrained: false, measure: 'UAR', value: 0.623 },
  { name: 'ResLSTM, best', isPretrained: false, measure: 'UAR', value: 0.652 },
  { name: 'HuBERT-large, frozen', isPretrained: true, measure: 'UAR', value: 0.7 },
  { name: 'CNN-14, fine-tuned', isPretrained: true, measure: 'accuracy', value: 0.766 },
  { name: 'xlsr, fine-tuned', isPretrained: true, measure: 'accuracy', value: 0.818 },
];

export const REFERENCES_CAVEAT =
  'The published figures are of their authors. CNN-14 and xlsr were measured on the five folds that are used here (Luna-Jiménez et al. 2021 and 2022) and are accuracies; the folds of the others differ. The pretrained models heard much more than these corpora. They tell where a figure stands, not who wins.';
