import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { analyze, MEL_ROWS } from '../../../core/analyze.ts';
import { framesToMono, readWavHeader } from '../../../core/audio/wav.ts';
import { AudiosetMel } from '../../../core/features/audioset-mel.ts';
import { AUDIOSET_MEL, FEATURE_CONFIG } from '../../../core/features/config.ts';
import { silence, voiceLike, whiteNoise } from '../../fixtures/audio.ts';

const GOLDEN = fileURLToPath(new URL('../../golden/', import.meta.url));

describe('the spectrogram of AudioSet', () => {
  const { input, mel } = JSON.parse(readFileSync(`${GOLDEN}mn04.json`, 'utf8'));
  const bytes = readFileSync(GOLDEN + input);
  const format = readWavHeader(bytes)!;
  const samples = framesToMono(bytes.subarray(format.dataStart, format.dataEnd), format);
  const [frames, bands]: number[] = mel.shape;
  /** Within each test: Stryker does not see what runs elsewhere. */
  const extracted = () => new AudiosetMel(bands).extract(samples, { from: 0, to: frames });

  test('agrees with the reference of the network that was trained on it', () => {
    const values = extracted();
    expect(values).toHaveLength(frames * bands);
    for (const [frame, expected] of Object.entries<number[]>(mel.frames)) {
      const row = values.subarray(Number(frame) * bands, (Number(frame) + 1) * bands);
      row.forEach((value, band) => {
        expect(Math.abs(value - expected[band])).toBeLessThan(1e-4);
      });
    }
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean - mel.mean)).toBeLessThan(1e-4);
    expect(Math.abs(Math.sqrt(variance) - mel.deviation)).toBeLessThan(1e-4);
  });

  test('is the same in part: the lowest bands of some frames', () => {
    const values = extracted();
    const part = new AudiosetMel().extract(samples, { from: 20, to: 23 });
    expect(part).toHaveLength(3 * AUDIOSET_MEL.bands);
    for (let t = 0; t < 3; t++) {
      const own = part.subarray(t * AUDIOSET_MEL.bands, (t + 1) * AUDIOSET_MEL.bands);
      const at = (20 + t) * bands;
      expect(own).toEqual(values.subarray(at, at + AUDIOSET_MEL.bands));
    }
  });

  test('has nothing but its floor above 8 kHz', () => {
    const values = extracted();
    const { offset, shift, scale, bands: kept } = AUDIOSET_MEL;
    const floor = Math.fround((Math.log(offset) + shift) / scale);
    for (let t = 0; t < frames; t++) {
      // The first band that is not kept reaches down to 8 kHz itself.
      const above = values.subarray(t * bands + kept + 1, (t + 1) * bands);
      expect(above.every((value) => value === floor)).toBe(true);
    }
  });

  test.each([1, 2, 5, 399, 400, 401])('goes on backwards at the ends of %i samples', (length) => {
    const short = whiteNoise({ seconds: length / 16_000, seed: length });
    const mirrored = (index: number): number => {
      if (length === 1) return 0;
      if (index < 0) return mirrored(-index);
      return index < length ? index : mirrored(2 * (length - 1) - index);
    };
    const long = Float32Array.from({ length: 1600 }, (_, n) => short[mirrored(n - 800)]);
    const mel = new AudiosetMel();
    // Frames lie 160 samples apart.
    expect(mel.extract(short, { from: 0, to: 3 })).toEqual(mel.extract(long, { from: 5, to: 8 }));
  });

  test('rises by the gain, and nowhere falls below added noise', () => {
    const { offset, shift, scale } = AUDIOSET_MEL;
    const energy = (value: number) => Math.exp(value * scale - shift) - offset;
    const noise = whiteNoise({ seconds: 0.5, amplitude: 0.3 });
    const mel = new AudiosetMel();
    const once = mel.extract(noise, { from: 10, to: 30 });
    const louder = mel.extract(noise, { from: 10, to: 30, gain: 3 });
    louder.forEach((value, i) => {
      expect(energy(value) / energy(once[i]) / 9).toBeCloseTo(1, 3);
    });
    // White noise of this variance has, in the mean, this spectrum.
    const variance = 0.3 ** 2 / 3;
    const floor = mel.extract(new Float32Array(1600), { from: 0, to: 1, noiseVariance: variance });
    const means = Array.from({ length: AUDIOSET_MEL.bands }, (_, band) => {
      let sum = 0;
      for (let t = 0; t < 20; t++) sum += energy(once[t * AUDIOSET_MEL.bands + band]);
      return sum / 20;
    });
    const total = (of: Iterable<number>) => [...of].reduce((a, b) => a + b, 0);
    expect(total(means) / total(floor.map(energy))).toBeCloseTo(1, 1);
  });
});

describe('analyze', () => {
  test('gives two rows of the spectrogram to a frame, alike at any gain', () => {
    // After a second of silence, which is no part of it.
    const samples = new Float32Array(2.5 * 16_000);
    samples.set(voiceLike({ seconds: 1.5, seed: 3 }), 16_000);
    const analysis = analyze(samples)!;
    expect(analysis.span.start).toBeCloseTo(1, 1);
    expect(analysis.active).toHaveLength(analysis.frames);
    expect(analysis.mel).toHaveLength(analysis.frames * MEL_ROWS * AUDIOSET_MEL.bands);
    const quiet = analyze(samples.map((value) => value / 100))!;
    quiet.mel.forEach((value, i) => {
      expect(Math.abs(value - analysis.mel[i])).toBeLessThan(1e-3);
    });
  });

  test('brings active speech to one level', () => {
    const { sampleRate } = FEATURE_CONFIG;
    const levels = [0.01, 0.5].map((amplitude) => {
      const { features, active } = analyze(voiceLike({ seconds: 2, amplitude }))!;
      const heard = features.level.filter((_, t) => active[t] === 1);
      return heard.reduce((a, b) => a + b, 0) / heard.length;
    });
    expect(levels[0]).toBeCloseTo(levels[1], 1);
    expect(sampleRate).toBe(AUDIOSET_MEL.sampleRate);
  });

  test('lays a floor under it that hides the noise of quiet recordings', () => {
    const spoken = voiceLike({ seconds: 1, seed: 1, amplitude: 0.5 });
    const pause = new Float32Array(3 * 16_000);
    pause.set(spoken);
    pause.set(spoken, 2 * 16_000);
    const hiss = whiteNoise({ seconds: 3, amplitude: 2e-4 });
    const rowsOf = (samples: Float32Array) => {
      const { mel, span } = analyze(samples)!;
      const row = (seconds: number) =>
        Math.round(((seconds - span.start) * 16_000) / AUDIOSET_MEL.hopLength);
      return mel.subarray(row(1.2) * AUDIOSET_MEL.bands, row(1.8) * AUDIOSET_MEL.bands);
    };
    const still = rowsOf(pause);
    const hissing = rowsOf(pause.map((value, n) => value + hiss[n]));
    const differences = still.map((value, i) => Math.abs(value - hissing[i]));
    expect(Math.max(...differences)).toBeLessThan(0.1);
  });

  test('gives nothing for silence', () => {
    expect(analyze(silence({ seconds: 1 }))).toBeNull();
  });
});
