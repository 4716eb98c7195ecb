import {
  broadcastShapes,
  constant,
  integers,
  operation,
  resolveAxes,
  type StaticShape,
  sameShape,
  sizeOf,
  type Variable,
} from './variable.ts';

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

export interface SliceOptions {
  readonly axis: number;
  readonly start: number;
  /** The first index that is not taken. */
  readonly end: number;
  /** Every step-th index is taken. 1 by default. */
  readonly step?: number;
}

/** Returns the elements of one axis from `start` up to but not including `end`. */
export function slice(x: Variable, { axis, start, end, step = 1 }: SliceOptions): Variable {
  const size = x.shape[axis];
  if (start === 0 && end === size && step === 1) return x;
  const taken = Math.ceil((end - start) / step);
  const shape = withSize(x.shape, axis, taken);
  const inputs = [x, integers([start]), integers([end]), integers([axis]), integers([step])];
  return operation('Slice', inputs, shape, {
    vjp: (g) => {
      const spread = step === 1 ? g : interleaveZeros(g, axis, step);
      const length = spread.shape[axis];
      return [pad(spread, { axis, before: start, after: size - start - length })];
    },
  });
}

export interface PadOptions {
  readonly axis: number;
  /** How many zeros come before and after; a negative number takes elements away. */
  readonly before: number;
  readonly after: number;
}

/** Returns x with zeros at both ends of one axis. */
export function pad(x: Variable, { axis, before, after }: PadOptions): Variable {
  if (before === 0 && after === 0) return x;
  const zeros = x.shape.map(() => 0);
  const pads = [...withSize(zeros, axis, before), ...withSize(zeros, axis, after)];
  const shape = withSize(x.shape, axis, x.shape[axis] + before + after);
  return operation('Pad', [x, integers(pads)], shape, {
    vjp: (g) => [pad(g, { axis, before: -before, after: -after }), null],
  });
}

/** Returns the variables one after another along an axis. */
export function concat(parts: readonly Variable[], axis: number): Variable {
  const sizes = parts.map(({ shape }) => shape[axis]);
  const total = sizes.reduce((a, b) => a + b, 0);
  return operation('Concat', parts, withSize(parts[0].shape, axis, total), {
    attributes: { axis: { int: axis } },
    vjp: (g) => {
      let start = 0;
      return sizes.map((size) => {
        const part = slice(g, { axis, start, end: start + size });
        start += size;
        return part;
      });
    },
  });
}

/** Puts step − 1 zeros after every element of an axis. */
function interleaveZeros(x: Variable, axis: number, step: number): Variable {
  const { shape } = x;
  const split = [...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)];
  const spread = pad(reshape(x, split), { axis: axis + 1, before: 0, after: step - 1 });
  return reshape(spread, withSize(shape, axis, shape[axis] * step));
}

function withSize(shape: StaticShape, axis: number, size: number): number[] {
  return shape.map((length, i) => (i === axis ? size : length));
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

/**
 * Returns the matrix product of the last two axes, [..., m, k] · [..., k, n] → [..., m, n]; the
 * leading axes broadcast. Throws a RangeError when the inner sizes differ.
 */
export function matmul(a: Variable, b: Variable): Variable {
  const [m, inner] = a.shape.slice(-2);
  const [rows, n] = b.shape.slice(-2);
  if (a.shape.length < 2 || b.shape.length < 2 || inner !== rows) {
    throw new RangeError(`matrices of shapes [${a.shape}] and [${b.shape}] do not multiply`);
  }
  const lead = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return operation('MatMul', [a, b], [...lead, m, n], {
    vjp: (g) => [
      sumTo(matmul(g, transpose(b)), a.shape),
      b.shape.length === 2
        ? matmul(transpose(asMatrix(a)), asMatrix(g))
        : sumTo(matmul(transpose(a), g), b.shape),
    ],
  });
}

/** Many matrices times one are one tall matrix: its gradient is one product, not a sum of them. */
function asMatrix(x: Variable): Variable {
  const columns = x.shape[x.shape.length - 1];
  return reshape(x, [sizeOf(x.shape) / columns, columns]);
}
