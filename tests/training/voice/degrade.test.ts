import { describe, expect, test } from 'vitest';
import { describe as describeFrames } from '../../../core/analyze.ts';
import { mean } from '../../../core/features/statistics.ts';
import { createRandom } from '../../../training/random.ts';
import {
  addNoise,
  clip,
  loudness,
  resample,
  reverberate,
  telephone,
} from '../../../training/voice/degrade.ts';
import { SYNTHETIC_SOUNDS, syntheticSound } from '../../../training/voice/synthesis.ts';
import { whisper } from '../../../training/voice/whisper.ts';
import { voiceLike, whiteNoise } from '../../fixtures/audio.ts';

const RATE = 16_000;
const sine = (hertz: number) =>
  Float32Array.from({ length: RATE }, (_, n) => 0.5 * Math.sin((2 * Math.PI * hertz * n) / RATE));
const decibels = (ratio: number) => 20 * Math.log10(ratio);

describe('a recording in another condition', () => {
  test('has noise at the ratio asked for', () => {
    const voice = voiceLike({ seconds: 2 });
    const noisy = addNoise(voice, whiteNoise({ seconds: 1 }), 10, createRandom(1));
    const noise = noisy.map((value, n) => value - voice[n]);
    expect(decibels(loudness(voice) / loudness(noise))).toBeCloseTo(10, 0);
  });

  test.each([
    [100, -25, -60],
    [1000, 1, -1],
    [7000, -25, -200],
  ])('on the telephone keeps %i Hz between %i and %i dB', (hertz, most, least) => {
    const change = decibels(loudness(telephone(sine(hertz))) / loudness(sine(hertz)));
    expect(change).toBeLessThan(most);
    expect(change).toBeGreaterThan(least);
  });

  test('in a room decays as long as the room says', () => {
    const impulse = new Float32Array(RATE);
    impulse[0] = 1;
    const room = { decaySeconds: 0.4, directDb: 3 };
    const response = reverberate(impulse, room, createRandom(2));
    const energy = (from: number, to: number) =>
      response.slice(from * RATE, to * RATE).reduce((sum, value) => sum + value * value, 0);
    expect(decibels(Math.sqrt(energy(0.001, 1)))).toBeCloseTo(-3, 1);
    // 60 dB in 0.4 s are 15 dB in 0.1 s.
    expect(10 * Math.log10(energy(0.02, 0.08) / energy(0.12, 0.18))).toBeCloseTo(15, -0.5);
  });

  test('shouted is cut off at full scale', () => {
    const shouted = clip(sine(200), 12);
    expect(Math.max(...shouted)).toBe(1);
    expect(Math.min(...shouted)).toBe(-1);
    expect(shouted.filter((value) => Math.abs(value) === 1).length).toBeGreaterThan(RATE / 2);
  });

  test('played faster is shorter and higher', () => {
    const faster = resample(sine(200), 1.25);
    expect(faster.length).toBeCloseTo(RATE / 1.25, -1);
    const { features } = describeFrames(faster)!;
    expect(features.pitch[20]).toBeCloseTo(250, 0);
  });
});

describe('a whisper', () => {
  const voice = voiceLike({ seconds: 2, seed: 6 });
  const spoken = describeFrames(voice)!;
  const whispered = describeFrames(whisper(voice, createRandom(3), 0))!;
  const brightness = ({ features }: typeof spoken) => mean(Array.from(features.centroid));

  test('has no pitch', () => {
    const clearlyVoiced = ({ features }: typeof spoken) =>
      mean(Array.from(features.periodicity, (value) => (value > 0.8 ? 1 : 0)));
    expect(clearlyVoiced(spoken)).toBeGreaterThan(0.5);
    expect(clearlyVoiced(whispered)).toBeLessThan(0.1);
  });

  test('keeps the syllables: its level goes up and down with that of the voice', () => {
    const shift = Math.round((whispered.span.start - spoken.span.start) * 50);
    const pairs = Array.from({ length: 80 }, (_, t) => [
      spoken.features.level[t + 5],
      whispered.features.level[t + 5 - shift],
    ]);
    const [a, b] = [0, 1].map((k) => mean(pairs.map((pair) => pair[k])));
    const sum = (f: (x: number, y: number) => number) =>
      mean(pairs.map(([x, y]) => f(x - a, y - b)));
    const correlation = sum((x, y) => x * y) / Math.sqrt(sum((x) => x * x) * sum((_, y) => y * y));
    expect(correlation).toBeGreaterThan(0.9);
  });

  test('is brighter with more tilt', () => {
    const bright = describeFrames(whisper(voice, createRandom(3), 0.8))!;
    expect(brightness(bright)).toBeGreaterThan(brightness(whispered) + 100);
  });
});

describe('a made sound', () => {
  test.each(Object.keys(SYNTHETIC_SOUNDS))('%s is the same for the same seed', (kind) => {
    const samples = syntheticSound(kind, 0.5, 3);
    expect(samples).toHaveLength(RATE / 2);
    expect(samples.every(Number.isFinite)).toBe(true);
    expect(samples.reduce((most, s) => Math.max(most, Math.abs(s)), 0)).toBeCloseTo(0.5, 5);
    expect(syntheticSound(kind, 0.5, 3)).toEqual(samples);
    expect(syntheticSound(kind, 0.5, 4)).not.toEqual(samples);
  });

  test('of an unknown kind is refused with the kinds there are', () => {
    expect(() => syntheticSound('speech', 1, 1)).toThrow(/there are tone, chord/);
  });
});
