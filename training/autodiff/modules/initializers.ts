import type { Random } from '../../random.ts';
import { type StaticShape, sizeOf } from '../shape.ts';
import { type ParameterOptions, parameter, type Variable } from '../variable.ts';

/**
 * Returns a parameter drawn from a normal distribution with variance gain² / fanIn, which keeps the
 * variance of activations from layer to layer (He et al. 2015).
 *
 * @param fanIn how many inputs one output sums over
 * @param gain √2 before a ReLU, 1 before nothing
 */
export function kaimingNormal(
  shape: StaticShape,
  fanIn: number,
  random: Random,
  gain = Math.SQRT2,
  options: ParameterOptions = {},
): Variable {
  const deviation = gain / Math.sqrt(fanIn);
  const values = new Float32Array(sizeOf(shape));
  for (let i = 0; i < values.length; i++) values[i] = deviation * random.normal();
  return parameter(shape, values, options);
}

/** Returns a parameter with one value everywhere, for biases and gains: weight decay spares it. */
export function constantParameter(shape: StaticShape, value: number, rate = 1): Variable {
  const initial = new Float32Array(sizeOf(shape)).fill(value);
  return parameter(shape, initial, { decays: false, rate });
}
