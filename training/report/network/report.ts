import { list, type Section } from '../blocks.ts';
import { networkModelCard } from '../card.ts';
import { dateText, percent, plural, points, score } from '../format.ts';
import type { Report } from '../html.ts';
import { calibrationSection } from '../sections/calibration.ts';
import {
  anotherCorpusSection,
  bySexSection,
  outsideSummary,
  outsideText,
  plainSpeechSection,
  plainSpeechText,
} from '../sections/outside.ts';
import { PROTOCOLS } from '../sections/scores.ts';
import {
  emotionsSection,
  leversSection,
  protocolsSection,
  seedsSection,
  speakersSection,
} from './accuracy.ts';
import {
  corporaText,
  dataSection,
  learningSection,
  notesSection,
  robustnessSection,
} from './conditions.ts';
import {
  conditionLosses,
  corpusTitle,
  knownFailures,
  type Measured,
  modelText,
  refusalsByKind,
  refusedText,
  summarizeSeeds,
  useText,
} from './findings.ts';

/**
 * Returns the report of the network; `reportHtml` makes a page of it. What a run left out is said to
 * be not measured.
 *
 * @example
 * await writeFile('report.html', reportHtml(networkReport(results)));
 */
export function networkReport(results: Measured): Report {
  const { created, data, model, hours } = results;
  const clips = data.reduce((total, corpus) => total + corpus.clips, 0);
  const about = [
    ...(data.length > 0 ? [`${corporaText(data)}, ${plural(clips, 'recording')}`] : []),
    dateText(created),
    ...(hours === undefined ? [] : [`trained in ${hours.toFixed(1)} hours`]),
  ];
  return {
    title: 'report of the network',
    heading: 'How accurate is it?',
    about: about.join(' · '),
    intro: [
      `The model that ships is the ${modelText(results)}: ${plural(model.parameters, 'parameter')} in ${(model.bytes / 1e6).toFixed(1)} MB of ONNX, SHA-256 \`${model.sha256}\`.`,
    ],
    tiles: tiles(results),
    sections: [
      ...outsideSections(results),
      protocolsSection(results),
      seedsSection(results),
      emotionsSection(results, ['unseenSpeech', 'unseenSong', 'cremaD', 'seed']),
      speakersSection(results),
      leversSection(results),
      robustnessSection(results),
      calibrationSection(results.calibration),
      notesSection(results),
      learningSection(results),
      dataSection(results),
      ...limitsSections(results),
    ],
  };
}

/** What leads every report: how it does outside the laboratory. */
export function outsideSections(results: Measured): Section[] {
  const { classes } = results;
  const outside = withSexes(results);
  return [
    anotherCorpusSection(outside, classes),
    plainSpeechSection(outside),
    bySexSection(outside),
  ];
}

/** Known failures, limits and licence. */
export function limitsSections(results: Measured): Section[] {
  const { limits, licence } = networkModelCard(results);
  return [
    { id: 'failures', title: 'Known failures', blocks: [list(knownFailures(results))] },
    { id: 'limits', title: 'Limits', blocks: [list(limits)] },
    { id: 'licence', title: 'Licence', blocks: [licence] },
  ];
}

/** Takes women and men among the groups of RAVDESS where a run has no `bySex`. */
function withSexes(results: Measured): Measured {
  if (results.bySex) return results;
  const sexes = { women: 'female', men: 'male' } as const;
  const bySex = results.unseen.groups.flatMap(({ name, scores }) => {
    if (name !== 'women' && name !== 'men') return [];
    const { clips, accuracy, unweightedAverageRecall } = scores;
    return [{ sex: sexes[name], clips, accuracy, unweightedAverageRecall }];
  });
  return { ...results, bySex: [{ name: 'RAVDESS speech', bySex }] };
}

