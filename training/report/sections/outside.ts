import type { Scores } from '../../../evaluation/metrics.ts';
import {
  figure,
  notMeasured,
  pair,
  type Section,
  table,
} from '../../../evaluation/report/blocks.ts';
import { percent, plural, points, score, sum, whole } from '../../../evaluation/report/format.ts';
import { barPlot, dotPlot } from '../../../evaluation/report/plots/rows.ts';

/** What a run measured outside the laboratory; a part that was left out is missing or null. */
export interface OutsideResults {
  readonly anotherCorpus?: AnotherCorpus | null;
  readonly plainSpeech?: readonly PlainSpeech[] | null;
  readonly bySex?: readonly SexGroup[] | null;
  /** How long fitting and measuring took. */
  readonly hours?: number;
}

/** Every corpus in turn left out of training and tested on. All shares are of 1. */
export interface AnotherCorpus {
  readonly threshold: number;
  /** The accuracy of what is answered that the threshold was chosen for. */
  readonly targetAccuracy: number;
  readonly corpora: readonly LeftOutCorpus[];
}

export interface LeftOutCorpus extends SexGroup {
  readonly speakers: number;
  /** Over the emotions that it shares with the corpora trained on; the others have no support. */
  readonly scores: Scores;
  /** On 15 bins. */
  readonly expectedCalibrationError: number;
  /** Share of the recordings that is answered at the threshold. */
  readonly coverage: number;
  /** Accuracy of what is answered; null when nothing is. */
  readonly answeredAccuracy: number | null;
  /** Agreement with the majority of listeners, over the recordings that have one. */
  readonly listeners?: Omit<SexScores, 'sex'>;
}

/** Scores of the women and the men in some recordings. */
export interface SexGroup {
  /** A corpus by the name that it was published under, or a part of it: "RAVDESS speech". */
  readonly name: string;
  readonly bySex: readonly SexScores[];
}

export interface SexScores {
  readonly sex: 'female' | 'male';
  readonly clips: number;
  readonly accuracy: number;
  readonly unweightedAverageRecall: number;
}

/** The verdicts on speech in which no emotion was asked for. */
export interface PlainSpeech {
  readonly corpus: string;
  readonly clips: number;
  readonly speakers: number;
  /** Share of each verdict: an emotion, `uncertain` or `no-speech`. They sum to 1. */
  readonly verdicts: Readonly<Record<string, number>>;
}

/** The corpora left out in a few numbers, to which each contributes alike. */
export interface OutsideSummary {
  readonly unweightedAverageRecall: number;
  readonly expectedCalibrationError: number;
  readonly coverage: number;
  readonly answeredAccuracy: number | null;
}

/** Returns the summary of the corpora left out; null when there are none. */
export function outsideSummary({ anotherCorpus }: OutsideResults): OutsideSummary | null {
  const corpora = anotherCorpus?.corpora ?? [];
  if (corpora.length === 0) return null;
  const count = corpora.length;
  const answered = sum(corpora.map(({ coverage }) => coverage));
  const correct = sum(
    corpora.map(({ coverage, answeredAccuracy }) => coverage * (answeredAccuracy ?? 0)),
  );
  return {
    unweightedAverageRecall:
      sum(corpora.map(({ scores }) => scores.unweightedAverageRecall)) / count,
    expectedCalibrationError: sum(corpora.map((each) => each.expectedCalibrationError)) / count,
    coverage: answered / count,
    answeredAccuracy: answered > 0 ? correct / answered : null,
  };
}

/** Returns the summary in words; null when nothing was measured. */
export function outsideText(results: OutsideResults): string | null {
  const summary = outsideSummary(results);
  if (!summary || !results.anotherCorpus) return null;
  const { threshold, targetAccuracy, corpora } = results.anotherCorpus;
  const over = corpora.length === 1 ? 'one corpus' : `${corpora.length} corpora`;
  return `The mean UAR over ${over} left out of training is **${score(summary.unweightedAverageRecall)}**, the mean expected calibration error ${score(summary.expectedCalibrationError)}. At a threshold of ${percent(threshold)} the model answers **${percent(summary.coverage)}** of these recordings, each corpus counting alike, and **${percent(summary.answeredAccuracy)}** of its answers are correct; the target is ${percent(targetAccuracy)}.`;
}

