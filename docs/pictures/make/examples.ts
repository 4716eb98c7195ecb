import {
  EMOTIONS,
  type Emotion,
  type Label,
  type Probabilities,
  type Segment,
  type Verdict,
  verdictSchema,
} from '../../../core/index.ts';

/** Verdicts as the API gives them, made up for pictures. */
const MODEL = { name: 'undertone', version: '1.0.0', sha256: '0'.repeat(64) };

export const SHORT_NOTE = verdict({
  emotion: 'happy',
  duration: 3.12,
  shares: { happy: 0.71, surprised: 0.14, neutral: 0.08, calm: 0.04 },
});

export const UNCERTAIN_NOTE = verdict({
  emotion: 'uncertain',
  duration: 4.2,
  shares: { sad: 0.38, calm: 0.27, neutral: 0.21, fearful: 0.08 },
});

export const LONG_NOTE = verdict({
  emotion: 'happy',
  duration: 34,
  shares: { happy: 0.58, neutral: 0.24, surprised: 0.11, calm: 0.03 },
  sequence: ['neutral', 'happy'],
  timeline: [
    [0, 9.5, 'neutral'],
    [11, 25.5, 'happy'],
    [25.5, 28.5, 'surprised'],
    [29, 34, 'happy'],
  ],
});

interface Example {
  readonly emotion: Label;
  readonly duration: number;
  /** The rest is shared among the others. */
  readonly shares: Partial<Record<Emotion, number>>;
  readonly sequence?: readonly Emotion[];
  readonly timeline?: readonly (readonly [start: number, end: number, emotion: Label])[];
}

function verdict({ emotion, duration, shares, sequence = [], timeline }: Example): Verdict {
  const probabilities = allOf(shares);
  const confidence = Math.max(...Object.values(probabilities));
  const stretches = timeline ?? [[0, duration, emotion] as const];
  const spoken = stretches.reduce((sum, [start, end]) => sum + end - start, 0);
  const summary: Partial<Record<Label, number>> = {};
  for (const [start, end, label] of stretches) {
    summary[label] = (summary[label] ?? 0) + (end - start) / spoken;
  }
  return verdictSchema.parse({
    emotion,
    confidence,
    probabilities,
    duration,
    speech: { start: 0, end: duration },
    sequence,
    timeline: stretches.map(
      ([start, end, label]): Segment => ({
        start,
        end,
        emotion: label,
        confidence,
        probabilities,
      }),
    ),
    summary,
    model: MODEL,
  });
}

function allOf(shares: Example['shares']): Probabilities {
  const given = Object.values(shares);
  const left = 1 - given.reduce((sum, share) => sum + share, 0);
  const rest = left / (EMOTIONS.length - given.length);
  return Object.fromEntries(
    EMOTIONS.map((emotion) => [emotion, shares[emotion] ?? rest]),
  ) as Probabilities;
}
