import { dirname } from 'node:path';
import { EMOTIONS, UndertoneError } from '../../core/index.ts';
import { TARGET_ACCURACY } from '../../evaluation/calibration.ts';
import { calibrationPictures } from '../../evaluation/report/calibration.ts';
import { dateText, percent, plural, score } from '../../evaluation/report/format.ts';
import { reportHtml } from '../../evaluation/report/html.ts';
import { MEASURES, scoresBlock } from '../../evaluation/report/scores.ts';
import { ensureFolder, isDevice, writeAtomically } from '../../lib/files.ts';
import { bar, COLOURS, LABEL_WIDTH, percentColumn, printable } from '../terminal.ts';
import {
  type Answers,
  answersTo,
  figuresOf,
  type MeasuredFigures,
  type MeasureOptions,
  printWarnings,
  probabilitiesOf,
} from './answers.ts';

export interface EvaluateOptions extends MeasureOptions {
  /** File for the report. */
  readonly report: string;
}

/**
 * Measures the model on labelled recordings, prints the figures and writes the report.
 *
 * @returns whether every recording could be read
 * @throws UndertoneError as `answersTo`; `folder-unwritable` for the report
 */
export async function evaluateCommand(path: string, options: EvaluateOptions): Promise<boolean> {
  // Told before the recordings are read, which may take long.
  if (!(await isDevice(options.report))) await ensureFolder(dirname(options.report), '--report');
  const answers = await answersTo(path, options);
  const figures = figuresOf(answers, probabilitiesOf(answers.windows), answers.card.threshold);
  const html = reportOf(path, answers, figures);
  await writeAtomically(options.report, html).catch((cause) => {
    throw new UndertoneError(
      'folder-unwritable',
      `The report cannot be written to ${options.report} (${cause.code}). Choose another file with --report.`,
      { cause },
    );
  });
  const { y, noSpeech, failures, warnings, card } = answers;
  if (options.json) {
    const { perClass, confusion: _, clips: __, ...scores } = figures.scores;
    const result = {
      model: { name: card.name, version: card.version, sha256: card.sha256 },
      recordings: y.length + noSpeech,
      noSpeech,
      failed: failures,
      ...scores,
      perClass: Object.fromEntries(
        perClass.flatMap((each, k) => (each.support > 0 ? [[EMOTIONS[k], each]] : [])),
      ),
      expectedCalibrationError: figures.expectedCalibrationError,
      threshold: card.threshold,
      coverage: figures.coverage,
      answeredAccuracy: figures.answeredAccuracy,
      warnings,
      report: options.report,
    };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  } else {
    process.stdout.write(textOf(path, answers, figures));
    process.stderr.write(printable(`The report is in ${options.report}.`).concat('\n'));
    printWarnings(warnings);
  }
  return failures.length === 0;
}

function textOf(path: string, { card, y, noSpeech }: Answers, figures: MeasuredFigures): string {
  const { scores, expectedCalibrationError, coverage, answeredAccuracy } = figures;
  const rows = [
    ['UAR', score(scores.unweightedAverageRecall), 'mean recall of the emotions'],
    ['Accuracy', score(scores.accuracy), 'of the best guesses'],
    ['ECE', score(expectedCalibrationError), 'gap between confidence and accuracy'],
    ['Answered', percent(coverage, 1), `at ${percent(card.threshold, 1)} confidence or more`],
    ['Correct', percent(answeredAccuracy, 1), 'of these answers'],
  ];
  const about = `${plural(y.length + noSpeech, 'recording')} in ${printable(path)}, ${noSpeech} without speech`;
  return [
    `${card.name} ${card.version} on ${about}`,
    '',
    ...rows.map(
      ([name, value, meaning]) => `  ${name.padEnd(LABEL_WIDTH)} ${value.padStart(6)}  ${meaning}`,
    ),
    '',
    'Recall of each emotion',
    ...scores.perClass.flatMap(({ recall, support }, k) => {
      const name = EMOTIONS[k];
      const label = COLOURS[name](name.padEnd(LABEL_WIDTH));
      return support > 0
        ? [`  ${label} ${bar(recall)} ${percentColumn(recall)} of ${support}`]
        : [];
    }),
    '',
  ].join('\n');
}

function reportOf(path: string, answers: Answers, figures: MeasuredFigures): string {
  const { card, y, noSpeech, failures, warnings } = answers;
  const { scores, coverage, answeredAccuracy, expectedCalibrationError } = figures;
  const { threshold } = card;
  const errors = failures.flatMap((each) =>
    'error' in each ? [`${each.file}: ${each.error.message}`] : [],
  );
  return reportHtml({
    title: 'evaluation',
    heading: `${card.name} ${card.version} on your own recordings`,
    about: `${plural(y.length + noSpeech, 'recording')} in ${path} · ${dateText(new Date().toISOString())}`,
    intro: warnings.map((text) => ({ kind: 'notice', text })),
    tiles: [
      [score(scores.unweightedAverageRecall), 'unweighted average recall (UAR)'],
      [
        percent(coverage, 1),
        `of the recordings answered, at ${percent(threshold)} confidence or more`,
      ],
      [percent(answeredAccuracy, 1), 'of these answers correct'],
      [score(expectedCalibrationError), 'expected calibration error (ECE)'],
    ],
    sections: [
      {
        id: 'emotions',
        title: 'Emotions',
        blocks: [
          `The best guess among eight emotions is judged, even if the verdict is \`uncertain\`.${noSpeech > 0 ? ` There is no guess for ${plural(noSpeech, 'recording')} without speech.` : ''}`,
          scoresBlock(scores, { suffix: '', of: 'all recordings with speech', classes: EMOTIONS }),
          { kind: 'terms', items: MEASURES },
        ],
      },
      {
        id: 'confidence',
        title: 'Confidence and coverage',
        blocks: [
          `Below a confidence of ${percent(threshold)} the verdict is \`uncertain\`. \`undertone calibrate\` fits confidence and threshold to recordings like these.`,
          calibrationPictures({
            ...figures,
            threshold,
            targetAccuracy: TARGET_ACCURACY,
            accuracy: answeredAccuracy ?? 0,
          }),
        ],
      },
      ...(errors.length > 0
        ? [{ id: 'failed', title: 'Not read', blocks: [{ kind: 'list', items: errors } as const] }]
        : []),
    ],
  });
}