/**
 * What to expect of other people, rooms, microphones and languages: each corpus in turn, by a model
 * that was trained on the others alone.
 */
export function anotherCorpusSection(results: OutsideResults, classes: readonly string[]): Section {
  const corpora = results.anotherCorpus?.corpora ?? [];
  const plot = () =>
    dotPlot({
      id: 'another-corpus',
      title: 'UAR on each corpus left out of training',
      series: [
        { name: 'all speakers', shape: 'circle' },
        { name: 'women', shape: 'triangle' },
        { name: 'men', shape: 'diamond' },
      ],
      rows: corpora.map(({ name, scores, bySex }) => ({
        label: name,
        values: [[scores.unweightedAverageRecall], uarsOf(bySex, 'female'), uarsOf(bySex, 'male')],
      })),
    });
  const byCorpus = () =>
    table(
      'Each corpus left out of training',
      ['Corpus', 'Recordings', 'Speakers', 'Accuracy', 'UAR', 'ECE', 'Answered', 'Correct answers'],
      corpora.map((corpus) => [
        corpus.name,
        whole(corpus.scores.clips),
        whole(corpus.speakers),
        score(corpus.scores.accuracy),
        score(corpus.scores.unweightedAverageRecall),
        score(corpus.expectedCalibrationError),
        percent(corpus.coverage),
        percent(corpus.answeredAccuracy),
      ]),
    );
  const recalls = () =>
    table(
      'Recall of each emotion on each corpus; a dash where it does not occur',
      ['Emotion', ...corpora.map(({ name }) => name)],
      classes.map((emotion, i) => [
        emotion,
        ...corpora.map(({ scores }) =>
          score(scores.perClass[i].support > 0 ? scores.perClass[i].recall : null),
        ),
      ]),
    );
  return {
    id: 'another-corpus',
    title: 'On recordings unlike those it learned from',
    blocks:
      corpora.length === 0
        ? [notMeasured()]
        : [
            'Each corpus in turn is left out of training, and a model that was trained on the others is tested on it, over the emotions that they share. This is what to expect of other people, rooms, microphones and languages.',
            outsideText(results),
            byCorpus(),
            pair([figure(plot(), 'All speakers, women and men of each corpus.')], [recalls()]),
            ...corpora.map(
              ({ name, listeners }) =>
                listeners &&
                `The labels of ${name} are what the speakers meant. On ${plural(listeners.clips, 'recording')} a majority of listeners named one emotion; the model agrees with them on ${percent(listeners.accuracy)} (UAR ${score(listeners.unweightedAverageRecall)}).`,
            ),
          ],
  };
}

/** Verdicts on plain speech that are plainly wrong, and those that are right. */
const STRONG = ['angry', 'fearful', 'disgust', 'surprised'];
const QUIET = ['neutral', 'calm'];

/** @example plainSpeechText(corpus); // 'speechocean762: 61% neutral or calm, 36% uncertain, …' */
export function plainSpeechText({ corpus, verdicts }: PlainSpeech): string {
  const share = (names: readonly string[]) => sum(names.map((name) => verdicts[name] ?? 0));
  return `${corpus}: ${percent(share(QUIET))} neutral or calm, ${percent(share(['uncertain']))} uncertain, ${percent(share(STRONG), 1)} angry, fearful, disgust or surprised.`;
}

