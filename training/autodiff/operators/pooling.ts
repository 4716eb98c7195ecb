import { integers, operation, operations, type Variable } from '../variable.ts';

/**
 * Returns the largest value of every `size[0]` × `size[1]` tile of x [batch, channels, height,
 * width]. Rows and columns that fill no tile are left out. The gradient goes to the first largest.
 *
 * @example
 * maxPool2d(activations, [2, 2]); // [32, 16, 64, 128] → [32, 16, 32, 64]
 */
export function maxPool2d(x: Variable, size: readonly [number, number]): Variable {
  const [batch, channels, height, width] = x.shape;
  const attributes = { kernel_shape: { ints: size }, strides: { ints: size } };
  const shape = [batch, channels, Math.floor(height / size[0]), Math.floor(width / size[1])];
  const [pooled, indices]: Variable[] = operations('MaxPool', [x], [shape, shape], {
    attributes,
    vjp: (g) => [operation('MaxUnpool', [g, indices, integers(x.shape)], x.shape, { attributes })],
  });
  return pooled;
}
