import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as convolution from '../../../training/autodiff/convolution.ts';
import * as elementary from '../../../training/autodiff/elementary.ts';
import * as functional from '../../../training/autodiff/functional.ts';
import * as normalization from '../../../training/autodiff/normalization.ts';
import {
  parameter,
  type StaticShape,
  sizeOf,
  type Variable,
} from '../../../training/autodiff/variable.ts';
import { createRandom, type Random } from '../../../training/random.ts';
import { gradientError, randomParameter } from './gradient-check.ts';

/** conv2d is left out: it is for layers that stay as they are, and has no gradient. */
const { conv2d: _, ...convolutions } = convolution;
const operators = { ...elementary, ...functional, ...convolutions, ...normalization };

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

/** Numeric differences mean nothing across a kink, so every value keeps away from them. */
function awayFrom(kinks: readonly number[], shape: StaticShape, random: Random): Variable {
  const value = (): number => {
    const drawn = 3 * random.normal();
    return kinks.some((kink) => Math.abs(drawn - kink) < 0.1) ? value() : drawn;
  };
  return parameter(shape, Float32Array.from({ length: sizeOf(shape) }, value));
}

/** For each operator, a case of random shape and values. */
const CASES: Record<keyof typeof operators, (random: Random) => Case> = {
  add: (random) => binary(operators.add, random),
  sub: (random) => binary(operators.sub, random),
  mul: (random) => binary(operators.mul, random),
  neg: (random) => unary(operators.neg, anyShape(random), random),
  exp: (random) => unary(operators.exp, anyShape(random), random),
  scale: (random) => unary((x) => operators.scale(x, random.normal()), anyShape(random), random),
  relu: (random) => {
    const x = awayFrom([0], anyShape(random), random);
    return { parameters: [x], output: operators.relu(x) };
  },
  hardSwish: (random) => {
    const x = awayFrom([-3, 3], anyShape(random), random);
    return { parameters: [x], output: operators.hardSwish(x) };
  },
  sigmoid: (random) => unary(operators.sigmoid, anyShape(random), random),
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
  slice: (random) => {
    const shape = anyShape(random, 1);
    const axis = random.integer(shape.length);
    const start = random.integer(shape[axis]);
    const end = start + 1 + random.integer(shape[axis] - start);
    const options = { axis, start, end, step: 1 + random.integer(3) };
    return unary((x) => operators.slice(x, options), shape, random);
  },
  pad: (random) => {
    const shape = anyShape(random, 1);
    const axis = random.integer(shape.length);
    // What is negative takes elements away, and one of them stays.
    const before = random.integer(4) - (shape[axis] > 1 ? 1 : 0);
    const options = { axis, before, after: random.integer(3) };
    return unary((x) => operators.pad(x, options), shape, random);
  },
  concat: (random) => {
    const shape = anyShape(random, 1);
    const axis = random.integer(shape.length);
    const parts = draw(
      random,
      ...Array.from({ length: size(random) }, () =>
        shape.map((length, i) => (i === axis ? size(random) : length)),
      ),
    );
    return { parameters: parts, output: operators.concat(parts, axis) };
  },
  // Small maps, for which the kernel becomes a dense matrix.
  depthwiseConv2d: (random) => {
    const shape = [size(random), size(random), size(random), size(random)];
    const options = { kernel: random.integer(2) ? 3 : 5, stride: 1 + random.integer(2) };
    const [x, weight] = draw(random, shape, [shape[0], options.kernel ** 2]);
    return { parameters: [x, weight], output: operators.depthwiseConv2d(x, weight, options) };
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

  it.each([
    { kernel: 3, stride: 1, map: [2, 84] },
    { kernel: 5, stride: 2, map: [170, 2] },
  ])('depthwiseConv2d on a map of $map, for which the kernel becomes a banded matrix', async ({
    kernel,
    stride,
    map: [rows, columns],
  }) => {
    const random = createRandom(stride);
    const [x, weight] = draw(random, [1, rows, columns, 1], [1, kernel ** 2]);
    const output = operators.depthwiseConv2d(x, weight, { kernel, stride });
    expect(await gradientError(output, [x, weight], 1)).toBeLessThan(1e-3);
  });
});
