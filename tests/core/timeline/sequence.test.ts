import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EMOTIONS } from '../../../core/model/emotions.ts';
import { sequenceOf } from '../../../core/timeline/sequence.ts';
import { type Label, MAX_SEQUENCE } from '../../../core/verdict.ts';

const label = fc.constantFrom<Label>(...EMOTIONS.slice(0, 4), 'uncertain');
const stretches = fc.array(fc.tuple(label, fc.integer({ min: 1, max: 60 })), { maxLength: 12 });

const total = (all: readonly (readonly [Label, number])[]) =>
  all.reduce((sum, [, amount]) => sum + amount, 0);

describe('the sequence of any timeline', () => {
  test('is empty, or two to four emotions of which no two neighbours are alike', () => {
    fc.assert(
      fc.property(stretches, (timeline) => {
        const sequence = sequenceOf(timeline);
        expect(sequence).not.toHaveLength(1);
        expect(sequence.length).toBeLessThanOrEqual(MAX_SEQUENCE);
        for (const [i, emotion] of sequence.entries()) {
          expect(EMOTIONS).toContain(emotion);
          expect(emotion).not.toBe(sequence[i + 1]);
        }
      }),
    );
  });

  test('is heard in that order, in stretches that cover most of the speech', () => {
    fc.assert(
      fc.property(stretches, (timeline) => {
        const sequence = sequenceOf(timeline);
        let from = 0;
        for (const emotion of sequence) {
          const at = timeline.findIndex(([name], i) => i >= from && name === emotion);
          expect(at).toBeGreaterThanOrEqual(from);
          from = at + 1;
        }
        const named = timeline.filter(([name]) => sequence.some((emotion) => emotion === name));
        if (sequence.length > 0) expect(total(named)).toBeGreaterThan(total(timeline) / 2);
      }),
    );
  });

  test('does not depend on the unit, nor on where a stretch is cut in two', () => {
    fc.assert(
      fc.property(stretches, fc.nat(), fc.integer({ min: 2, max: 50 }), (timeline, where, unit) => {
        const sequence = sequenceOf(timeline);
        const scaled = timeline.map(([name, amount]) => [name, amount * unit] as const);
        expect(sequenceOf(scaled)).toEqual(sequence);
        const cut = scaled.flatMap(([name, amount], i) =>
          i === where % timeline.length
            ? ([
                [name, 1],
                [name, amount - 1],
              ] as const)
            : ([[name, amount]] as const),
        );
        expect(sequenceOf(cut)).toEqual(sequence);
      }),
    );
  });
});

test.each<[string, [Label, number][], Label[]]>([
  [
    'angry, then happy',
    [
      ['angry', 6],
      ['happy', 5],
    ],
    ['angry', 'happy'],
  ],
  [
    'with doubt between them',
    [
      ['angry', 6],
      ['uncertain', 2],
      ['happy', 5],
    ],
    ['angry', 'happy'],
  ],
  [
    'one emotion with doubt in it',
    [
      ['sad', 6],
      ['uncertain', 2],
      ['sad', 5],
    ],
    [],
  ],
  [
    'mostly doubt',
    [
      ['angry', 2],
      ['uncertain', 6],
      ['happy', 2],
    ],
    [],
  ],
  [
    'no more than half without doubt',
    [
      ['angry', 3],
      ['uncertain', 6],
      ['happy', 3],
    ],
    [],
  ],
  [
    'a word of surprise in a calm note',
    [
      ['calm', 20],
      ['surprised', 2],
      ['calm', 20],
    ],
    [],
  ],
  [
    'a change back',
    [
      ['calm', 5],
      ['sad', 5],
      ['calm', 5],
    ],
    ['calm', 'sad', 'calm'],
  ],
  [
    'five emotions, of which the shortest is left out',
    [
      ['calm', 5],
      ['sad', 5],
      ['happy', 4],
      ['angry', 5],
      ['fearful', 5],
    ],
    ['calm', 'sad', 'angry', 'fearful'],
  ],
  ['no speech', [], []],
])('%s', (_, timeline, sequence) => {
  expect(sequenceOf(timeline)).toEqual(sequence);
});
