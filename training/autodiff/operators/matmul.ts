import { broadcastShapes, sizeOf } from '../shape.ts';
import { operation, type Variable } from '../variable.ts';
import { reshape, sumTo, transpose } from './arrays.ts';

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
