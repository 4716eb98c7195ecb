import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describe as describeFrames } from '../../../core/analyze.ts';
import { STATISTIC_NAMES, stretchStatistics } from '../../../core/voice/statistics.ts';
import { stretches } from '../../../core/voice/stretches.ts';
import { activeFrames } from '../../../core/windows.ts';
import { voiceLike, whiteNoise } from '../../fixtures/audio.ts';

const RATE = 16_000;

/** The statistics of a whole sound, by name. */
function statistics(samples: Float32Array): Record<string, number> {
  const frames = describeFrames(samples);
  if (!frames) throw new Error('the sound is silent');
  const vector = stretchStatistics(frames, { from: 0, to: frames.active.length });
  return Object.fromEntries(STATISTIC_NAMES.map((name, i) => [name, vector[i]]));
}

const tone = (hertz: (seconds: number) => number) => {
  let phase = 0;
  return Float32Array.from({ length: 2 * RATE }, (_, n) => {
    phase += (2 * Math.PI * hertz(n / RATE)) / RATE;
    return 0.2 * (Math.sin(phase) + 0.5 * Math.sin(2 * phase) + 0.3 * Math.sin(3 * phase));
  });
};

describe('the statistics of a stretch', () => {
  test('have one name each, and none twice', () => {
    const frames = describeFrames(voiceLike({ seconds: 1 }))!;
    expect(stretchStatistics(frames, { from: 0, to: 40 })).toHaveLength(STATISTIC_NAMES.length);
    expect(new Set(STATISTIC_NAMES).size).toBe(STATISTIC_NAMES.length);
  });

  test('do not depend on the gain', () => {
    const voice = voiceLike({ seconds: 2, seed: 2, amplitude: 0.9 });
    const [loud, soft] = [statistics(voice), statistics(voice.map((s) => s * 0.003))];
    for (const name of STATISTIC_NAMES) expect(soft[name], name).toBeCloseTo(loud[name], 1);
  });

  test('are finite for the shortest sound', () => {
    const frames = describeFrames(whiteNoise({ seconds: 0.1 }))!;
    for (let to = 1; to <= frames.active.length; to++) {
      expect(stretchStatistics(frames, { from: 0, to }).every(Number.isFinite)).toBe(true);
    }
  });

  test.each([
    [3, 'modulation 2 to 4 Hz'],
    [5, 'modulation 4 to 7 Hz'],
    [9, 'modulation 7 to 11 Hz'],
  ])('find a level that swings %i times a second', (hertz, band) => {
    const noise = whiteNoise({ seconds: 2 });
    const found = statistics(
      noise.map((s, n) => s * (0.55 + 0.45 * Math.sin((2 * Math.PI * hertz * n) / RATE))),
    );
    expect(found[band]).toBeGreaterThan(0.6);
    expect(found.beat).toBeGreaterThan(0.6);
    expect(statistics(noise).beat).toBeLessThan(0.5);
  });

  test('tell a held tone from a gliding one', () => {
    const held = statistics(tone(() => 220));
    const gliding = statistics(tone((seconds) => 150 * 2 ** (seconds / 2)));
    expect(held['pitch mean']).toBeCloseTo(Math.log2(220), 2);
    expect(held['steady pitch share']).toBeGreaterThan(0.9);
    expect(gliding['steady pitch share']).toBeLessThan(0.1);
    expect(gliding['pitch 90th percentile'] - gliding['pitch 10th percentile']).toBeCloseTo(0.8, 1);
  });

  test('tell a tone from noise', () => {
    const [sung, hissed] = [statistics(tone(() => 220)), statistics(whiteNoise({ seconds: 2 }))];
    expect(sung['clearly voiced share']).toBeGreaterThan(0.9);
    expect(hissed['voiced share']).toBeLessThan(0.1);
    expect(sung['chroma flatness']).toBeLessThan(hissed['chroma flatness'] - 0.3);
  });
});

describe('stretches', () => {
  test('cover every frame of what is heard, in order, none longer than two seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 2000 }), (frames) => {
        const ranges = stretches(new Uint8Array(frames).fill(1));
        expect(ranges[0].from).toBe(0);
        expect(ranges.at(-1)?.to).toBe(frames);
        ranges.forEach(({ from, to }, i) => {
          expect(to - from).toBe(Math.min(frames, 100));
          if (i > 0) expect(from - ranges[i - 1].from).toBeGreaterThan(0);
          if (i > 0) expect(from).toBeLessThan(ranges[i - 1].to);
        });
      }),
    );
  });

  test('in which less than 100 ms is heard are left out', () => {
    const active = new Uint8Array(500);
    active.fill(1, 10, 14);
    active.fill(1, 320, 330);
    const ranges = stretches(active);
    expect(ranges.length).toBeGreaterThan(0);
    expect(ranges.every((range) => activeFrames(active, range) >= 5)).toBe(true);
    expect(stretches(new Uint8Array(50))).toEqual([]);
  });
});
