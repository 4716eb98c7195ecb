import { describe, expect, it } from 'vitest';
import {
  AdamW,
  BatchNorm,
  crossEntropy,
  Dropout,
  input,
  Linear,
  mean,
  oneCycle,
  Program,
  parameter,
  relu,
  Sequential,
  TrainingStep,
} from '../../../training/autodiff/index.ts';
import { createRandom } from '../../../training/random.ts';

/** Trains a small net on ten points with random labels; returns its losses and its weights. */
async function memorise(seed: number, steps: number) {
  const random = createRandom(seed);
  const network = new Sequential([
    new Linear({ inFeatures: 4, outFeatures: 32, random, bias: false }),
    new BatchNorm({ shape: [1, 32], axes: [0] }),
    relu,
    new Dropout(0.1),
    new Linear({ inFeatures: 32, outFeatures: 8, random, gain: 1 }),
  ]);
  const x = input([10, 4]);
  const targets = input([10, 8]);
  const loss = crossEntropy(network.forward(x), targets);
  const step = await TrainingStep.compile(loss, network.parameters(), network.outputs());
  const points = step.buffer(x);
  for (let i = 0; i < points.length; i++) points[i] = random.normal();
  for (let i = 0; i < 10; i++) step.buffer(targets)[i * 8 + random.integer(8)] = 1;
  const optimiser = new AdamW(step.groups(0.01));
  const learningRate = oneCycle({ peak: 0.02, totalSteps: steps });
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    network.beforeStep(step, random);
    losses.push(await step.run());
    optimiser.step(learningRate(i));
    network.afterStep(step);
  }
  await step.release();
  return { losses, weights: step.values };
}

describe('a training step', () => {
  it('lets a small net learn ten random points by heart', async () => {
    const { losses } = await memorise(1, 300);
    expect(losses[0]).toBeGreaterThan(1.5);
    expect(losses.at(-1)).toBeLessThan(0.05);
  });

  it('ends in the same weights for the same seed, bit for bit', async () => {
    const [first, second, other] = [
      await memorise(2, 40),
      await memorise(2, 40),
      await memorise(3, 40),
    ];
    expect(first.weights).toEqual(second.weights);
    expect(first.losses).toEqual(second.losses);
    expect(other.weights).not.toEqual(first.weights);
  });

  it('lays out values, gradients and groups in the order of the parameters', async () => {
    const a = parameter([2], Float32Array.of(1, 2));
    const b = parameter([1], Float32Array.of(3), { decays: false });
    const step = await TrainingStep.compile(mean(relu(a)), [a]);
    expect(await step.run()).toBe(1.5);
    expect([...step.gradients]).toEqual([0.5, 0.5]);
    step.values.set([5, 7]);
    expect([...step.buffer(a)]).toEqual([5, 7]);
    expect(await step.run()).toBe(6);
    await step.release();
    await expect(TrainingStep.compile(mean(relu(a)), [a, b])).rejects.toThrow(RangeError);
  });

  it('spares biases and gains from weight decay', async () => {
    const linear = new Linear({ inFeatures: 2, outFeatures: 3, random: createRandom(1) });
    const step = await TrainingStep.compile(
      mean(linear.forward(input([1, 2]))),
      linear.parameters(),
    );
    const groups = step.groups(0.1).map(({ values, weightDecay }) => [values.length, weightDecay]);
    expect(groups).toEqual([
      [6, 0.1],
      [3, 0],
    ]);
    await step.release();
  });
});

