import { describe, expect, it } from 'vitest';
import {
  add,
  batchNorm,
  concat,
  constant,
  crossEntropy,
  hardSwish,
  logSoftmax,
  matmul,
  mean,
  Program,
  pad,
  relu,
  reshape,
  type StaticShape,
  sigmoid,
  slice,
  sum,
  sumTo,
  transpose,
  type Variable,
} from '../../../training/autodiff/index.ts';
import { sizeOf } from '../../../training/autodiff/variable.ts';

const of = (shape: StaticShape, ...values: number[]) => constant(shape, Float32Array.from(values));

async function evaluate(variable: Variable): Promise<number[]> {
  const program = await Program.compile([variable]);
  await program.run();
  const values = [...program.buffer(variable)];
  await program.release();
  expect(values).toHaveLength(sizeOf(variable.shape));
  return values;
}

describe('operators compute what their names say', () => {
  it('broadcasts a row over a matrix', async () => {
    const total = add(of([2, 3], 1, 2, 3, 4, 5, 6), of([3], 10, 20, 30));
    expect(total.shape).toEqual([2, 3]);
    expect(await evaluate(total)).toEqual([11, 22, 33, 14, 25, 36]);
  });

  it('multiplies a stack of matrices', async () => {
    const product = matmul(of([2, 1, 2], 1, 2, 3, 4), of([2, 2, 1], 5, 6, 7, 8));
    expect(product.shape).toEqual([2, 1, 1]);
    expect(await evaluate(product)).toEqual([17, 53]);
  });

  it('reduces over chosen axes', async () => {
    const x = of([2, 3], 1, 2, 3, 4, 5, 6);
    expect(await evaluate(sum(x, { axes: [0] }))).toEqual([5, 7, 9]);
    expect(await evaluate(mean(x, { axes: [-1] }))).toEqual([2, 5]);
    expect(await evaluate(sum(x))).toEqual([21]);
    expect(mean(x, { axes: [1], keepDims: true }).shape).toEqual([2, 1]);
    expect(await evaluate(sumTo(x, [2, 1]))).toEqual([6, 15]);
  });

  it('reshapes and transposes', async () => {
    const x = of([2, 3], 1, 2, 3, 4, 5, 6);
    expect(await evaluate(transpose(x))).toEqual([1, 4, 2, 5, 3, 6]);
    expect(await evaluate(transpose(reshape(x, [3, 2, 1]), [2, 1, 0]))).toEqual([1, 3, 5, 2, 4, 6]);
  });

  it('rectifies', async () => {
    expect(await evaluate(relu(of([3], -1, 0, 2)))).toEqual([0, 0, 2]);
  });

  it('gates: hard-swish and sigmoid', async () => {
    const values = [-4, -3, -1.5, 0, 1.5, 3, 4];
    const x = of([7], ...values);
    const expected = values.map((v) => v * Math.min(Math.max(v / 6 + 0.5, 0), 1));
    (await evaluate(hardSwish(x))).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 6);
    });
    (await evaluate(sigmoid(x))).forEach((value, i) => {
      expect(value).toBeCloseTo(1 / (1 + Math.exp(-values[i])), 6);
    });
  });

  it('takes parts of an axis, pads it and joins variables along it', async () => {
    const x = of([2, 4], 1, 2, 3, 4, 5, 6, 7, 8);
    expect(await evaluate(slice(x, { axis: 1, start: 1, end: 3 }))).toEqual([2, 3, 6, 7]);
    expect(await evaluate(slice(x, { axis: 1, start: 1, end: 4, step: 2 }))).toEqual([2, 4, 6, 8]);
    const padded = pad(of([2, 1], 1, 2), { axis: 1, before: 1, after: 2 });
    expect(padded.shape).toEqual([2, 4]);
    expect(await evaluate(padded)).toEqual([0, 1, 0, 0, 0, 2, 0, 0]);
    expect(await evaluate(pad(x, { axis: 1, before: -2, after: -1 }))).toEqual([3, 7]);
    const joined = concat([of([1, 2], 1, 2), of([2, 2], 3, 4, 5, 6)], 0);
    expect(joined.shape).toEqual([3, 2]);
    expect(await evaluate(joined)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('averages the cross-entropy over rows, for hard and soft targets', async () => {
    const logits = [
      [1, 2, 4],
      [0, -3, 0.5],
    ];
    const targets = [
      [0, 0, 1],
      [0.7, 0.1, 0.2],
    ];
    let expected = 0;
    logits.forEach((row, i) => {
      const normaliser = Math.log(row.reduce((total, logit) => total + Math.exp(logit), 0));
      row.forEach((logit, j) => {
        expected -= (targets[i][j] * (logit - normaliser)) / logits.length;
      });
    });
    const x = of([2, 3], ...logits.flat());
    const [loss] = await evaluate(crossEntropy(x, of([2, 3], ...targets.flat())));
    expect(loss).toBeCloseTo(expected, 6);
  });

  it('keeps log softmax finite for logits that overflow an exponential', async () => {
    expect(await evaluate(logSoftmax(of([1, 2], 1000, 0)))).toEqual([0, -1000]);
  });

  it('normalises every channel by its own batch', async () => {
    const x = of([2, 2, 1, 2], 1, 2, 10, 30, 3, 6, 20, 20);
    const { output, mean, variance } = batchNorm(
      x,
      of([1, 2, 1, 1], 1, 2),
      of([1, 2, 1, 1], 0, 5),
      {
        axes: [0, 2, 3],
        epsilon: 0,
      },
    );
    expect(await evaluate(mean)).toEqual([3, 20]);
    expect(await evaluate(variance)).toEqual([3.5, 50]);
    const [a, b] = [1 / Math.sqrt(3.5), 2 / Math.sqrt(50)];
    const expected = [-2 * a, -a, 5 - 10 * b, 5 + 10 * b, 0, 3 * a, 5, 5];
    (await evaluate(output)).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 5);
    });
  });
});

describe('operators refuse shapes that do not fit', () => {
  const matrix = of([2, 3], 1, 2, 3, 4, 5, 6);
  it.each([
    ['add', () => add(matrix, of([2], 1, 2)), 'shapes [2,3] and [2] do not broadcast'],
    ['matmul', () => matmul(matrix, matrix), 'matrices of shapes [2,3] and [2,3] do not multiply'],
    ['reshape', () => reshape(matrix, [4]), 'shape [2,3] cannot become [4]'],
    ['transpose', () => transpose(matrix, [0, 0]), '[0,0] does not permute 2 axes'],
    ['sum', () => sum(matrix, { axes: [2] }), 'axes [2] do not name distinct axes of 2'],
    ['sum', () => sum(matrix, { axes: [1, -1] }), 'axes [1,-1] do not name distinct axes of 2'],
    ['crossEntropy', () => crossEntropy(matrix, of([3], 1, 0, 0)), 'differ in shape'],
    ['constant', () => of([2], 1), 'shape [2] does not hold 1 values'],
  ])('%s', (_, build, message) => {
    expect(build).toThrow(RangeError);
    expect(build).toThrow(message);
  });
});
