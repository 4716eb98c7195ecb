import {
  EMOTIONS,
  type Label,
  type Probabilities,
  type Verdict,
  verdictSchema,
} from '../../core/index.ts';

const EVEN = Object.fromEntries(EMOTIONS.map((emotion) => [emotion, 1 / 8])) as Probabilities;
const LABELS: readonly Label[] = [...EMOTIONS, 'uncertain'];

/** A note that changes three times, between the emotions with the longest names in a language. */
export function longestChange(labels: Readonly<Record<Label, string>>): Verdict {
  const longestFirst = EMOTIONS.toSorted((one, other) => labels[other].length - labels[one].length);
  const [first, second] = longestFirst;
  return {
    ...wordiest('uncertain', [first, second, first, second]),
    // Of the same probability, the first three are named.
    probabilities: Object.fromEntries(
      longestFirst.map((emotion) => [emotion, 1 / 8]),
    ) as Probabilities,
  };
}

/** The longest note that is accepted, with all there can be in its answer. */
export function wordiest(emotion: Label, sequence: Verdict['sequence'] = []): Verdict {
  const step = 300 / LABELS.length;
  return verdictSchema.parse({
    emotion,
    confidence: emotion === 'no-speech' ? 0 : 1 / 8,
    probabilities: emotion === 'no-speech' ? null : EVEN,
    duration: 300,
    speech: { start: 0, end: 300 },
    sequence,
    timeline: LABELS.map((label, i) => ({
      ...{ start: i * step, end: (i + 1) * step, emotion: label },
      ...{ confidence: 1 / 8, probabilities: EVEN },
    })),
    summary: Object.fromEntries(LABELS.map((label) => [label, 1 / LABELS.length])),
    model: { name: 'tiny', version: '0.0.1', sha256: '0'.repeat(64) },
  });
}