describe('Linear', () => {
  it('draws weights of variance gain² / inputs', () => {
    const { weight } = new Linear({ inFeatures: 200, outFeatures: 300, random: createRandom(7) });
    if (weight.source.kind !== 'parameter') throw new Error('unreachable');
    const { initial } = weight.source;
    const power = initial.reduce((total, value) => total + value * value, 0) / initial.length;
    expect(power * 200).toBeCloseTo(2, 1);
  });

  it('keeps the members of an ensemble apart', async () => {
    const linear = new Linear({
      inFeatures: 2,
      outFeatures: 1,
      random: createRandom(7),
      members: 2,
    });
    const x = input([2, 3, 2]);
    const y = linear.forward(x);
    const program = await Program.compile([y]);
    program.buffer(x).set([1, 0, 0, 1, 1, 1], 6);
    await program.run();
    const [, , , fourth, fifth, sixth] = program.buffer(y);
    const weight = program.buffer(linear.weight);
    expect([...program.buffer(y).subarray(0, 3)]).toEqual([0, 0, 0]);
    expect([fourth, fifth]).toEqual([weight[2], weight[3]]);
    expect(sixth).toBeCloseTo(weight[2] + weight[3], 6);
    await program.release();
  });
});

describe('Dropout', () => {
  const drop = async (rate: number, seed: number) => {
    const ones = parameter([99, 101], new Float32Array(9999).fill(1));
    const dropout = new Dropout(rate);
    const y = dropout.forward(ones);
    const step = await TrainingStep.compile(mean(y), [ones], [y]);
    dropout.beforeStep(step, createRandom(seed));
    await step.run();
    await step.release();
    return step.buffer(y);
  };

  it('zeroes the given share and keeps the expectation', async () => {
    const values = await drop(0.3, 1);
    const kept = values.filter((value) => value !== 0);
    expect(kept.every((value) => value === Math.fround(1 / 0.7))).toBe(true);
    // Five standard deviations of a binomial share.
    expect(Math.abs(kept.length / values.length - 0.7)).toBeLessThan(5 * Math.sqrt(0.21 / 9999));
  });

  it('drops others at the next step and the same ones for the same seed', async () => {
    expect(await drop(0.5, 1)).toEqual(await drop(0.5, 1));
    expect(await drop(0.5, 1)).not.toEqual(await drop(0.5, 2));
  });

  it('drops neighbours independently', async () => {
    const values = await drop(0.5, 3);
    let both = 0;
    for (let i = 0; i + 1 < values.length; i += 2) if (values[i] && values[i + 1]) both++;
    expect(Math.abs(both / 4999 - 0.25)).toBeLessThan(5 * Math.sqrt(0.1875 / 4999));
  });

  it('refuses a rate of 1', () => {
    expect(() => new Dropout(1)).toThrow('dropout rate 1 is not in [0, 1)');
  });
});

describe('BatchNorm', () => {
  it('turns the statistics of many batches into the affine map of prediction', async () => {
    const random = createRandom(5);
    const norm = new BatchNorm({ shape: [1, 2], axes: [0], momentum: 0.01 });
    const x = input([50, 2]);
    const y = norm.forward(x);
    const step = await TrainingStep.compile(mean(y), norm.parameters(), norm.outputs());
    step.buffer(norm.gain).set([2, -3]);
    step.buffer(norm.bias).set([0.5, 1]);
    for (let i = 0; i < 1000; i++) {
      const batch = step.buffer(x);
      for (let row = 0; row < 50; row++) {
        batch[2 * row] = 4 + 3 * random.normal();
        batch[2 * row + 1] = -1 + 0.5 * random.normal();
      }
      await step.run();
      norm.afterStep(step);
    }
    const { slope, offset } = norm.inference(step);
    // One mean and one deviation from the mean of the population, which x · slope + offset maps to
    // bias and to bias + gain.
    expect(4 * slope[0] + offset[0]).toBeCloseTo(0.5, 1);
    expect((4 + 3) * slope[0] + offset[0]).toBeCloseTo(2.5, 1);
    expect(-1 * slope[1] + offset[1]).toBeCloseTo(1, 1);
    expect((-1 + 0.5) * slope[1] + offset[1]).toBeCloseTo(-2, 1);
    expect(norm.runningVariance[0] / 9).toBeCloseTo(1, 1);
    await step.release();
  });
});
