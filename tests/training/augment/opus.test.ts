import { afterEach, describe, expect, test, vi } from 'vitest';
import { opusRoundTrip, whiteNoise } from '../../../training/augment/index.ts';
import { createRandom } from '../../../training/random.ts';
import { silence, voiceLike } from '../../fixtures/audio.ts';
import { hasFfmpeg } from '../../fixtures/encode.ts';
import { bandDb, lagOf, subtract } from './measure.ts';

afterEach(() => vi.unstubAllEnvs());

describe.skipIf(!hasFfmpeg)('opusRoundTrip', () => {
  const clips = [
    voiceLike({ seconds: 1.2345, seed: 1 }),
    new Float32Array(0),
    voiceLike({ seconds: 0.31, seed: 2, pitchHz: 220 }),
    silence({ seconds: 0.5 }),
    voiceLike({ seconds: 2.1, seed: 3, pitchHz: 180 }).map((x) => Math.max(-1, Math.min(1, 4 * x))),
    voiceLike({ seconds: 0.9, seed: 4 }),
    whiteNoise(16_000, createRandom(5)),
  ];

  test.each([
    12, 16, 32, 64,
  ])('at %i kbit/s gives each clip back in length and time', async (rate) => {
    const back = await opusRoundTrip(clips, rate);
    expect(back.map((clip) => clip.length)).toEqual(clips.map((clip) => clip.length));
    for (const [i, clip] of clips.entries()) {
      expect(back[i].every((x) => Number.isFinite(x))).toBe(true);
      if (clip.some((x) => x !== 0)) expect(lagOf(back[i], clip)).toBe(0);
    }
    // The silence between them is no louder than what the codec leaves of the clip before.
    expect(back[3].every((x) => Math.abs(x) < 0.01)).toBe(true);
  });

  test('loses more at a lower rate, the same each time, and leaves its input', async () => {
    const before = clips.map((clip) => clip.slice());
    const [low, again, high] = await Promise.all([12, 12, 64].map((k) => opusRoundTrip(clips, k)));
    expect(clips).toEqual(before);
    expect(again).toEqual(low);
    // Judged on noise: the codec's high-pass turns the phase of a low voice, which counts as error
    // at every rate and would hide the difference.
    const errorDb = (back: Float32Array[]) => bandDb(subtract(back[6], clips[6]), 0, 8000);
    expect(errorDb(low)).toBeGreaterThan(errorDb(high) + 6);
    expect(errorDb(high)).toBeLessThan(bandDb(clips[6], 0, 8000) - 10);
  });

  test('says what ffmpeg said when it cannot encode', async () => {
    await expect(opusRoundTrip([clips[0]], -1)).rejects.toMatchObject({ code: 'decoder-missing' });
  });
});

test('without ffmpeg the error is the usual one', async () => {
  vi.stubEnv('FFMPEG_BIN', '/nowhere/ffmpeg');
  await expect(opusRoundTrip([new Float32Array(10)], 16)).rejects.toMatchObject({
    code: 'decoder-missing',
  });
});

test('no clips need no ffmpeg', async () => {
  vi.stubEnv('FFMPEG_BIN', '/nowhere/ffmpeg');
  expect(await opusRoundTrip([], 16)).toEqual([]);
});
