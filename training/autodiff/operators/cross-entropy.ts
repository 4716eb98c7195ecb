import { sameShape, sizeOf } from '../shape.ts';
import { operation, type Variable } from '../variable.ts';
import { exp, mul, scale, sub, sum } from './arrays.ts';

/** Returns log softmax over the last axis. */
export function logSoftmax(x: Variable): Variable {
  const y: Variable = operation('LogSoftmax', [x], x.shape, {
    attributes: { axis: { int: -1 } },
    vjp: (g) => [sub(g, mul(exp(y), sum(g, { axes: [-1], keepDims: true })))],
  });
  return y;
}

/**
 * Returns the scalar mean over all rows of −Σ target · log softmax(logits), in nats.
 *
 * Targets are rows of probabilities of the same shape as the logits, classes last: one-hot rows,
 * smoothed ones (Szegedy et al. 2016) and mixed ones (Zhang et al. 2018) are all just targets.
 */
export function crossEntropy(logits: Variable, targets: Variable): Variable {
  if (!sameShape(logits.shape, targets.shape)) {
    throw new RangeError(`logits [${logits.shape}] and targets [${targets.shape}] differ in shape`);
  }
  const classes = logits.shape[logits.shape.length - 1];
  const rows = sizeOf(logits.shape) / classes;
  return scale(sum(mul(targets, logSoftmax(logits))), -1 / rows);
}
