import type { NetworkResults } from '../../../network/results.ts';
import { percent, plural, points, score, whole } from '../../format.ts';
import { markdownTable } from '../../markdown.ts';
import { conditionLosses } from '../failures.ts';
import { refusalsByKind } from '../no-speech.ts';
import { conditionText, NOT_MEASURED } from '../wording.ts';
import { paragraphs, picture } from './picture.ts';

/** The robustness table. */
export function conditions(results: NetworkResults): string {
  const [clean] = results.robustness;
  const losses = conditionLosses(results);
  if (!clean || losses.length === 0) return NOT_MEASURED;
  return paragraphs(
    'The speech of unseen speakers once more, each recording under one fixed condition; the noises are everyday sounds that no network heard in training.',
    picture(results, 'robustness'),
    markdownTable(
      ['Condition', 'Accuracy', 'UAR', 'Points of UAR lost'],
      [
        [
          ...[conditionText(clean.condition), score(clean.accuracy)],
          ...[score(clean.unweightedAverageRecall), score(null)],
        ],
        ...losses.map(({ name, accuracy, uar, loss }) => [
          ...[name, score(accuracy), score(uar), points(loss)],
        ]),
      ],
    ),
  );
}

/** Calibration, reliability and coverage. */
export function confidence(results: NetworkResults): string {
  const { calibration } = results;
  const { threshold, coverage, accuracy, targetAccuracy, temperature } = calibration;
  const { errorBefore, errorAfter, accuracyAt70, reliability, curve } = calibration;
  const steps = curve.filter(({ threshold: at }) => Math.round(at * 100) % 10 === 0);
  return paragraphs(
    `Below a confidence of ${percent(threshold, 0)} the verdict is \`uncertain\`. So ${percent(coverage)} of the recordings of strangers are answered, and ${percent(accuracy)} of those rightly; ${percent(targetAccuracy, 0)} was aimed at. Of the most confident 70%, ${percent(accuracyAt70)} are right. Each fold was judged with the temperature and the threshold of the other folds' actors.`,
    `Temperature scaling (Guo et al. 2017) with T = ${score(temperature)} changes the expected calibration error on 15 bins from ${score(errorBefore)} to ${score(errorAfter)}.`,
    picture(results, 'reliability') ?? `Reliability: ${NOT_MEASURED.toLowerCase()}`,
    reliability.length > 0 &&
      markdownTable(
        ['Confidence', 'Recordings', 'Mean confidence', 'Right'],
        reliability
          .filter(({ clips }) => clips > 0)
          .map((bin) => [
            ...[`${percent(bin.from)} to ${percent(bin.to)}`, whole(bin.clips)],
            ...[percent(bin.confidence), percent(bin.accuracy)],
          ]),
      ),
    picture(results, 'coverage') ?? `Coverage: ${NOT_MEASURED.toLowerCase()}`,
    steps.length > 0 &&
      markdownTable(
        ['Threshold', 'Answered', 'Right, of what is answered'],
        steps.map((point) => [
          ...[percent(point.threshold, 0), percent(point.coverage)],
          percent(point.coverage > 0 ? point.accuracy : null),
        ]),
      ),
  );
}

/** What is answered "no speech", and the timeline of long notes. */
export function notes(results: NetworkResults): string {
  const { noSpeech, timeline } = results;
  return paragraphs(
    noSpeech.length > 0
      ? 'Answered `no-speech`; of sounds it should be all, of voices none:'
      : `Recordings without speech: ${NOT_MEASURED.toLowerCase()}`,
    noSpeech.length > 0 &&
      markdownTable(
        ['Recordings of', 'Number', 'Answered no-speech', 'Share'],
        refusalsByKind(results).map(({ name, clips, refused }) => [
          ...[name, whole(clips), whole(refused), percent(refused / clips)],
        ]),
      ),
    timeline
      ? `Timeline: of ${plural(timeline.notes, 'long note')} (${(timeline.seconds / 60).toFixed(1)} minutes), joined from recordings of unseen speakers in different emotions, ${percent(timeline.timeWeightedAccuracy)} of the time is labelled rightly; without smoothing ${percent(timeline.withoutSmoothing)}.`
      : `Timeline of long notes: ${NOT_MEASURED.toLowerCase()}`,
  );
}
