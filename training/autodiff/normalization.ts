import { add, mean, mul, neg, reshape, scale, sub, sum } from './elementary.ts';
import {
  constant,
  filled,
  integers,
  operation,
  resolveAxes,
  sameShape,
  sizeOf,
  type Variable,
  withGradient,
} from './variable.ts';

export interface BatchNormOptions {
  /** The axes that the statistics run over: the batch, and positions where there are any. */
  readonly axes: readonly number[];
  /** Added to the variance. */
  readonly epsilon: number;
}

export interface Normalized {
  readonly output: Variable;
  /** Statistics of this batch, of the shape of `gain`; the variance is the biased one. */
  readonly mean: Variable;
  readonly variance: Variable;
}

/**
 * Returns (x − mean) / √(variance + ε) · gain + bias with the statistics of the batch (Ioffe and
 * Szegedy 2015). `gain` and `bias` have the shape of x with every axis in `axes` at size 1.
 *
 * @example
 * batchNorm(images, gain, bias, { axes: [0, 2, 3], epsilon: 1e-5 }); // gain of [1, channels, 1, 1]
 */
export function batchNorm(
  x: Variable,
  gain: Variable,
  bias: Variable,
  { axes, epsilon }: BatchNormOptions,
): Normalized {
  const reduced = resolveAxes(axes, x.shape.length);
  const kept = x.shape.map((size, axis) => (reduced.includes(axis) ? 1 : size));
  if (!sameShape(gain.shape, kept) || !sameShape(bias.shape, kept)) {
    throw new RangeError(`gain [${gain.shape}] and bias [${bias.shape}] must be [${kept}]`);
  }
  const over = { axes: reduced, keepDims: true };
  const count = sizeOf(x.shape) / sizeOf(kept);
  const isPerChannel = x.shape.length > 2 && reduced.length === x.shape.length - 1 && kept[0] === 1;
  if (isPerChannel && kept[1] > 1) return perChannel(x, gain, bias, { over, count, epsilon });
  const average = mean(x, over);
  const centred = sub(x, average);
  const squares = operation('ReduceSumSquare', [centred, integers(reduced)], kept);
  const variance = scale(squares, 1 / count);
  const shifted = add(variance, constant([], new Float32Array([epsilon])));
  const inverseDeviation = operation('Reciprocal', [operation('Sqrt', [shifted], kept)], kept);
  const slope = mul(gain, inverseDeviation);
  // Each line below is one pass over the activations; the chain rule through the nodes above would
  // take more than twice as many.
  const output = withGradient(add(mul(centred, slope), bias), [x, gain, bias], (g) => {
    const biasGradient = sum(g, over);
    const gainGradient = mul(sum(mul(g, centred), over), inverseDeviation);
    const meanOfGradient = scale(biasGradient, 1 / count);
    const projection = mul(scale(gainGradient, 1 / count), inverseDeviation);
    const residual = sub(sub(g, meanOfGradient), mul(centred, projection));
    return [mul(residual, slope), gainGradient, biasGradient];
  });
  return { output, mean: average, variance };
}

interface Statistics {
  readonly over: { readonly axes: readonly number[]; readonly keepDims: boolean };
  readonly count: number;
  readonly epsilon: number;
}

/** For [batch, channels, ...] one operator does it, and another every map of one slope per channel. */
function perChannel(
  x: Variable,
  gain: Variable,
  bias: Variable,
  { over, count, epsilon }: Statistics,
): Normalized {
  const channels = [x.shape[1]];
  const flat = (value: Variable) => reshape(value, channels);
  const zero = filled(channels, 0);
  const one = filled(channels, 1);
  const affine = (value: Variable, slope: Variable, offset: Variable) =>
    operation('BatchNormalization', [value, flat(slope), flat(offset), zero, one], x.shape, {
      attributes: { epsilon: { float: 0 } },
    });
  const average = mean(x, over);
  const power = scale(
    operation('ReduceSumSquare', [x, integers(over.axes)], gain.shape),
    1 / count,
  );
  const variance = sub(power, mul(average, average));
  const shifted = add(variance, constant([], new Float32Array([epsilon])));
  const root = operation('Sqrt', [shifted], gain.shape);
  const inverseDeviation = operation('Reciprocal', [root], gain.shape);
  const slope = mul(gain, inverseDeviation);
  const normalised = affine(x, slope, sub(bias, mul(average, slope)));
  const output = withGradient(normalised, [x, gain, bias], (g) => {
    const biasGradient = sum(g, over);
    const products = sum(mul(g, x), over);
    const gainGradient = mul(sub(products, mul(average, biasGradient)), inverseDeviation);
    const projection = mul(mul(slope, inverseDeviation), scale(gainGradient, 1 / count));
    const offset = sub(mul(average, projection), mul(slope, scale(biasGradient, 1 / count)));
    return [
      add(affine(g, slope, offset), affine(x, neg(projection), zero)),
      gainGradient,
      biasGradient,
    ];
  });
  return { output, mean: average, variance };
}
