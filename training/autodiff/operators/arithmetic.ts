import { broadcastShapes } from '../shape.ts';
import { constant, operation, type Variable } from '../variable.ts';
import { sumTo } from './reduce.ts';

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
