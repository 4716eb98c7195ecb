import { createHash } from 'node:crypto';
import { copyFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  findModelFolder,
  loadModel,
  MODEL_FILE,
  type ModelCard,
  UndertoneError,
} from '../../core/index.ts';
import { calibrate } from '../../evaluation/calibration.ts';
import { expectedCalibrationError } from '../../evaluation/metrics.ts';
import { scaleOutput, writeModel } from '../../evaluation/model.ts';
import { listed, percent, plural, score } from '../../evaluation/report/format.ts';
import { ensureFolder } from '../../lib/files.ts';
import { printable } from '../terminal.ts';
import {
  type Answers,
  answersTo,
  countsOf,
  figuresOf,
  type MeasuredFigures,
  type MeasureOptions,
  printWarnings,
  probabilitiesOf,
} from './answers.ts';

export interface CalibrateOptions extends MeasureOptions {
  /** Folder for the model. */
  readonly out: string;
  /** Share of the answers that are to be correct, in percent. */
  readonly accuracy: number;
}

/** With fewer recordings, the threshold would rest on a handful of answers. */
const LEAST_RECORDINGS = 50;
const MOST_FOLDS = 10;
const LICENCE_FILE = 'LICENSE.md';

/**
 * Fits temperature and threshold on labelled recordings and writes a model with them. Its figures are
 * those of each fold at the values of the others: the folds keep speakers apart where all are known.
 *
 * @returns whether every recording could be read
 * @throws UndertoneError as `answersTo`; `setting-invalid` for a folder that is in use,
 * `recordings-insufficient` for too few recordings or a single emotion
 */
export async function calibrateCommand(path: string, options: CalibrateOptions): Promise<boolean> {
  const { out, accuracy } = options;
  const base = options.model ?? findModelFolder();
  await checkFree(out);
  await ensureFolder(out, '--out');
  const answers = await answersTo(path, options);
  checkEnough(answers);
  const { windows, y, warnings } = answers;
  const folds = foldsOf(answers);
  const { temperature, threshold, probabilities, ...crossFitted } = calibrate(
    (rows, t) =>
      probabilitiesOf(
        Array.from(rows, (i) => windows[i]),
        t,
      ),
    y,
    folds.foldOf,
    accuracy / 100,
  );
  const figures = figuresOf(answers, probabilities, threshold);
  // Each fold at its own threshold, not all at the one that is written.
  const coverage = (crossFitted.coverage * y.length) / (y.length + answers.noSpeech);
  const before = expectedCalibrationError(probabilitiesOf(windows), y);
  const fitted: Fitted = {
    ...folds,
    temperature,
    threshold,
    before,
    figures: { ...figures, coverage, answeredAccuracy: crossFitted.accuracy },
  };
  if (crossFitted.accuracy < accuracy / 100) {
    warnings.push(
      `On recordings that were left out of the fit, ${percent(crossFitted.accuracy, 1)} of the answers are correct, fewer than the ${accuracy}% asked for. More recordings help, or a higher --accuracy.`,
    );
  }
  if (!folds.speakers) {
    warnings.push(
      'The speakers are not known, or there is only one. The folds may share speakers, so the figures are optimistic. To keep speakers apart, name them in a CSV file.',
    );
  }
  const graph = scaleOutput(
    await readFile(join(base, MODEL_FILE)),
    answers.card.output.name,
    temperature,
  );
  const card = cardOf(answers, fitted, createHash('sha256').update(graph).digest('hex'));
  await writeModel(out, graph, card);
  await copyFile(join(base, LICENCE_FILE), join(out, LICENCE_FILE)).catch(() => {
    // Only the shipped model has one.
  });
  // What cannot be loaded is told now, not when it is deployed.
  await loadModel(out);
  print(options, answers, fitted, card);
  return answers.failures.length === 0;
}

interface Folds {
  readonly foldOf: Int32Array;
  /** How many speakers the folds keep apart; undefined if they are not known. */
  readonly speakers: number | undefined;
  readonly protocol: string;
}

interface Fitted extends Folds {
  readonly temperature: number;
  readonly threshold: number;
  /** Expected calibration error of the model as it was. */
  readonly before: number;
  readonly figures: MeasuredFigures;
}

async function checkFree(out: string): Promise<void> {
  const entries = await readdir(out).catch(({ code }) => (code === 'ENOENT' ? [] : [code]));
  if (entries.length > 0) {
    throw new UndertoneError(
      'setting-invalid',
      `${out} exists already and is not an empty folder. Remove it, or choose another folder with --out.`,
    );
  }
}

function checkEnough({ y }: Answers): void {
  const emotions = Object.keys(countsOf(y));
  if (emotions.length < 2) {
    throw new UndertoneError(
      'recordings-insufficient',
      `All recordings with speech are labelled ${emotions[0]}. Calibration needs at least two emotions, in the proportions in which they occur in practice.`,
    );
  }
  if (y.length < LEAST_RECORDINGS) {
    throw new UndertoneError(
      'recordings-insufficient',
      `There ${y.length === 1 ? 'is' : 'are'} ${plural(y.length, 'recording')} with speech. Calibration needs at least ${LEAST_RECORDINGS}; some hundreds are better.`,
    );
  }
}

