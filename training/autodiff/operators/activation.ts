import { operation, type Variable } from '../variable.ts';
import { mul } from './arrays.ts';

/** Large enough to saturate for every normal float32 above 0. */
const STEEP = 3e38;

/** Returns max(x, 0). Its derivative at 0 is taken as 0. */
export function relu(x: Variable): Variable {
  const y: Variable = operation('Relu', [x], x.shape, {
    vjp: (g) => [mul(g, step(y))],
  });
  return y;
}

/**
 * Returns 1 where x > 0 and 0 elsewhere: a hard sigmoid too steep to have a middle. It takes less
 * than half of the time of Sign or of Greater with Where.
 */
function step(x: Variable): Variable {
  const attributes = { alpha: { float: STEEP }, beta: { float: 0 } };
  return operation('HardSigmoid', [x], x.shape, { attributes });
}
