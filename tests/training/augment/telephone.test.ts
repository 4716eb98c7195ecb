import { describe, expect, test } from 'vitest';
import { telephone } from '../../../training/augment/index.ts';
import { whiteNoise } from '../../../training/augment/noise.ts';
import { muLawRoundTrip } from '../../../training/augment/telephone.ts';
import { createRandom } from '../../../training/random.ts';
import { voiceLike } from '../../fixtures/audio.ts';
import { bandDb, lagOf, tone } from './measure.ts';

describe('telephone', () => {
  test.each([400, 1000, 3200])('lets %i Hz pass at its level', (hertz) => {
    const before = tone(hertz, 1);
    const change = bandDb(telephone(before), hertz - 20, hertz + 20) - bandDb(before, 0, 8000);
    expect(Math.abs(change)).toBeLessThan(0.3);
  });

  test.each([50, 120, 3700, 5000, 7500])('stops %i Hz, and sends no image of it', (hertz) => {
    const before = tone(hertz, 1);
    const after = telephone(before).subarray(2000, -2000);
    expect(bandDb(before, 0, 8000) - bandDb(after, 0, 8000)).toBeGreaterThan(35);
  });

  test('leaves nothing outside the band but traces of the coding', () => {
    const after = telephone(whiteNoise(64_000, createRandom(1)));
    const within = bandDb(after, 400, 3300);
    expect(within - bandDb(after, 0, 150)).toBeGreaterThan(30);
    expect(within - bandDb(after, 4200, 8000)).toBeGreaterThan(35);
  });

  test('keeps length and time', () => {
    for (const length of [0, 1, 2, 33, 16_001]) {
      const speech = voiceLike({ seconds: length / 16_000 });
      const before = speech.slice();
      const after = telephone(speech);
      expect(after.length).toBe(length);
      expect(after.every((x) => Number.isFinite(x))).toBe(true);
      expect(speech).toEqual(before);
      if (length > 1000) expect(lagOf(after, speech)).toBe(0);
    }
  });
});

describe('µ-law', () => {
  test.each([
    [0, 0],
    [4, 8],
    [-4, -8],
    [100, 104],
    [1000, 988],
    [-12_000, -11_900],
    [32_635, 32_124],
    [-32_768, -32_124],
  ])('gives %i back as %i', (value, wanted) => {
    expect(muLawRoundTrip(value) + 0).toBe(wanted);
  });

  test('knows 255 values, gives each back unchanged, and errs by 1 in 32 at most', () => {
    const values = new Set<number>();
    for (let value = -32_768; value < 32_768; value++) {
      const back = muLawRoundTrip(value);
      values.add(back + 0);
      if (Math.abs(value) < 32_635) {
        expect(Math.abs(back - value)).toBeLessThanOrEqual((Math.abs(value) + 132) / 32);
      }
    }
    expect(values.size).toBe(255);
    for (const value of values) expect(muLawRoundTrip(value) + 0).toBe(value);
  });
});
