import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AdamW,
  clipGradients,
  mul,
  oneCycle,
  parameter,
  sum,
  TrainingStep,
  WeightAverage,
} from '../../../training/autodiff/index.ts';
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

  it('moves a group at its own rate, decay included, as at another learning rate', () => {
    const group = () => ({
      values: Float32Array.of(1, -2),
      gradients: Float32Array.of(0.3, -0.1),
      weightDecay: 0.1,
    });
    const fast = { ...group(), rate: 3 };
    const slow = group();
    const together = new AdamW([fast, slow]);
    const reference = [group(), group()];
    const [atThree, atOne] = reference.map((alone) => new AdamW([alone]));
    for (let step = 0; step < 20; step++) {
      together.step(0.01);
      atThree.step(0.03);
      atOne.step(0.01);
    }
    fast.values.forEach((value, i) => {
      expect(value).toBeCloseTo(reference[0].values[i], 6);
    });
    expect(slow.values).toEqual(reference[1].values);
    expect(Math.abs(fast.values[0] - 1)).toBeGreaterThan(2 * Math.abs(slow.values[0] - 1));
  });

  it('gets the rate of every parameter from the training step', async () => {
    const usual = parameter([2], Float32Array.of(1, 1));
    const fast = parameter([1], Float32Array.of(1), { rate: 3, decays: false });
    const step = await TrainingStep.compile(sum(mul(usual, fast)), [usual, fast]);
    expect(step.groups(0.1)).toMatchObject([
      { weightDecay: 0.1, rate: 1 },
      { weightDecay: 0, rate: 3 },
    ]);
    await step.release();
  });

  it('refuses gradients of another length', () => {
    const group = { values: new Float32Array(2), gradients: new Float32Array(3), weightDecay: 0 };
    expect(() => new AdamW([group])).toThrow('2 parameters have 3 gradients');
  });
});

describe('clipGradients', () => {
  it('scales down what is longer than the limit, keeps its direction, and leaves the rest', () => {
    const norm = (values: Float32Array) => Math.hypot(...values);
    fc.assert(
      fc.property(
        fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { maxLength: 20 }),
        fc.double({ min: 0.1, max: 50, noNaN: true }),
        (drawn, limit) => {
          const before = Float32Array.from(drawn);
          const after = before.slice();
          expect(clipGradients(after, limit)).toBeCloseTo(norm(before), 3);
          if (norm(before) <= limit) {
            expect(after).toEqual(before);
            return;
          }
          expect(norm(after)).toBeCloseTo(limit, 3);
          after.forEach((value, i) => {
            expect(value).toBeCloseTo((before[i] * limit) / norm(before), 3);
          });
        },
      ),
    );
  });
});

describe('WeightAverage', () => {
  it('forgets the start and follows the last steps', () => {
    const average = new WeightAverage(Float32Array.of(100), 0.9);
    for (let step = 0; step < 200; step++) average.update(Float32Array.of(step % 2));
    expect(average.values[0]).toBeCloseTo(0.5, 1);
    expect(average.steps).toBe(200);
  });

  it('goes on from an earlier average as if it had not stopped', () => {
    const whole = new WeightAverage(new Float32Array(1), 0.99);
    const first = new WeightAverage(new Float32Array(1), 0.99);
    const second = new WeightAverage(new Float32Array(1), 0.99);
    for (let step = 0; step < 40; step++) {
      const values = Float32Array.of(Math.sin(step));
      whole.update(values);
      (step < 7 ? first : second).update(values);
      if (step === 6) second.restore(first.values, first.steps);
    }
    expect(second.values).toEqual(whole.values);
  });
});

describe('oneCycle', () => {
  const learningRate = oneCycle({ peak: 0.1, totalSteps: 101, warmup: 0.2 });
  const rates = Array.from({ length: 101 }, (_, step) => learningRate(step));

  it('starts low, peaks after the warm-up and ends at almost nothing', () => {
    expect(rates[0]).toBeCloseTo(0.1 / 25, 12);
    expect(rates[20]).toBeCloseTo(0.1, 12);
    expect(rates[100]).toBeCloseTo(1e-5, 12);
    expect(learningRate(500)).toBeCloseTo(1e-5, 12);
  });

  it('rises, then falls, halfway at half of the way', () => {
    for (let step = 1; step <= 100; step++) {
      if (step <= 20) expect(rates[step]).toBeGreaterThan(rates[step - 1]);
      else expect(rates[step]).toBeLessThan(rates[step - 1]);
    }
    expect(rates[60]).toBeCloseTo((0.1 + 1e-5) / 2, 12);
    // A quarter of the way down, half a cosine has fallen by 1/2 − √2/4 of the height.
    expect(rates[40]).toBeCloseTo(0.1 - (0.1 - 1e-5) * (1 / 2 - Math.SQRT2 / 4), 12);
  });

  it('is plain cosine decay without a warm-up, and defined for a single step', () => {
    expect(oneCycle({ peak: 0.1, totalSteps: 10, warmup: 0 })(0)).toBeCloseTo(0.1, 12);
    expect(oneCycle({ peak: 0.1, totalSteps: 1 })(0)).toBeGreaterThan(0);
  });

  it('refuses a cycle without steps or without a descent', () => {
    expect(() => oneCycle({ peak: 0.1, totalSteps: 0 })).toThrow(RangeError);
    expect(() => oneCycle({ peak: 0.1, totalSteps: 5, warmup: 1 })).toThrow(RangeError);
  });
});
