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
