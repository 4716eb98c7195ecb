import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { analyze } from '../../../core/analyze.ts';
import { decode } from '../../../core/audio/decode.ts';
import { SYNTHETIC_SOUNDS, syntheticSound } from '../../../training/voice/synthesis.ts';
import { silence, voiceLike, whiteNoise } from '../../fixtures/audio.ts';

/** Training draws its made sounds from other seeds. */
const UNHEARD_SEEDS = [1, 2, 3];

const voice = voiceLike({ seconds: 2, seed: 4, pitchHz: 180 });
const gain = (samples: Float32Array, dB: number) =>
  samples.map((value) => Math.max(-1, Math.min(1, value * 10 ** (dB / 20))));

function insert(into: Float32Array, at: number, samples: Float32Array): Float32Array {
  const mixed = into.slice();
  samples.forEach((value, n) => {
    mixed[at * 16_000 + n] += value;
  });
  return mixed;
}

describe('a voice is heard', () => {
  test.each([
    ['of a man', { seconds: 2, pitchHz: 110, seed: 21 }],
    ['of a woman', { seconds: 2, pitchHz: 220, seed: 22 }],
    ['of a child', { seconds: 2, pitchHz: 300, seed: 23 }],
    ['for 0.3 seconds', { seconds: 0.3, pitchHz: 220, seed: 4 }],
    ['for 10 seconds', { seconds: 10, pitchHz: 160, seed: 3 }],
  ])('%s', (_, options) => {
    expect(analyze(voiceLike(options))).not.toBeNull();
  });

  test.each([-60, -30, 0, 30])('at a gain of %i dB', (dB) => {
    expect(analyze(gain(voice, dB))).not.toBeNull();
  });

  test.each([
    ['noise', whiteNoise({ seconds: 15, amplitude: 0.03, seed: 2 })],
    ['music', syntheticSound('music', 15, 2)],
    ['silence', silence({ seconds: 15 })],
  ])('for two seconds in a quarter of a minute of %s', (_, background) => {
    expect(analyze(insert(background, 9, voice))).not.toBeNull();
  });

  test.each(['plain', 'fast-high', 'slow-low', 'long'])('in the sample %s', async (name) => {
    const file = new URL(`../../../samples/${name}.ogg`, import.meta.url);
    const { samples } = await decode(new Uint8Array(readFileSync(file)));
    expect(analyze(samples)).not.toBeNull();
  });
});

describe('nobody speaks', () => {
  test('in nearly all made sounds of every kind', () => {
    const taken = Object.keys(SYNTHETIC_SOUNDS).flatMap((kind) =>
      UNHEARD_SEEDS.filter((seed) => analyze(syntheticSound(kind, 2, seed))).map(
        (seed) => `${kind} ${seed}`,
      ),
    );
    expect(taken.length).toBeLessThanOrEqual(1);
  });

  test.each([-60, -30, 30])('in noise at a gain of %i dB', (dB) => {
    expect(analyze(gain(whiteNoise({ seconds: 3, seed: 9 }), dB))).toBeNull();
  });

  test('in a quarter of a minute of music', () => {
    expect(analyze(syntheticSound('music', 15, 11))).toBeNull();
  });
});
