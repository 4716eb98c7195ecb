import { describe, expect, it } from 'vitest';
import { AdamW } from '../../../training/optim/adamw.ts';
import { createRandom } from '../../../training/random.ts';

/** Algorithm 2 of Loshchilov and Hutter (2019), line by line, in double precision. */
function reference(start: number, gradients: number[], learningRate: number, decay: number) {
  let [theta, m, v] = [start, 0, 0];
  gradients.forEach((gradient, i) => {
    m = 0.9 * m + 0.1 * gradient;
    v = 0.999 * v + 0.001 * gradient ** 2;
    const mHat = m / (1 - 0.9 ** (i + 1));
    const vHat = v / (1 - 0.999 ** (i + 1));
    theta -= (learningRate * mHat) / (Math.sqrt(vHat) + 1e-8) + learningRate * decay * theta;
  });
  return theta;
}

describe('AdamW', () => {
  it('follows the published algorithm over many steps, in every group with its own decay', () => {
    const random = createRandom(1);
    const start = [0.3, -2, 5];
    const values = Float32Array.from(start);
    const gradients = new Float32Array(3);
    const optimiser = new AdamW([
      { values: values.subarray(0, 2), gradients: gradients.subarray(0, 2), weightDecay: 0.1 },
      { values: values.subarray(2), gradients: gradients.subarray(2), weightDecay: 0 },
    ]);
    const seen: number[][] = [[], [], []];
    for (let step = 0; step < 200; step++) {
      for (let i = 0; i < 3; i++) {
        // The last ones are as small as epsilon, so that epsilon counts.
        gradients[i] = [0.1, 1, 1e-8][i] * random.normal();
        seen[i].push(gradients[i]);
      }
      optimiser.step(0.01);
    }
    values.forEach((value, i) => {
      expect(value).toBeCloseTo(reference(start[i], seen[i], 0.01, i < 2 ? 0.1 : 0), 4);
    });
  });

  it('moves by the learning rate at the first step, whatever the size of the gradient', () => {
    const values = new Float32Array(2);
    new AdamW([{ values, gradients: Float32Array.of(1e-3, -1e3), weightDecay: 0 }]).step(0.01);
    expect(values[0]).toBeCloseTo(-0.01, 6);
    expect(values[1]).toBeCloseTo(0.01, 6);
  });

  it('refuses gradients of another length', () => {
    const group = { values: new Float32Array(2), gradients: new Float32Array(3), weightDecay: 0 };
    expect(() => new AdamW([group])).toThrow('2 parameters have 3 gradients');
  });
});
