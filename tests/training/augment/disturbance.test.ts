import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DISTURBANCES, disturb, drawDisturbance } from '../../../training/augment/disturbance.ts';
import { activeLevel } from '../../../training/augment/index.ts';
import { createRandom } from '../../../training/random.ts';
import { silence, voiceLike } from '../../fixtures/audio.ts';
import { bandDb, decibels, subtract } from './measure.ts';

const voice = voiceLike({ seconds: 2, amplitude: 0.1 });
const level = activeLevel(voice) ?? 0;

/** What lies over the voice, and the samples in which anything does. */
function added(kind: (typeof DISTURBANCES)[number], relativeDb: number, seed: number) {
  const sound = subtract(disturb(voice, { kind, relativeDb, seed }), voice);
  return { sound, heard: sound.filter((value) => Math.abs(value) > 1e-7) };
}

describe.each(DISTURBANCES)('%s', (kind) => {
  test('lies over the voice as loud as told, wherever and however long it is', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: -6, max: 24 }), (seed, relativeDb) => {
        const { sound, heard } = added(kind, relativeDb, seed);
        expect(sound).toHaveLength(voice.length);
        const peak = heard.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        // A sine of the same root mean square as the voice peaks 3 dB above it.
        expect(decibels(peak / level) - relativeDb).toBeGreaterThan(2.4);
        // Harmonics, noise and pops peak higher.
        expect(decibels(peak / level) - relativeDb).toBeLessThan(15);
      }),
      { numRuns: 15 },
    );
  });

  test('is the same for a seed, and another for another', () => {
    const once = added(kind, 6, 4);
    const differs = ({ sound }: typeof once) => sound.some((value, n) => value !== once.sound[n]);
    expect(differs(added(kind, 6, 4))).toBe(false);
    expect(differs(added(kind, 6, 5))).toBe(true);
  });

  test('leaves silence and nothing as they are', () => {
    const disturbance = { kind, relativeDb: 20, seed: 1 };
    expect(disturb(silence({ seconds: 1 }), disturbance)).toEqual(silence({ seconds: 1 }));
    expect(disturb(new Float32Array(0), disturbance)).toHaveLength(0);
  });
});

describe('disturbances lie where they do in recordings', () => {
  test('rumble and offsets below a voice, a whistle above most of it', () => {
    for (let seed = 0; seed < 5; seed++) {
      for (const kind of ['rumble', 'offset'] as const) {
        const { sound } = added(kind, 20, seed);
        expect(bandDb(sound, 0, 60) - bandDb(sound, 100, 8000)).toBeGreaterThan(20);
      }
      const { sound } = added('whistle', 0, seed);
      expect(bandDb(sound, 3300, 8000) - bandDb(sound, 0, 3000)).toBeGreaterThan(20);
    }
  });

  test('events are short: most of the recording stays as it was', () => {
    for (const kind of ['bump', 'squelch', 'pop', 'beep'] as const) {
      for (let seed = 0; seed < 10; seed++) {
        expect(added(kind, 12, seed).heard.length).toBeLessThanOrEqual(voice.length / 4);
      }
    }
  });
});

test('drawDisturbance draws every kind, as plain JSON that can be applied again', () => {
  const random = createRandom(1);
  const drawn = Array.from({ length: 200 }, () => drawDisturbance(random));
  expect(new Set(drawn.map(({ kind }) => kind))).toEqual(new Set(DISTURBANCES));
  for (const disturbance of drawn.slice(0, 10)) {
    const again = JSON.parse(JSON.stringify(disturbance));
    expect(disturb(voice, again)).toEqual(disturb(voice, disturbance));
  }
});
