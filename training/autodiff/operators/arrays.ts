import { broadcastShapes, resolveAxes, type StaticShape, sameShape, sizeOf } from '../shape.ts';
import { constant, integers, operation, type Variable } from '../variable.ts';

/** Returns a + b, broadcast. */
export function add(a: Variable, b: Variable): Variable {
  return operation('Add', [a, b], broadcastShapes(a.shape, b.shape), {
    vjp: (g) => [sumTo(g, a.shape), sumTo(g, b.shape)],
  });
}

/** Returns a − b, broadcast. */
export function sub(a: Variable, b: Variable): Variable {
  return operation('Sub', [a, b], broadcastShapes(a.shape, b.shape), {
    vjp: (g) => [sumTo(g, a.shape), neg(sumTo(g, b.shape))],
  });
}

/** Returns a · b element by element, broadcast. */
export function mul(a: Variable, b: Variable): Variable {
  return operation('Mul', [a, b], broadcastShapes(a.shape, b.shape), {
    vjp: (g) => [sumTo(mul(g, b), a.shape), sumTo(mul(g, a), b.shape)],
  });
}

/** Returns −x. */
export function neg(x: Variable): Variable {
  return operation('Neg', [x], x.shape, { vjp: (g) => [neg(g)] });
}

/** Returns x times a number. */
export function scale(x: Variable, factor: number): Variable {
  return mul(x, constant([], new Float32Array([factor])));
}

/** Returns e to the power of x. */
export function exp(x: Variable): Variable {
  const y: Variable = operation('Exp', [x], x.shape, { vjp: (g) => [mul(g, y)] });
  return y;
}

/** Returns the square root of x, whose derivative at 0 is infinite: keep x above it. */
export function sqrt(x: Variable): Variable {
  const y: Variable = operation('Sqrt', [x], x.shape, {
    vjp: (g) => [operation('Div', [scale(g, 0.5), y], x.shape)],
  });
  return y;
}

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
