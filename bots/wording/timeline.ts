import type { Label, Segment, Verdict } from '../../core/index.ts';
import { percent } from '../../lib/percent.ts';
import type { Strings } from './strings.ts';

/** The course of a longer note. */
export interface TimelineWords {
  /** One square for each of equal steps, from the start of the recording to its end. */
  readonly strip: string;
  /** `0:00` and `0:34`, for the ends of the strip. */
  readonly start: string;
  readonly end: string;
  /** What the squares mean, of those that occur. */
  readonly legend: string;
  /** `Of the speech: 80% happy, 20% neutral`. */
  readonly shares: string;
}

const SQUARES: Readonly<Record<Label, string>> = {
  neutral: '⬜',
  calm: '🟩',
  happy: '🟨',
  sad: '🟦',
  angry: '🟥',
  fearful: '🟪',
  disgust: '🟫',
  surprised: '🟧',
  uncertain: '⬛',
  'no-speech': '▫️',
};

/** Keeps a square and its meaning on one line. */
const NO_BREAK = '\u00a0';

/** As many squares fit into one line of a message on a phone. */
const STEPS = 12;

/** Returns null for a note that is told in one stretch. */
export function wordTimeline(verdict: Verdict, strings: Strings): TimelineWords | null {
  const { timeline = [], duration, summary } = verdict;
  if (timeline.length < 2) return null;
  const step = duration / STEPS;
  const labels = Array.from({ length: STEPS }, (_, i) =>
    longest(timeline, i * step, (i + 1) * step),
  );
  const { language } = strings;
  const shares = (Object.entries(summary) as [Label, number][])
    .sort(([, one], [, other]) => other - one)
    .map(([label, share]) => `${percent(share, { language })} ${strings.labels[label]}`);
  return {
    strip: labels.map((label) => SQUARES[label]).join(''),
    start: clock(0),
    end: clock(duration),
    legend: [...new Set(labels)]
      .map((label) => `${SQUARES[label]}${NO_BREAK}${strings.labels[label]}`)
      .join('  '),
    shares: `${strings.ofTheSpeech}: ${shares.join(', ')}`,
  };
}

/** Returns the label that lasts longest between two times; `no-speech` where nobody speaks. */
function longest(timeline: readonly Segment[], from: number, to: number): Label {
  const seconds = new Map<Label, number>();
  for (const { start, end, emotion } of timeline) {
    const overlap = Math.min(end, to) - Math.max(start, from);
    if (overlap > 0) seconds.set(emotion, (seconds.get(emotion) ?? 0) + overlap);
  }
  const [first] = [...seconds].sort(([, one], [, other]) => other - one);
  return first?.[0] ?? 'no-speech';
}

function clock(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
