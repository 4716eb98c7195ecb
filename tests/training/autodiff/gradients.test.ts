import { describe, expect, it } from 'vitest';
import {
  add,
  constant,
  gradients,
  input,
  mul,
  operation,
  Program,
  parameter,
  relu,
  scale,
  sum,
  type Variable,
} from '../../../training/autodiff/index.ts';
import { createRandom } from '../../../training/random.ts';
import { gradientError, randomParameter } from './gradient-check.ts';

async function valuesOf(variables: Variable[]): Promise<number[][]> {
  const program = await Program.compile(variables);
  await program.run();
  const values = variables.map((variable) => [...program.buffer(variable)]);
  await program.release();
  return values;
}

describe('gradients', () => {
  it('adds up every path from a variable to the loss', async () => {
    const x = parameter([2], Float32Array.of(3, -2));
    const square = mul(x, x);
    // d/dx (x² + x³ + x) = 2x + 3x² + 1
    const loss = sum(add(add(square, mul(square, x)), x));
    expect(await valuesOf(gradients(loss, [x]))).toEqual([[34, 9]]);
  });

  it('agrees with numeric derivatives through a deep graph with shared parts', async () => {
    const random = createRandom(3);
    const a = randomParameter([3, 2], random);
    const b = randomParameter([2], random);
    let value: Variable = a;
    for (let depth = 0; depth < 6; depth++) value = add(mul(value, b), a);
    expect(await gradientError(value, [a, b], 3)).toBeLessThan(1e-3);
  });

  it('goes through an operator that is defined outside of the family', async () => {
    const sqrt = (x: Variable): Variable => {
      const y: Variable = operation('Sqrt', [x], x.shape, {
        vjp: (g) => [operation('Div', [scale(g, 0.5), y], x.shape)],
      });
      return y;
    };
    const x = parameter([2], Float32Array.of(4, 0.25));
    expect(await valuesOf(gradients(sum(sqrt(x)), [x]))).toEqual([[0.25, 1]]);
  });

  it('treats inputs and constants as given', () => {
    const x = input([2]);
    const w = parameter([2], Float32Array.of(1, 2));
    const loss = sum(mul(mul(x, w), constant([2], Float32Array.of(1, 1))));
    expect(() => gradients(loss, [x])).toThrow('the loss does not depend on variable 0');
    expect(gradients(loss, [w])).toHaveLength(1);
  });

  it('takes the derivative of relu at 0 as 0, and at the smallest normal number as 1', async () => {
    const x = parameter([4], Float32Array.of(0, -0, 1.2e-38, -1.2e-38));
    expect(await valuesOf(gradients(sum(relu(x)), [x]))).toEqual([[0, 0, 1, 0]]);
  });

  it('refuses a loss that is not a scalar', () => {
    const x = parameter([2], Float32Array.of(1, 2));
    expect(() => gradients(mul(x, x), [x])).toThrow('the loss has shape [2]');
  });
});

describe('Program', () => {
  it('computes anew from what its buffers hold', async () => {
    const x = input([2]);
    const doubled = add(x, x);
    const program = await Program.compile([doubled, x]);
    program.buffer(x).set([1, 2]);
    await program.run();
    expect([...program.buffer(doubled)]).toEqual([2, 4]);
    program.buffer(x)[0] = 5;
    await program.run();
    expect([...program.buffer(doubled)]).toEqual([10, 4]);
    await program.release();
  });

  it('never changes the initial value of a parameter', async () => {
    const w = parameter([1], Float32Array.of(1));
    const first = await Program.compile([mul(w, w)]);
    first.buffer(w)[0] = 9;
    const second = await Program.compile([mul(w, w)]);
    expect(second.buffer(w)[0]).toBe(1);
    await Promise.all([first.release(), second.release()]);
  });

  it('names the shape of a variable that it does not hold', async () => {
    const x = input([2]);
    const program = await Program.compile([add(x, x)]);
    expect(() => program.buffer(input([7, 3]))).toThrow('a variable of shape [7,3] is no input');
    await program.release();
  });
});