/** How ordinary reading and talking are classified: it should end in neutral, calm or uncertain. */
export function plainSpeechSection({ plainSpeech }: OutsideResults): Section {
  const corpora = plainSpeech ?? [];
  const names = [...new Set(corpora.flatMap(({ verdicts }) => Object.keys(verdicts)))];
  const figures = corpora.map(({ corpus, clips, speakers, verdicts }, i) =>
    figure(
      barPlot({
        id: i === 0 ? 'plain-speech' : `plain-speech-${i + 1}`,
        title: `Verdicts on plain speech, ${corpus}`,
        rows: names.map((name) => {
          const value = verdicts[name] ?? 0;
          return { label: name, value, text: percent(value, 1) };
        }),
        axis: 'share of the recordings',
        format: (value) => percent(value),
      }),
      `${plural(clips, 'recording')} by ${plural(speakers, 'speaker')} that the model was not trained on.`,
    ),
  );
  const shares = () =>
    table(
      'Share of each verdict on plain speech',
      ['Verdict', ...corpora.map(({ corpus }) => corpus)],
      names.map((name) => [
        name,
        ...corpora.map(({ verdicts }) => percent(verdicts[name] ?? 0, 1)),
      ]),
    );
  return {
    id: 'plain-speech',
    title: 'Plain speech',
    blocks:
      corpora.length === 0
        ? [notMeasured()]
        : [
            'Speech in which no emotion was asked for should be classified as neutral, calm or uncertain.',
            ...corpora.map(plainSpeechText),
            pair(figures, [shares()]),
          ],
  };
}

/** How much depends on the sex of the speaker. */
export function bySexSection({ anotherCorpus, bySex: others }: OutsideResults): Section {
  const leftOut = (anotherCorpus?.corpora ?? []).map(({ name, bySex }) => ({
    name: `${name}, left out`,
    bySex,
  }));
  const groups = [...leftOut, ...(others ?? [])].filter(({ bySex }) => bySex.length > 0);
  const plot = () =>
    dotPlot({
      id: 'by-sex',
      title: 'UAR of women and men',
      series: [
        { name: 'women', shape: 'triangle' },
        { name: 'men', shape: 'diamond' },
      ],
      rows: groups.map(({ name, bySex }) => ({
        label: name,
        values: [uarsOf(bySex, 'female'), uarsOf(bySex, 'male')],
      })),
    });
  const figures = () =>
    table(
      'Women and men',
      ['Recordings', 'Women', 'UAR of women', 'Men', 'UAR of men', 'Difference in points'],
      groups.map(({ name, bySex }) => [
        name,
        ...(['female', 'male'] as const).flatMap((sex) => {
          const scores = bySex.find((each) => each.sex === sex);
          return [
            scores ? whole(scores.clips) : score(null),
            score(scores?.unweightedAverageRecall),
          ];
        }),
        points(gapOf(bySex)),
      ]),
    );
  return {
    id: 'by-sex',
    title: 'Women and men',
    blocks:
      groups.length === 0
        ? [notMeasured()]
        : [
            gapText(groups),
            figure(plot(), 'No speaker in these recordings was trained on.'),
            figures(),
          ],
  };
}

function gapText(groups: readonly SexGroup[]): string | null {
  const worst = groups
    .map(({ name, bySex }) => ({ name, gap: gapOf(bySex) ?? 0 }))
    .sort((a, b) => Math.abs(b.gap) - Math.abs(a.gap))[0];
  if (worst.gap === 0) return null;
  return `The largest difference is ${points(Math.abs(worst.gap))} points of UAR in favour of ${worst.gap > 0 ? 'women' : 'men'}: ${worst.name}.`;
}

/** Returns how much higher the UAR of women is; null when one of the two is missing. */
function gapOf(bySex: readonly SexScores[]): number | null {
  const [[women], [men]] = [uarsOf(bySex, 'female'), uarsOf(bySex, 'male')];
  return women === undefined || men === undefined ? null : women - men;
}

function uarsOf(bySex: readonly SexScores[], sex: SexScores['sex']): number[] {
  return bySex.filter((each) => each.sex === sex).map((each) => each.unweightedAverageRecall);
}
