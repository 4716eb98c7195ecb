import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as operators from '../../../training/autodiff/operators/index.ts';
import { type StaticShape, sizeOf } from '../../../training/autodiff/shape.ts';
import { parameter, type Variable } from '../../../training/autodiff/variable.ts';
import { createRandom, type Random } from '../../../training/random.ts';
import { gradientError, randomParameter } from './gradient-check.ts';

interface Case {
  readonly parameters: Variable[];
  readonly output: Variable;
}

const size = (random: Random) => 1 + random.integer(4);
const anyShape = (random: Random, leastRank = 0): number[] =>
  Array.from({ length: leastRank + random.integer(4 - leastRank) }, () => size(random));
const draw = (random: Random, ...shapes: StaticShape[]) =>
  shapes.map((shape) => randomParameter(shape, random));

/** Returns a shape that broadcasts to the given one: some axes at 1, some leading ones gone. */
function stretchable(shape: StaticShape, random: Random): number[] {
  const shrunk = shape.map((axis) => (random.uniform() < 0.4 ? 1 : axis));
  return shrunk.slice(random.integer(shape.length + 1));
}

const someAxes = (rank: number, random: Random): number[] =>
  Array.from({ length: rank }, (_, axis) => (random.uniform() < 0.5 ? axis : axis - rank)).filter(
    () => random.uniform() < 0.6,
  );

function unary(operator: (x: Variable) => Variable, shape: StaticShape, random: Random): Case {
  const [x] = draw(random, shape);
  return { parameters: [x], output: operator(x) };
}

function binary(operator: (a: Variable, b: Variable) => Variable, random: Random): Case {
  const full = anyShape(random);
  const [a, b] = draw(random, full, stretchable(full, random));
  return {
    parameters: [a, b],
    output: random.uniform() < 0.5 ? operator(a, b) : operator(b, a),
  };
}

/** For each exported operator, a case of random shape and values. */
const CASES: Record<keyof typeof operators, (random: Random) => Case> = {
  add: (random) => binary(operators.add, random),
  sub: (random) => binary(operators.sub, random),
  mul: (random) => binary(operators.mul, random),
  neg: (random) => unary(operators.neg, anyShape(random), random),
  exp: (random) => unary(operators.exp, anyShape(random), random),
  scale: (random) => unary((x) => operators.scale(x, random.normal()), anyShape(random), random),
  relu: (random) => {
    const shape = anyShape(random);
    const [drawn] = draw(random, shape);
    if (drawn.source.kind !== 'parameter') throw new Error('unreachable');
    // Numeric differences mean nothing across the kink, so every value keeps away from it.
    const values = drawn.source.initial.map((v) => v + Math.sign(v) * 0.1);
    const x = parameter(shape, values);
    return { parameters: [x], output: operators.relu(x) };
  },
  sqrt: (random) => {
    const shape = anyShape(random);
    const values = Float32Array.from({ length: sizeOf(shape) }, () => 1 + 3 * random.uniform());
    const x = parameter(shape, values);
    return { parameters: [x], output: operators.sqrt(x) };
  },
  sum: (random) => {
    const shape = anyShape(random);
    const options = { axes: someAxes(shape.length, random), keepDims: random.uniform() < 0.5 };
    return unary((x) => operators.sum(x, options), shape, random);
  },
  mean: (random) => {
    const shape = anyShape(random);
    const options = { axes: someAxes(shape.length, random), keepDims: random.uniform() < 0.5 };
    return unary((x) => operators.mean(x, options), shape, random);
  },
  sumTo: (random) => {
    const shape = anyShape(random);
    const target = stretchable(shape, random);
    return unary((x) => operators.sumTo(x, target), shape, random);
  },
  broadcastTo: (random) => {
    const shape = anyShape(random);
    const stretched = stretchable(shape, random);
    return unary((x) => operators.broadcastTo(x, shape), stretched, random);
  },
  reshape: (random) => {
    const shape = anyShape(random, 2);
    const [first, second, ...rest] = shape;
    return unary((x) => operators.reshape(x, [first * second, ...rest, 1]), shape, random);
  },
  transpose: (random) => {
    const shape = anyShape(random, 2);
    const permutation = [...random.shuffle(Int32Array.from(shape, (_, axis) => axis))];
    return unary(
      (x) =>
        random.uniform() < 0.3 ? operators.transpose(x) : operators.transpose(x, permutation),
      shape,
      random,
    );
  },
  matmul: (random) => {
    const [m, k, n] = [size(random), size(random), size(random)];
    const lead = anyShape(random).slice(0, 2);
    const other = stretchable(lead, random);
    const [a, b] =
      random.uniform() < 0.5
        ? draw(random, [...lead, m, k], [...other, k, n])
        : draw(random, [...other, m, k], [...lead, k, n]);
    return { parameters: [a, b], output: operators.matmul(a, b) };
  },
  conv2d: (random) => {
    const groups = 1 + random.integer(2);
    const [height, width] = [1 + random.integer(3), 1 + random.integer(3)];
    const options = {
      stride: [1 + random.integer(2), 1 + random.integer(3)],
      padding: [random.integer(height), random.integer(width)],
      groups,
    } as const;
    const [x, weight] = draw(
      random,
      [size(random), groups * 2, height + random.integer(4), width + random.integer(4)],
      [groups * size(random), 2, height, width],
    );
    return { parameters: [x, weight], output: operators.conv2d(x, weight, options) };
  },
  maxPool2d: (random) => {
    const tile = [1 + random.integer(2), 1 + random.integer(3)] as const;
    const shape = [size(random), size(random), tile[0] + random.integer(4), 3 + random.integer(3)];
    // Values a quarter apart keep their order under the small steps of the numeric side.
    const order = random.shuffle(Int32Array.from({ length: sizeOf(shape) }, (_, i) => i));
    const x = parameter(
      shape,
      Float32Array.from(order, (rank) => rank / 4),
    );
    return { parameters: [x], output: operators.maxPool2d(x, tile) };
  },
  logSoftmax: (random) => unary(operators.logSoftmax, anyShape(random, 1), random),
  crossEntropy: (random) => {
    const shape = anyShape(random, 1);
    const [logits, targets] = draw(random, shape, shape);
    return { parameters: [logits, targets], output: operators.crossEntropy(logits, targets) };
  },
  batchNorm: (random) => {
    const shape = [2 + random.integer(3), ...anyShape(random)];
    const axes = [0, ...someAxes(shape.length, random).filter((axis) => axis > 0)];
    const kept = shape.map((axisSize, axis) => (axes.includes(axis) ? 1 : axisSize));
    const [x, gain, bias] = draw(random, shape, kept, kept);
    // A large epsilon keeps the curvature within what a numeric difference can follow.
    const { output } = operators.batchNorm(x, gain, bias, { axes, epsilon: 0.1 });
    return { parameters: [x, gain, bias], output };
  },
};

describe('the gradient of every operator agrees with a numeric one', () => {
  it.each(Object.keys(operators) as (keyof typeof operators)[])('%s', async (name) => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const { parameters, output } = CASES[name](createRandom(seed));
        expect(await gradientError(output, parameters, seed)).toBeLessThan(1e-3);
      }),
      { numRuns: 15, seed: 1 },
    );
  });
});
