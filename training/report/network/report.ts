import { list, type Section } from '../../../evaluation/report/blocks.ts';
import { dateText, percent, plural, points, score } from '../../../evaluation/report/format.ts';
import type { Report } from '../../../evaluation/report/html.ts';
import type { NetworkResults } from '../../network/results.ts';
import { networkModelCard } from '../card.ts';
import {
  anotherCorpusSection,
  bySexSection,
  outsideSummary,
  outsideText,
  plainSpeechSection,
  plainSpeechText,
} from '../sections/outside.ts';
import { calibrationSection, PROTOCOLS } from '../sections/scores.ts';
import { emotionsSection, foldsSection, protocolsSection, speakersSection } from './accuracy.ts';
import {
  corporaText,
  dataSection,
  learningSection,
  notesSection,
  robustnessSection,
} from './conditions.ts';
import {
  conditionLosses,
  knownFailures,
  measuredText,
  modelText,
  refusalsByKind,
  refusedText,
  useText,
} from './findings.ts';

/**
 * Returns the report of the network; `reportHtml` makes a page of it. What a run left out is said to
 * be not measured.
 *
 * @example
 * await writeFile('report.html', reportHtml(networkReport(results)));
 */
export function networkReport(results: NetworkResults): Report {
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
      foldsSection(results),
      emotionsSection(results, ['unseenSpeech', 'unseenSong', 'cremaD', 'seed']),
      speakersSection(results),
      robustnessSection(results),
      calibrationSection(results.calibration, 'corpus'),
      notesSection(results),
      learningSection(results),
      dataSection(results),
      ...limitsSections(results),
    ],
  };
}

/** What leads every report: how it does outside the laboratory. */
export function outsideSections(results: NetworkResults): Section[] {
  return [
    anotherCorpusSection(results, results.classes),
    plainSpeechSection(results),
    bySexSection(results),
  ];
}

/** Known failures, limits and licence. */
export function limitsSections(results: NetworkResults): Section[] {
  const { limits, licence } = networkModelCard(results);
  return [
    { id: 'failures', title: 'Known failures', blocks: [list(knownFailures(results))] },
    { id: 'limits', title: 'Limits', blocks: [list(limits)] },
    { id: 'licence', title: 'Licence', blocks: [licence] },
  ];
}

function tiles(results: NetworkResults): [value: string, meaning: string][] {
  const { unseen, cremaD, calibration, plainSpeech } = results;
  const outside = outsideSummary(results);
  const worst = conditionLosses(results)[0];
  const [sounds] = refusalsByKind(results);
  const [plain] = plainSpeech ?? [];
  const notMeasured = (name: string): [string, string] => [score(null), `${name}: not measured`];
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
      `UAR on the speech of unseen speakers of RAVDESS, ${measuredText(results)}`,
    ],
    cremaD
      ? [
          score(cremaD.scores.unweightedAverageRecall),
          'UAR on held-out actors of CREMA-D, six emotions',
        ]
      : notMeasured('CREMA-D'),
    [score(calibration.errorAfter), 'expected calibration error on corpora left out of training'],
    [
      percent(unseen.answeredAccuracy),
      `of the answers on unseen speakers of RAVDESS are correct; ${percent(unseen.coverage)} are answered`,
    ],
    worst
      ? [points(worst.loss), `points of UAR lost in the worst condition: ${worst.name}`]
      : notMeasured('poor recording conditions'),
    sounds
      ? [percent(sounds.refused / sounds.clips, 1), `of ${sounds.name} answered “no speech”`]
      : notMeasured('sounds without speech'),
  ];
}

/** Returns the outcome of a run for a terminal: data, protocols, conditions, confidence. */
export function networkSummary(results: NetworkResults): string {
  const { data, calibration, timeline, unseen, cremaD, hours, plainSpeech } = results;
  const worst = conditionLosses(results)[0];
  const { threshold } = calibration;
  const { unseenSpeech, unseenSong } = PROTOCOLS;
  return [
    '',
    ...data.flatMap((corpus) => [
      `${corpus.name}: ${useText(corpus)}`,
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
    '',
    `Below ${percent(threshold)} the verdict is "uncertain": ${percent(unseen.coverage)} of the speech of unseen speakers of RAVDESS is answered, and ${percent(unseen.answeredAccuracy)} of the answers are correct. Expected calibration error ${score(unseen.expectedCalibrationError)}.`,
    worst && `Worst condition: ${worst.name}, ${points(worst.loss)} points of UAR lost.`,
    results.noSpeech.length > 0 && `"No speech" was the answer to ${refusedText(results)}.`,
    timeline &&
      `${percent(timeline.timeWeightedAccuracy)} of the time of long notes is labelled correctly.`,
    hours === undefined ? null : `Took ${hours.toFixed(1)} hours.`,
  ]
    .filter((line) => typeof line === 'string')
    .join('\n');
}
