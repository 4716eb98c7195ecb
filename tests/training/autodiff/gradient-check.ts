import {
  constant,
  gradients,
  mul,
  Program,
  parameter,
  type StaticShape,
  sum,
  type Variable,
} from '../../../training/autodiff/index.ts';
import { sizeOf } from '../../../training/autodiff/variable.ts';
import { createRandom, type Random } from '../../../training/random.ts';

/** Far enough for float32 to see a difference, near enough for the fourth-order stencil. */
const STEP = 1 / 32;

export function randomParameter(shape: StaticShape, random: Random): Variable {
  return parameter(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => random.normal()),
  );
}

/**
 * Returns the largest difference, relative to the larger of 1 and the largest numeric derivative,
 * between the gradients that the rules give and numeric ones, of a random weighted sum of `output`
 * with respect to every element of every parameter.
 *
 * The weighted sum of the numeric side is taken in double precision, and the derivative by the
 * five-point central difference, so that float32 rounding stays near 1e-5.
 */
export async function gradientError(
  output: Variable,
  parameters: readonly Variable[],
  seed: number,
): Promise<number> {
  const random = createRandom(seed, 1);
  const weights = Float32Array.from({ length: sizeOf(output.shape) }, () => random.normal());
  const loss = sum(mul(output, constant(output.shape, weights)));
  const derivatives = gradients(loss, parameters);
  const backward = await Program.compile(derivatives);
  const forward = await Program.compile([output]);
  await backward.run();

  const evaluate = async () => {
    await forward.run();
    return forward.buffer(output).reduce((total, value, i) => total + value * weights[i], 0);
  };
  let largestError = 0;
  let largest = 1;
  for (const [p, variable] of parameters.entries()) {
    const values = forward.buffer(variable);
    const analytic = backward.buffer(derivatives[p]);
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      const at = async (offset: number) => {
        values[i] = value + offset * STEP;
        return evaluate();
      };
      const near = (await at(1)) - (await at(-1));
      const far = (await at(2)) - (await at(-2));
      const numeric = (8 * near - far) / (12 * STEP);
      values[i] = value;
      largestError = Math.max(largestError, Math.abs(numeric - analytic[i]));
      largest = Math.max(largest, Math.abs(numeric));
    }
  }
  await Promise.all([forward.release(), backward.release()]);
  return largestError / largest;
}
