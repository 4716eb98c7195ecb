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
