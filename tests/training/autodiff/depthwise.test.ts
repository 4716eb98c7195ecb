import { describe, expect, it } from 'vitest';
import {
  constant,
  conv2d,
  depthwiseConv2d,
  gradients,
  mul,
  Program,
  reshape,
  sum,
  transpose,
  type Variable,
} from '../../../training/autodiff/index.ts';
import { sizeOf } from '../../../training/autodiff/variable.ts';
import { createRandom } from '../../../training/random.ts';
import { randomParameter } from './gradient-check.ts';

/** Sizes of a map and the form that the kernel takes for it. */
const MAPS = {
  dense: [3, 6, 7, 2],
  banded: [2, 15, 24, 3],
} as const;

const CASES = (['dense', 'banded'] as const).flatMap((form) =>
  [3, 5].flatMap((kernel) => [1, 2].map((stride) => ({ form, kernel, stride }))),
);

/** What it should equal: the grouped convolution of [batch, channels, rows, columns], laid out alike. */
function grouped(x: Variable, weight: Variable, kernel: number, stride: number): Variable {
  const [channels] = x.shape;
  const y = conv2d(transpose(x, [3, 0, 1, 2]), reshape(weight, [channels, 1, kernel, kernel]), {
    stride: [stride, stride],
    padding: [(kernel - 1) / 2, (kernel - 1) / 2],
    groups: channels,
  });
  return transpose(y, [1, 2, 3, 0]);
}

async function valuesOf(...variables: Variable[]): Promise<Float32Array[]> {
  const program = await Program.compile(variables);
  await program.run();
  const values = variables.map((variable) => program.buffer(variable));
  await program.release();
  return values;
}

describe.each(CASES)('depthwiseConv2d, $form, kernel $kernel, stride $stride', ({
  form,
  kernel,
  stride,
}) => {
  const random = createRandom(kernel * 10 + stride);
  const [channels, ...rest] = MAPS[form];
  const x = randomParameter([channels, ...rest], random);
  const weight = randomParameter([channels, kernel * kernel], random);
  const y = depthwiseConv2d(x, weight, { kernel, stride });

  it('gives the values of a grouped convolution', async () => {
    const expected = grouped(x, weight, kernel, stride);
    expect(y.shape).toEqual(expected.shape);
    const [own, theirs] = await valuesOf(y, expected);
    own.forEach((value, i) => {
      expect(value).toBeCloseTo(theirs[i], 4);
    });
  });

  it('gives its gradients: the derivative in any direction is the convolution of that direction', async () => {
    const weights = Float32Array.from({ length: sizeOf(y.shape) }, () => random.normal());
    const lossOf = (output: Variable) => sum(mul(output, constant(output.shape, weights)));
    const [dx, dw] = await valuesOf(...gradients(lossOf(y), [x, weight]));
    // The convolution is linear in x and in the weight.
    for (let direction = 0; direction < 5; direction++) {
      const other = randomParameter(x.shape, random);
      const kernels = randomParameter(weight.shape, random);
      const [alongX, alongWeight, otherValues, kernelValues] = await valuesOf(
        lossOf(grouped(other, weight, kernel, stride)),
        lossOf(grouped(x, kernels, kernel, stride)),
        other,
        kernels,
      );
      const tolerance = 1e-4 * Math.sqrt(weights.length) * kernel;
      expect(Math.abs(dot(dx, otherValues) - alongX[0])).toBeLessThan(tolerance);
      expect(Math.abs(dot(dw, kernelValues) - alongWeight[0])).toBeLessThan(tolerance);
    }
  });
});

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((total, value, i) => total + value * b[i], 0);
}
