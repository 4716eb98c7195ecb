import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { activeLevel, mixNoise, pinkNoise, whiteNoise } from '../../../training/augment/index.ts';
import { createRandom } from '../../../training/random.ts';
import { silence, voiceLike } from '../../fixtures/audio.ts';
import { bandDb, decibels, subtract, tone } from './measure.ts';

const speech = voiceLike({ seconds: 2, seed: 3 });

/** Level of the speech over the level of what was added, in dB. */
function ratio(mixed: Float32Array): number {
  const added = subtract(mixed, speech);
  return decibels((activeLevel(speech) ?? 0) / (activeLevel(added) ?? 0));
}

describe('mixNoise', () => {
  test('reaches the ratio with noise of any length, and repeats', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 400, max: 80_000 }),
        fc.double({ min: 0, max: 30, noNaN: true }),
        fc.integer({ min: 0, max: 1e6 }),
        (length, snrDb, seed) => {
          const noise = pinkNoise(length, createRandom(seed));
          const mixed = mixNoise(speech, noise, snrDb, createRandom(seed, 1));
          expect(Math.abs(ratio(mixed) - snrDb)).toBeLessThan(0.2);
          expect(mixed).toEqual(mixNoise(speech, noise, snrDb, createRandom(seed, 1)));
        },
      ),
      { numRuns: 15 },
    );
  });

  test('the level of an event counts where it is heard, not over the dead air around it', () => {
    const noise = silence({ seconds: 5 });
    noise.set(whiteNoise(8000, createRandom(1)), 60_000);
    for (let seed = 0; seed < 20; seed++) {
      const mixed = mixNoise(speech, noise, 10, createRandom(seed));
      expect(Math.abs(ratio(mixed) - 10)).toBeLessThan(0.2);
    }
  });

  test('takes another stretch with another seed', () => {
    const noise = whiteNoise(80_000, createRandom(1));
    const [a, b] = [1, 2].map((seed) => mixNoise(speech, noise, 10, createRandom(seed)));
    expect(a).not.toEqual(b);
  });

  test('goes round a short noise without a click', () => {
    // 0.3 s of a tone that does not close on itself: a bare seam would jump by up to its height.
    const noise = tone(101.3, 0.3);
    const added = subtract(mixNoise(speech, noise, 0, createRandom(2)), speech);
    const slope = (samples: Float32Array) =>
      samples.subarray(1).reduce((most, x, n) => Math.max(most, Math.abs(x - samples[n])), 0);
    const peak = (samples: Float32Array) =>
      samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    expect(slope(added) / peak(added)).toBeLessThan((2.5 * slope(noise)) / peak(noise));
  });

  test('leaves silence as it is, and speech when the noise is silent', () => {
    const noise = whiteNoise(1000, createRandom(1));
    const nothing = silence({ seconds: 1 });
    expect(mixNoise(nothing, noise, 10, createRandom(1))).toEqual(nothing);
    expect(mixNoise(speech, nothing, 10, createRandom(1))).toEqual(speech);
    expect(mixNoise(new Float32Array(0), noise, 10, createRandom(1)).length).toBe(0);
  });

  test('needs a noise', () => {
    expect(() => mixNoise(speech, new Float32Array(0), 10, createRandom(1))).toThrow(RangeError);
  });
});

describe('generated noise', () => {
  test.each([
    ['white', whiteNoise, 0],
    ['pink', pinkNoise, -3.01],
  ] as const)('%s noise has its slope per octave and RMS 0.1', (_, generate, slope) => {
    const noise = generate(160_000, createRandom(7));
    const octaves = [125, 250, 500, 1000, 2000, 4000];
    // Band edges on bins of the transform, so that every octave counts the same share of them.
    const perHertz = octaves.map(
      (hertz) => bandDb(noise, hertz * 0.75, hertz * 1.25) - 10 * Math.log10(hertz),
    );
    perHertz.slice(1).forEach((level, i) => {
      expect(Math.abs(level - perHertz[i] - slope)).toBeLessThan(0.6);
    });
    expect(Math.abs(perHertz[5] - perHertz[0] - 5 * slope)).toBeLessThan(1);
    const power = noise.reduce((sum, x) => sum + x * x, 0) / noise.length;
    expect(Math.sqrt(power)).toBeCloseTo(0.1, 3);
  });
});
