import type { Label, Verdict } from '../../core/index.ts';
import { percent } from '../../lib/percent.ts';
import { EN } from './en.ts';
import type { Strings } from './strings.ts';
import { type TimelineWords, wordTimeline } from './timeline.ts';

/** A verdict in words and signs, which every platform lays out in its own way. */
export interface VerdictWords {
  readonly emoji: string;
  /** 0xRRGGBB. */
  readonly colour: number;
  /** `Happy`, `Uncertain`, `No speech`. */
  readonly title: string;
  /** `71% sure`; null for "uncertain" and "no speech", which say it otherwise. */
  readonly sureness: string | null;
  /** What "uncertain" and "no speech" mean; null for an emotion. */
  readonly meaning: string | null;
  /** The next likely emotions: two or three, none when nobody speaks. */
  readonly others: readonly Share[];
  /** Of notes that are told in more than one stretch. */
  readonly timeline: TimelineWords | null;
  readonly footer: string;
}

export interface Share {
  readonly label: string;
  /** `12%`. */
  readonly share: string;
  /** The same as ten signs. */
  readonly bar: string;
}

/** How labels look. The colours go with those of the squares of timelines. */
const LOOKS: Readonly<Record<Label, { readonly emoji: string; readonly colour: number }>> = {
  neutral: { emoji: '😐', colour: 0xb0b4bd },
  calm: { emoji: '😌', colour: 0x5fa052 },
  happy: { emoji: '😄', colour: 0xf2c230 },
  sad: { emoji: '😢', colour: 0x3d7fd0 },
  angry: { emoji: '😠', colour: 0xd13b3b },
  fearful: { emoji: '😨', colour: 0x8e5bc9 },
  disgust: { emoji: '🤢', colour: 0x8d6244 },
  surprised: { emoji: '😮', colour: 0xef8c2c },
  uncertain: { emoji: '🤔', colour: 0x6b7080 },
  'no-speech': { emoji: '🔇', colour: 0x6b7080 },
};

/** Most of the next likely emotions that are named, and the share below which none is. */
const MOST_OTHERS = 3;
const LEAST_SHARE = 0.01;
const BAR_LENGTH = 10;

/**
 * Puts a verdict into words.
 *
 * @example
 * const { emoji, title, sureness } = wordVerdict(verdict); // 😄 Happy, 71% sure
 */
export function wordVerdict(verdict: Verdict, strings: Strings = EN): VerdictWords {
  const { emotion, confidence, probabilities } = verdict;
  const { language } = strings;
  const ranked = Object.entries(probabilities ?? {}).sort(([, one], [, other]) => other - one) as [
    Label,
    number,
  ][];
  const isEmotion = emotion !== 'uncertain' && emotion !== 'no-speech';
  const next = isEmotion ? ranked.slice(1) : ranked;
  return {
    ...LOOKS[emotion],
    title: capital(strings.labels[emotion]),
    sureness: isEmotion ? strings.sureness(percent(confidence, { language })) : null,
    meaning:
      emotion === 'no-speech'
        ? strings.noSpeech
        : emotion === 'uncertain'
          ? strings.uncertain(strings.labels[ranked[0][0]], percent(confidence, { language }))
          : null,
    others: next
      .filter(([, share]) => share >= LEAST_SHARE)
      .slice(0, MOST_OTHERS)
      .map(([label, share]) => ({
        label: strings.labels[label],
        share: percent(share, { language }),
        bar: bar(share),
      })),
    timeline: wordTimeline(verdict, strings),
    footer: strings.footer,
  };
}

export function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function bar(share: number): string {
  const filled = Math.round(share * BAR_LENGTH);
  return '▰'.repeat(filled) + '▱'.repeat(BAR_LENGTH - filled);
}