function tiles(results: Measured): [value: string, meaning: string][] {
  const { unseen, cremaD, calibration, plainSpeech } = results;
  const { uar, basis } = summarizeSeeds(results);
  const outside = outsideSummary(results);
  const worst = conditionLosses(results)[0];
  const [sounds] = refusalsByKind(results);
  const [plain] = plainSpeech ?? [];
  const notMeasured = (name: string): [string, string] => [score(null), `${name}: not measured`];
  const spread = uar?.deviation == null ? '' : `± ${score(uar.deviation)}: `;
  return [
    ...(outside
      ? ([
          [
            score(outside.unweightedAverageRecall),
            'UAR on recordings unlike those it learned from: corpora left out of training',
          ],
          [
            percent(outside.answeredAccuracy),
            `of the answers on those corpora are correct; ${percent(outside.coverage)} are answered`,
          ],
        ] as [string, string][])
      : [notMeasured('corpora left out of training')]),
    plain
      ? [
          percent((plain.verdicts.neutral ?? 0) + (plain.verdicts.calm ?? 0)),
          `of plain speech (${plain.corpus}) neutral or calm`,
        ]
      : notMeasured('plain speech'),
    [
      score(unseen.ensemble.speech.unweightedAverageRecall),
      `UAR on the speech of unseen speakers, ${modelText(results)}`,
    ],
    uar
      ? [score(uar.mean), `${spread}UAR of one seed (${basis})`]
      : notMeasured('differences between seeds'),
    cremaD
      ? [
          score(cremaD.scores.unweightedAverageRecall),
          'UAR on held-out actors of CREMA-D, six emotions',
        ]
      : notMeasured('CREMA-D'),
    [score(calibration.errorAfter), 'expected calibration error on unseen speakers'],
    [
      percent(calibration.coverage),
      'of the recordings of unseen speakers answered; the rest are “uncertain”',
    ],
    [percent(calibration.accuracy), 'of these answers are correct'],
    worst
      ? [points(worst.loss), `points of UAR lost in the worst condition: ${worst.name}`]
      : notMeasured('poor recording conditions'),
    sounds
      ? [percent(sounds.refused / sounds.clips, 1), `of ${sounds.name} answered “no speech”`]
      : notMeasured('sounds without speech'),
  ];
}

/** Returns the outcome of a run for a terminal: data, protocols, conditions, confidence. */
export function networkSummary(results: Measured): string {
  const { data, calibration, timeline, unseen, cremaD, hours, plainSpeech } = results;
  const worst = conditionLosses(results)[0];
  const { coverage, accuracy, threshold, errorAfter } = calibration;
  const { uar, basis } = summarizeSeeds(results);
  const { unseenSpeech, unseenSong } = PROTOCOLS;
  return [
    '',
    ...data.flatMap((corpus) => [
      `${corpusTitle(corpus)}: ${useText(corpus)}`,
      ...corpus.excluded.map(({ id, reason }) => `  excluded: ${id}, ${reason}`),
    ]),
    '',
    outsideText(results)?.replaceAll('**', ''),
    ...(plainSpeech ?? []).map((corpus) => `Plain speech, ${plainSpeechText(corpus)}`),
    ...[
      [unseenSpeech.name, unseen.ensemble.speech] as const,
      [unseenSong.name, unseen.ensemble.song] as const,
      [PROTOCOLS.cremaD.name, cremaD?.scores] as const,
    ].map(([name, scores]) =>
      scores
        ? `${name}: accuracy ${score(scores.accuracy)}, UAR ${score(scores.unweightedAverageRecall)}`
        : null,
    ),
    uar && `One seed alone, ${unseenSpeech.name.toLowerCase()}: UAR ${score(uar.mean)} (${basis})`,
    '',
    `Below ${percent(threshold)} the verdict is "uncertain": ${percent(coverage)} of the recordings of unseen speakers are answered, and ${percent(accuracy)} of the answers are correct. Expected calibration error ${score(errorAfter)}.`,
    worst && `Worst condition: ${worst.name}, ${points(worst.loss)} points of UAR lost.`,
    results.noSpeech.length > 0 && `"No speech" was the answer to ${refusedText(results)}.`,
    timeline &&
      `${percent(timeline.timeWeightedAccuracy)} of the time of long notes is labelled correctly.`,
    hours === undefined ? null : `Took ${hours.toFixed(1)} hours.`,
  ]
    .filter((line) => typeof line === 'string')
    .join('\n');
}
