import { describe, expect, it } from 'vitest';
import { drawFeatures, drawSamples } from '../../../training/baselines/gradient-boosting.ts';
import { createRandom } from '../../../training/random.ts';

const hundred = Int32Array.from({ length: 100 }, (_, i) => i);
const isAscending = (values: Int32Array) => values.every((v, i) => i === 0 || v > values[i - 1]);

describe('drawSamples', () => {
  it('keeps each sample with the given probability, in order', () => {
    const times = new Int32Array(100);
    for (let stream = 0; stream < 2000; stream++) {
      const drawn = drawSamples(hundred, 0.3, createRandom(6, stream));
      expect(isAscending(drawn)).toBe(true);
      for (const i of drawn) times[i]++;
    }
    // 600 expected; six deviations of a binomial are 123.
    for (const count of times) expect(Math.abs(count - 600)).toBeLessThan(123);
  });

  it('keeps all of them at 1', () => {
    expect(drawSamples(hundred, 1, createRandom(1))).toEqual(hundred);
  });
});

describe('drawFeatures', () => {
  it('keeps the share, rounded down, each feature as often as any other, in order', () => {
    const features = hundred.map((f) => 3 * f);
    const times = new Int32Array(300);
    for (let stream = 0; stream < 2000; stream++) {
      const drawn = drawFeatures(features, 0.309, createRandom(7, stream));
      expect(drawn.length).toBe(30);
      expect(isAscending(drawn)).toBe(true);
      for (const f of drawn) times[f]++;
    }
    for (const f of features) expect(Math.abs(times[f] - 600)).toBeLessThan(123);
    expect(times.reduce((a, b) => a + b, 0)).toBe(60000);
    expect(features).toEqual(hundred.map((f) => 3 * f));
  });

  it('keeps at least one, where there is one', () => {
    expect(drawFeatures(hundred, 0.001, createRandom(1)).length).toBe(1);
    expect(drawFeatures(new Int32Array(0), 0.5, createRandom(1)).length).toBe(0);
  });
});
