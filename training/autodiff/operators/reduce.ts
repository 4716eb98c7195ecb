import { resolveAxes, type StaticShape, sameShape, sizeOf } from '../shape.ts';
import { integers, operation, type Variable } from '../variable.ts';
import { scale } from './arithmetic.ts';
import { broadcastTo, reshape } from './layout.ts';

export interface ReduceOptions {
  /** The axes to reduce; a negative one counts from the end. All of them by default. */
  readonly axes?: readonly number[];
  /** Whether a reduced axis stays with size 1. False by default. */
  readonly keepDims?: boolean;
}

/** Returns the sum over the axes; a scalar when all are reduced. */
export function sum(x: Variable, options: ReduceOptions = {}): Variable {
  return reduce('ReduceSum', x, options, (g) => g);
}

/** Returns the arithmetic mean over the axes; a scalar when all are reduced. */
export function mean(x: Variable, options: ReduceOptions = {}): Variable {
  return reduce('ReduceMean', x, options, (g) => scale(g, sizeOf(g.shape) / sizeOf(x.shape)));
}

/** Returns x summed over the axes that broadcasting had stretched from `shape`: its transpose. */
export function sumTo(x: Variable, shape: StaticShape): Variable {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.shape.length - shape.length;
  const axes = x.shape.flatMap((size, axis) =>
    axis < lead || (shape[axis - lead] === 1 && size !== 1) ? [axis] : [],
  );
  return reshape(sum(x, { axes, keepDims: true }), shape);
}

function reduce(
  operator: 'ReduceSum' | 'ReduceMean',
  x: Variable,
  { axes = x.shape.map((_, axis) => axis), keepDims = false }: ReduceOptions,
  weigh: (gradient: Variable) => Variable,
): Variable {
  const reduced = new Set(resolveAxes(axes, x.shape.length));
  const kept = x.shape.map((size, axis) => (reduced.has(axis) ? 1 : size));
  const shape = keepDims ? kept : x.shape.filter((_, axis) => !reduced.has(axis));
  // No axis at all means every axis to ONNX, and none to us.
  if (reduced.size === 0) return x;
  return operation(operator, [x, integers([...reduced])], shape, {
    attributes: { keepdims: { int: keepDims ? 1 : 0 } },
    vjp: (g) => [broadcastTo(reshape(weigh(g), kept), x.shape), null],
  });
}
