import { exp, mul, scale, sub, sum } from './elementary.ts';
import { constant, operation, sameShape, sizeOf, type Variable } from './variable.ts';

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

/** Returns x · min(max(x / 6 + 1/2, 0), 1), hard-swish (Howard et al. 2019). */
export function hardSwish(x: Variable): Variable {
  const gate = operation('HardSigmoid', [x], x.shape, {
    attributes: { alpha: { float: 1 / 6 }, beta: { float: 0.5 } },
  });
  return operation('Mul', [x, gate], x.shape, {
    vjp: (g) => {
      // The gate is between its ends where gate · (1 − gate) > 0, and there x / 6 = gate − 1/2.
      const one = constant([], new Float32Array([1]));
      const half = constant([], new Float32Array([0.5]));
      const middle = operation(
        'HardSigmoid',
        [operation('Mul', [gate, operation('Sub', [one, gate], x.shape)], x.shape)],
        x.shape,
        { attributes: { alpha: { float: 3e38 }, beta: { float: 0 } } },
      );
      const slope = operation(
        'Add',
        [gate, operation('Mul', [operation('Sub', [gate, half], x.shape), middle], x.shape)],
        x.shape,
      );
      return [operation('Mul', [g, slope], x.shape), null];
    },
  });
}

/** Returns 1 / (1 + e^−x). */
export function sigmoid(x: Variable): Variable {
  const y: Variable = operation('Sigmoid', [x], x.shape, {
    vjp: (g) => {
      const one = constant([], new Float32Array([1]));
      const slope = operation('Mul', [y, operation('Sub', [one, y], x.shape)], x.shape);
      return [operation('Mul', [g, slope], x.shape)];
    },
  });
  return y;
}

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
