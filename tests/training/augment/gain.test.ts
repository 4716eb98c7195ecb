import fc from 'fast-check';
import { expect, test } from 'vitest';
import { activeLevel, amplify, setLevel } from '../../../training/augment/index.ts';
import { silence, voiceLike } from '../../fixtures/audio.ts';
import { decibels } from './measure.ts';

test('amplifies, rounds to 16 bits and clips at full scale', () => {
  fc.assert(
    fc.property(
      fc.float32Array({ noNaN: true, min: -2, max: 2, maxLength: 50 }),
      fc.double({ min: -80, max: 40, noNaN: true }),
      (samples, gain) => {
        const before = samples.slice();
        const out = amplify(samples, gain);
        expect(samples).toEqual(before);
        out.forEach((value, n) => {
          const wanted = samples[n] * 10 ** (gain / 20);
          const clipped = Math.max(-1, Math.min(32_767 / 32_768, wanted));
          expect(Math.abs(value - clipped)).toBeLessThanOrEqual(0.5 / 32_768 + 1e-6);
          expect(Number.isInteger(value * 32_768)).toBe(true);
        });
      },
    ),
  );
});

test('rounding hurts at −50 dBFS as it does in a file', () => {
  const quiet = setLevel(voiceLike({ seconds: 1 }), -50);
  expect(new Set(quiet).size).toBeLessThan(2000);
  expect(Math.max(...quiet)).toBeLessThan(0.05);
});

test.each([-50, -30, -20])('brings active speech to %i dBFS', (dbfs) => {
  const samples = voiceLike({ seconds: 2, amplitude: 0.03 });
  expect(decibels(activeLevel(setLevel(samples, dbfs)) ?? 0)).toBeCloseTo(dbfs, 1);
});

test('a level near full scale clips', () => {
  const loud = setLevel(voiceLike({ seconds: 1 }), -3);
  expect(loud.filter((sample) => Math.abs(sample) > 0.9999).length).toBeGreaterThan(100);
});

test('leaves silence and nothing as they are', () => {
  expect(setLevel(silence({ seconds: 1 }), -20)).toEqual(silence({ seconds: 1 }));
  expect(setLevel(new Float32Array(0), -20)).toEqual(new Float32Array(0));
});
