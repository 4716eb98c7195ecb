import { findModelFolder, readCard } from '../core/index.ts';
import { percent } from '../lib/percent.ts';

/** Prints the card of the model that would be served, for people or as JSON. */
export async function modelCommand(options: { json?: boolean; model?: string }): Promise<void> {
  const card = await readCard(options.model ?? findModelFolder());
  if (options.json) {
    console.log(JSON.stringify(card, null, 2));
    return;
  }
  const { coverage, accuracy } = card.calibration;
  const lines = [
    `${card.name} ${card.version} (${card.family}), trained ${card.created}`,
    `sha256 ${card.sha256}`,
    '',
    `Emotions: ${card.classes.join(', ')}`,
    `Says "uncertain" below ${percent(card.threshold, { decimals: 1 })}; ${card.calibration.recordings ? 'on recordings like those it was calibrated on' : 'in the laboratory, on speakers it was not trained on'}, it then answers ${percent(coverage, { decimals: 1 })} of the recordings, and ${percent(accuracy, { decimals: 1 })} of those answers are correct. See the limits below for other recordings.`,
    '',
    'Measured:',
    ...Object.values(card.figures).map(
      (figures) =>
        `  ${figures.protocol} (${figures.clips} clips)\n    accuracy ${percent(figures.accuracy, { decimals: 1 })}, UAR ${percent(figures.unweightedAverageRecall, { decimals: 1 })}, weighted F1 ${figures.weightedF1.toFixed(3)}, macro F1 ${figures.macroF1.toFixed(3)}`,
    ),
    '',
    'Trained on:',
    ...card.data.map(({ name, clips, licence }) => `  ${name}, ${clips} clips, ${licence}`),
    '',
    `Licence: ${card.licence}`,
    '',
    'Limits:',
    ...card.limits.map((limit) => `  - ${limit}`),
  ];
  console.log(lines.join('\n'));
}
