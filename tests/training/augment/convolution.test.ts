import fc from 'fast-check';
import { expect, test } from 'vitest';
import { convolve } from '../../../training/augment/convolution.ts';

function direct(samples: Float32Array, kernel: Float32Array): number[] {
  return Array.from(samples, (_, n) => {
    let sum = 0;
    for (let k = 0; k < kernel.length && k <= n; k++) sum += kernel[k] * samples[n - k];
    return sum;
  });
}

const signal = (minLength: number, maxLength: number) =>
  fc.float32Array({ noNaN: true, min: -1, max: 1, minLength, maxLength });

test('is what the sum of products says, for every pair of lengths', () => {
  fc.assert(
    fc.property(signal(0, 200), signal(1, 90), (samples, kernel) => {
      const wanted = direct(samples, kernel);
      const out = convolve(samples, kernel);
      expect(out.length).toBe(samples.length);
      out.forEach((value, n) => {
        expect(Math.abs(value - wanted[n])).toBeLessThan(1e-5);
      });
    }),
    { numRuns: 300 },
  );
});

test('needs a kernel', () => {
  expect(() => convolve(new Float32Array(3), new Float32Array(0))).toThrow(RangeError);
});