/** Deals the speakers out to the folds, or the recordings of each emotion. */
function foldsOf({ recordings }: Answers): Folds {
  const speakers = [...new Set(recordings.map(({ speaker }) => speaker))];
  if (!speakers.includes(undefined) && speakers.length > 1) {
    const count = Math.min(MOST_FOLDS, speakers.length);
    return {
      foldOf: Int32Array.from(recordings, ({ speaker }) => speakers.indexOf(speaker) % count),
      speakers: speakers.length,
      protocol: `${count} folds by speaker`,
    };
  }
  const dealt = new Map<string, number>();
  return {
    foldOf: Int32Array.from(recordings, ({ emotion }) => {
      const place = dealt.get(emotion) ?? 0;
      dealt.set(emotion, place + 1);
      return place % MOST_FOLDS;
    }),
    speakers: undefined,
    protocol: `${MOST_FOLDS} folds, which may share speakers, so the figures are optimistic`,
  };
}

/** Returns the card: what was measured on other recordings stays, and says by which model. */
function cardOf({ card, y }: Answers, fitted: Fitted, sha256: string): ModelCard {
  const { temperature, threshold, before, figures, speakers, protocol } = fitted;
  const { scores, coverage, answeredAccuracy, expectedCalibrationError: after, curve } = figures;
  const emotions = countsOf(y);
  const { bias } = card.calibration;
  const on = `${plural(y.length, 'recording')} (${listed(Object.entries(emotions).map(([name, count]) => `${count} ${name}`))}${speakers ? `; ${plural(speakers, 'speaker')}` : ''})`;
  return {
    ...card,
    version: `${card.version.replace(/\+.*/, '')}+calibrated`,
    sha256,
    created: new Date().toISOString().slice(0, 10),
    threshold,
    calibration: {
      temperature: round(card.calibration.temperature * temperature),
      ...(bias && { bias: bias.map((value) => round(value / temperature)) }),
      coverage: round(coverage),
      accuracy: round(answeredAccuracy ?? 0),
      expectedCalibrationError: round(after),
      method: `a further temperature of ${score(temperature)} and the threshold from ${on}; coverage, accuracy and the expected calibration error (15 bins) are those of each fold at the values of the others (${protocol})`,
      curve: curve.map((point) => ({
        threshold: point.threshold,
        coverage: round(point.coverage),
        accuracy: round(point.accuracy),
      })),
      recordings: {
        count: y.length,
        ...(speakers && { speakers }),
        emotions,
        expectedCalibrationError: { before: round(before), after: round(after) },
      },
    },
    figures: {
      calibration: {
        protocol: `the recordings that temperature and threshold were fitted on: ${protocol}`,
        clips: scores.clips,
        accuracy: round(scores.accuracy),
        unweightedAverageRecall: round(scores.unweightedAverageRecall),
        weightedF1: round(scores.weightedF1),
        macroF1: round(scores.macroF1),
      },
      ...card.figures,
    },
    limits: [
      `Calibrated on ${on}; its confidence holds for recordings like these. All figures of other recordings, also in the limits below, are those of ${card.name} ${card.version} at its threshold of ${percent(card.threshold)}.`,
      ...card.limits,
    ],
  };
}

function print(options: CalibrateOptions, answers: Answers, fitted: Fitted, card: ModelCard): void {
  const { json, out } = options;
  const { y, noSpeech, failures, warnings } = answers;
  const { temperature, threshold, before, figures, speakers, protocol } = fitted;
  const { coverage, answeredAccuracy, expectedCalibrationError: after } = figures;
  if (json) {
    const result = {
      model: { folder: out, name: card.name, version: card.version, sha256: card.sha256 },
      recordings: y.length + noSpeech,
      noSpeech,
      failed: failures,
      ...(speakers && { speakers }),
      protocol,
      temperature,
      threshold,
      expectedCalibrationError: { before, after },
      coverage,
      answeredAccuracy,
      warnings,
    };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return;
  }
  const lines = [
    `${card.name} ${card.version} is in ${printable(out)}. Use it with --model ${printable(out)}, or set UNDERTONE_MODEL.`,
    '',
    `  Temperature ${score(temperature)}, fitted on ${plural(y.length, 'recording')}`,
    `  ECE         ${score(before)} before, ${score(after)} after`,
    `  Threshold   ${percent(threshold)}: answers ${percent(coverage, 1)}, of which ${percent(answeredAccuracy, 1)} are correct`,
    `  Measured in ${protocol}`,
    '',
  ];
  process.stdout.write(lines.join('\n'));
  printWarnings(warnings);
}

/** Four digits: what is below them is chance. */
function round(value: number): number {
  return Number(value.toFixed(4));
}
