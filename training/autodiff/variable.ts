import type { Attributes, TensorData } from '../onnx/graph.ts';

/** Where the value of a variable comes from. */
export type Source =
  | { readonly kind: 'input' }
  | {
      readonly kind: 'parameter';
      readonly initial: Float32Array;
      /** Whether weight decay applies: usually to weights, and not to biases and gains. */
      readonly decays: boolean;
      /** Multiplies the learning rate. */
      readonly rate: number;
    }
  | { readonly kind: 'constant'; readonly data: TensorData }
  | { readonly kind: 'operation'; readonly operation: Operation; readonly output: number }
  | { readonly kind: 'alias'; readonly of: Variable };

/** One node of the ONNX graph. An empty place in `inputs` is an optional input left out. */
export interface Operation {
  readonly operator: string;
  readonly inputs: readonly (Variable | null)[];
  readonly attributes: Attributes;
  readonly outputCount: number;
}

/**
 * The vector–Jacobian product of an operator: takes the gradient of the loss with respect to its
 * (first) output and returns the gradient with respect to each input, in order, null where there is
 * none. It is written with the operators themselves, so the gradient is more of the same graph; what
 * nobody asks for is never lowered, so a rule need not check which gradients are wanted.
 */
export type Vjp = (gradient: Variable) => readonly (Variable | null)[];

/**
 * A handle on a value of static shape: an input, a parameter, a constant, or what an operator makes
 * of others. Nothing is computed until a `Program` is compiled from the variables that are wanted.
 */
export class Variable {
  readonly shape: StaticShape;
  readonly source: Source;
  /** What the derivative reaches; empty for a leaf. */
  readonly inputs: readonly (Variable | null)[];
  readonly vjp: Vjp | undefined;
  /** Whether the value depends, differentiably, on a parameter. */
  readonly requiresGradient: boolean;

  constructor(
    shape: StaticShape,
    source: Source,
    inputs: readonly (Variable | null)[] = [],
    vjp?: Vjp,
  ) {
    this.shape = shape;
    this.source = source;
    this.inputs = inputs;
    this.vjp = vjp;
    this.requiresGradient =
      source.kind === 'parameter' ||
      (vjp !== undefined && inputs.some((input) => input?.requiresGradient));
  }
}

/** Returns a variable that the caller feeds at every run. */
export function input(shape: StaticShape): Variable {
  return new Variable(shape, { kind: 'input' });
}

export interface ParameterOptions {
  /** Whether weight decay applies: usually to weights, and not to biases and gains. True by default. */
  readonly decays?: boolean;
  /** Multiplies the learning rate. 1 by default. */
  readonly rate?: number;
}

/** Returns a variable to be learnt, with its initial value in row-major order. */
export function parameter(
  shape: StaticShape,
  initial: Float32Array,
  { decays = true, rate = 1 }: ParameterOptions = {},
): Variable {
  checkSize(shape, initial);
  return new Variable(shape, { kind: 'parameter', initial, decays, rate });
}

/** Returns a constant, given in row-major order. */
export function constant(shape: StaticShape, data: TensorData): Variable {
  checkSize(shape, data);
  return new Variable(shape, { kind: 'constant', data });
}

/** Returns a constant of the given shape with one value everywhere. */
export function filled(shape: StaticShape, value: number): Variable {
  return constant(shape, new Float32Array(sizeOf(shape)).fill(value));
}

/** Returns a constant one-dimensional int64 variable: the axes, shapes and pads of operators. */
export function integers(values: readonly number[]): Variable {
  return constant([values.length], BigInt64Array.from(values, BigInt));
}

/** Returns the output of one ONNX operator. Without `vjp` no gradient flows through it. */
export function operation(
  operator: string,
  inputs: readonly (Variable | null)[],
  shape: StaticShape,
  options: { readonly attributes?: Attributes; readonly vjp?: Vjp } = {},
): Variable {
  return operations(operator, inputs, [shape], options)[0];
}

/**
 * Returns the outputs of one ONNX operator that has several. Gradients flow through the first one
 * only; the others (indices, statistics) count as constants.
 */
export function operations(
  operator: string,
  inputs: readonly (Variable | null)[],
  shapes: readonly StaticShape[],
  { attributes = {}, vjp }: { readonly attributes?: Attributes; readonly vjp?: Vjp } = {},
): Variable[] {
  const node: Operation = { operator, inputs, attributes, outputCount: shapes.length };
  return shapes.map((shape, output) => {
    const source: Source = { kind: 'operation', operation: node, output };
    return output === 0 ? new Variable(shape, source, inputs, vjp) : new Variable(shape, source);
  });
}

/**
 * Returns a variable with the value of `of` and a derivative of its own with respect to `inputs`:
 * for an operator made of several nodes whose gradient, written by hand, is cheaper than the chain.
 */
export function withGradient(of: Variable, inputs: readonly Variable[], vjp: Vjp): Variable {
  return new Variable(of.shape, { kind: 'alias', of }, inputs, vjp);
}

function checkSize(shape: StaticShape, data: TensorData): void {
  if (sizeOf(shape) !== data.length) {
    throw new RangeError(`shape [${shape}] does not hold ${data.length} values`);
  }
}

/** The sizes of a variable's axes, outermost first; a scalar has none. Every size is known. */
export type StaticShape = readonly number[];

/** Returns the number of elements. */
export function sizeOf(shape: StaticShape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Returns whether both shapes have the same axes. */
export function sameShape(a: StaticShape, b: StaticShape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/**
 * Returns the shape that both broadcast to under NumPy's rule: aligned at the last axis, an axis of
 * size 1 (or a missing leading one) stretches. Throws a RangeError when they do not fit.
 *
 * @example
 * broadcastShapes([32, 8], [8]); // [32, 8]
 */
export function broadcastShapes(a: StaticShape, b: StaticShape): StaticShape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const sizeOfA = a[axis - rank + a.length] ?? 1;
    const sizeOfB = b[axis - rank + b.length] ?? 1;
    if (sizeOfA !== sizeOfB && sizeOfA !== 1 && sizeOfB !== 1) {
      throw new RangeError(`shapes [${a}] and [${b}] do not broadcast`);
    }
    return sizeOfA === 1 ? sizeOfB : sizeOfA;
  });
}

/** Returns the axes as sorted non-negative integers. Throws a RangeError on one that is not there. */
export function resolveAxes(axes: readonly number[], rank: number): number[] {
  const resolved = axes.map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);
  const valid = resolved.every(
    (axis, i) => Number.isInteger(axis) && axis >= 0 && axis < rank && axis !== resolved[i - 1],
  );
  if (!valid) throw new RangeError(`axes [${axes}] do not name distinct axes of ${rank}`);
  return resolved;
}
