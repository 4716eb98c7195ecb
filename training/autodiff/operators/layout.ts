import { broadcastShapes, type StaticShape, sameShape, sizeOf } from '../shape.ts';
import { integers, operation, type Variable } from '../variable.ts';
import { sumTo } from './reduce.ts';

/** Returns the same elements, in the same row-major order, under another shape of the same size. */
export function reshape(x: Variable, shape: StaticShape): Variable {
  if (sizeOf(x.shape) !== sizeOf(shape)) {
    throw new RangeError(`shape [${x.shape}] cannot become [${shape}]`);
  }
  if (sameShape(x.shape, shape)) return x;
  return operation('Reshape', [x, integers(shape)], shape, {
    vjp: (g) => [reshape(g, x.shape), null],
  });
}

/**
 * Returns x with its axes in another order: axis i of the result is axis `permutation[i]` of x. The
 * last two axes are swapped by default.
 */
export function transpose(
  x: Variable,
  permutation: readonly number[] = swapLastTwo(x.shape.length),
): Variable {
  const inverse = x.shape.map((_, axis) => permutation.indexOf(axis));
  if (permutation.length !== x.shape.length || inverse.includes(-1)) {
    throw new RangeError(`[${permutation}] does not permute ${x.shape.length} axes`);
  }
  const shape = permutation.map((axis) => x.shape[axis]);
  return operation('Transpose', [x], shape, {
    attributes: { perm: { ints: permutation } },
    vjp: (g) => [transpose(g, inverse)],
  });
}

/** Returns x stretched to `shape` under NumPy's broadcasting rule. */
export function broadcastTo(x: Variable, shape: StaticShape): Variable {
  if (sameShape(x.shape, shape)) return x;
  if (!sameShape(broadcastShapes(x.shape, shape), shape)) {
    throw new RangeError(`shape [${x.shape}] does not broadcast to [${shape}]`);
  }
  return operation('Expand', [x, integers(shape)], shape, {
    vjp: (g) => [sumTo(g, x.shape), null],
  });
}

function swapLastTwo(rank: number): number[] {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return [...axes.slice(0, -2), rank - 1, rank - 2];
}
