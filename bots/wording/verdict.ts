import type { Label, Segment, Verdict } from '../../core/index.ts';
import { clock, ranked } from '../../web/words.js';
import { EN } from './languages.ts';
import type { Strings } from './strings.ts';

/** A verdict in words and symbols; each platform lays it out in its own way. */
export interface VerdictWords {
  /** One for each emotion of the headline: `😄`, or `😠 → 😄`. */
  readonly emoji: string;
  /** 0xRRGGBB. */
  readonly colour: number;
  /** `Happy`, `Uncertain`, `No speech`, `Angry, then happy`. */
  readonly title: string;
  /** Title and sureness as a sentence: `Happy, 71% sure.` */
  readonly sentence: string;
  /** `71% sure`; null where the title does not name one emotion. */
  readonly sureness: string | null;
  /** What such a title means; null for one emotion. */
  readonly meaning: string | null;
  /** The most likely emotions that the title leaves out: up to three, none without speech. */
  readonly others: readonly Share[];
  /** The course of a longer note; null for a note of a single stretch. */
  readonly timeline: TimelineWords | null;
  readonly footer: string;
}

export interface Share {
  readonly label: string;
  /** `12%`. */
  readonly share: string;
  /** The same as ten symbols. */
  readonly bar: string;
}

export interface TimelineWords {
  /** Twelve squares for equal steps, from the start of the recording to its end. */
  readonly strip: string;
  /** `0:00` and `0:34`, for the ends of the strip. */
  readonly start: string;
  readonly end: string;
  /** What the squares that occur stand for. */
  readonly legend: string;
  /** `Of the speech: 80% happy, 20% neutral.` */
  readonly shares: string;
}

interface Look {
  readonly emoji: string;
  readonly square: string;
  readonly colour: number;
}

/** How labels look. The colours match the squares. */
const LOOKS: Readonly<Record<Label, Look>> = {
  neutral: { emoji: '😐', square: '⬜', colour: 0xb0b4bd },
  calm: { emoji: '😌', square: '🟩', colour: 0x5fa052 },
  happy: { emoji: '😄', square: '🟨', colour: 0xf2c230 },
  sad: { emoji: '😢', square: '🟦', colour: 0x3d7fd0 },
  angry: { emoji: '😠', square: '🟥', colour: 0xd13b3b },
  fearful: { emoji: '😨', square: '🟪', colour: 0x8e5bc9 },
  disgust: { emoji: '🤢', square: '🟫', colour: 0x8d6244 },
  surprised: { emoji: '😮', square: '🟧', colour: 0xef8c2c },
  uncertain: { emoji: '🤔', square: '⬛', colour: 0x6b7080 },
  'no-speech': { emoji: '🔇', square: '▫️', colour: 0x6b7080 },
};

/** How many other emotions are named at most, and the probability below which none is. */
const MAX_OTHERS = 3;
const MIN_PROBABILITY = 0.01;
const BAR_LENGTH = 10;
/** This many squares fit on one line of a message on a phone. */
const STEPS = 12;
/** Keeps a square and its meaning on one line. */
const NO_BREAK = '\u00a0';

/**
 * Puts a verdict into words.
 *
 * @example
 * const { emoji, title, sureness } = wordVerdict(verdict); // 😄 Happy, 71% sure
 */
export function wordVerdict(verdict: Verdict, strings: Strings = EN): VerdictWords {
  const { emotion, sequence, probabilities } = verdict;
  const sureness = strings.sureness(verdict);
  const labels = sequence.length > 0 ? sequence : [emotion];
  const others = ranked(probabilities ?? {}).slice(sureness === null ? 0 : 1);
  return {
    emoji: labels.map((label) => LOOKS[label].emoji).join(' → '),
    colour: LOOKS[labels[0]].colour,
    title: strings.headline(verdict),
    sentence: strings.sentence(verdict),
    sureness,
    meaning: strings.meaning(verdict),
    others: others
      .filter(([, share]) => share >= MIN_PROBABILITY)
      .slice(0, MAX_OTHERS)
      .map(([label, share]) => ({
        label: strings.labels[label],
        share: strings.percent(share),
        bar: bar(share),
      })),
    timeline: wordTimeline(verdict, strings),
    footer: strings.footer,
  };
}

function bar(share: number): string {
  const filled = Math.round(share * BAR_LENGTH);
  return '▰'.repeat(filled) + '▱'.repeat(BAR_LENGTH - filled);
}

function wordTimeline(verdict: Verdict, strings: Strings): TimelineWords | null {
  const { timeline = [], duration, summary } = verdict;
  if (timeline.length < 2) return null;
  const step = duration / STEPS;
  const labels = Array.from({ length: STEPS }, (_, i) =>
    longest(timeline, i * step, (i + 1) * step),
  );
  return {
    strip: labels.map((label) => LOOKS[label].square).join(''),
    start: clock(0),
    end: clock(duration),
    legend: [...new Set(labels)]
      .map((label) => `${LOOKS[label].square}${NO_BREAK}${strings.labels[label]}`)
      .join('  '),
    shares: strings.shares(summary),
  };
}

/** Returns the label that lasts longest between two times; `no-speech` where no one speaks. */
function longest(timeline: readonly Segment[], from: number, to: number): Label {
  const seconds: Partial<Record<Label, number>> = {};
  for (const { start, end, emotion } of timeline) {
    const overlap = Math.min(end, to) - Math.max(start, from);
    if (overlap > 0) seconds[emotion] = (seconds[emotion] ?? 0) + overlap;
  }
  return ranked(seconds)[0]?.[0] ?? 'no-speech';
}
