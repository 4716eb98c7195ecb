import { describe, expect, it } from 'vitest';
import { decode } from '../../../core/node/decode.ts';
import { bitErrorRate, fingerprintOf, isCopy } from '../../../training/corpus/fingerprint.ts';
import { createRandom } from '../../../training/random.ts';
import { silence, voiceLike, wavFile } from '../../fixtures/audio.ts';
import { encode, hasFfmpeg } from '../../fixtures/encode.ts';

const SECONDS = 2.4;
const take = (seed: number, pitchHz = 140) => voiceLike({ seconds: SECONDS, pitchHz, seed });
const original = take(1);
const prints = (samples: Float32Array) => fingerprintOf(samples);

/** What a recorder of 16 bits adds with dither. */
function dithered(samples: Float32Array): Float32Array {
  const random = createRandom(7);
  return samples.map((x) => x + (random.uniform() - random.uniform()) / 32_768);
}

describe('copies', () => {
  it.each([
    ['the same samples', original],
    ['quieter by 20 dB', original.map((x) => x / 10)],
    ['dithered', dithered(original)],
    ['a millisecond later', original.subarray(15)],
    ['half a hop later', original.subarray(160)],
    ['90 ms later', original.subarray(1440)],
    ['with 80 ms of silence before', Float32Array.of(...silence({ seconds: 0.08 }), ...original)],
  ])('are found: %s', (_, copy) => {
    expect(isCopy(prints(original), prints(copy))).toBe(true);
    expect(isCopy(prints(copy), prints(original))).toBe(true);
  });

  it.runIf(hasFfmpeg).each([
    ['ogg', ['-c:a', 'libopus', '-b:a', '24k']],
    ['mp3', ['-b:a', '32k']],
  ])('are found in another format: %s', async (format, options) => {
    const { samples } = await decode(encode(wavFile(original), format, options));
    expect(samples).not.toEqual(original);
    expect(isCopy(prints(original), prints(samples))).toBe(true);
  });
});

describe('other recordings', () => {
  it('are not taken for copies, though voice, pitch and length are the same', () => {
    const takes = Array.from({ length: 24 }, (_, seed) => prints(take(seed)));
    takes.forEach((a, i) => {
      for (const b of takes.slice(i + 1)) expect(bitErrorRate(a, b)).toBeGreaterThan(0.3);
    });
  });

  it('may be the same syllables at another pitch', () => {
    expect(isCopy(prints(original), prints(take(1, 180)))).toBe(false);
  });

  it('may agree in their silence alone', () => {
    const pause = silence({ seconds: 1.5 });
    const [a, b] = [3, 4].map((seed) =>
      Float32Array.of(...pause, ...voiceLike({ seconds: 0.9, seed }), ...pause),
    );
    expect(isCopy(prints(a), prints(b))).toBe(false);
  });

  it('may be parts of one, of another length', () => {
    expect(isCopy(prints(original), prints(original.subarray(0, 1.8 * 16_000)))).toBe(false);
  });

  it('may be too short to tell', () => {
    for (const length of [0, 1, 700, 2000]) {
      const short = prints(original.subarray(0, length));
      expect(bitErrorRate(short, short)).toBe(1);
    }
  });
});
