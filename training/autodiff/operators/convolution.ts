import type { Attributes } from '../../onnx/graph.ts';
import { integers, operation, type Variable } from '../variable.ts';
import { reshape, sum, transpose } from './arrays.ts';
import { matmul } from './matmul.ts';

export interface ConvolutionOptions {
  /** Distance of output positions in rows and columns of x. [1, 1] by default. */
  readonly stride?: readonly [number, number];
  /** Rows of zeros above and below x, columns of zeros left and right. [0, 0] by default. */
  readonly padding?: readonly [number, number];
  /** Channels are split into this many groups that do not see each other. 1 by default. */
  readonly groups?: number;
}

type Geometry = Required<ConvolutionOptions>;

/**
 * Returns the two-dimensional cross-correlation of x [batch, channels, height, width] with weight
 * [outputs, channels / groups, kernel height, kernel width], without bias: what deep learning calls
 * a convolution. Throws a RangeError when channels and groups do not fit.
 *
 * @example
 * conv2d(images, weight, { padding: [1, 1] }); // a 3 × 3 kernel keeps height and width
 */
export function conv2d(x: Variable, weight: Variable, options: ConvolutionOptions = {}): Variable {
  const geometry: Geometry = { stride: [1, 1], padding: [0, 0], groups: 1, ...options };
  const { stride, padding, groups } = geometry;
  const [batch, channels, ...size] = x.shape;
  const [outputs, groupChannels, ...kernel] = weight.shape;
  if (channels !== groupChannels * groups || outputs % groups !== 0) {
    throw new RangeError(
      `a weight of shape [${weight.shape}] in ${groups} groups does not fit [${x.shape}]`,
    );
  }
  const positions = size.map(
    (length, axis) => Math.floor((length + 2 * padding[axis] - kernel[axis]) / stride[axis]) + 1,
  );
  return operation('Conv', [x, weight], [batch, outputs, ...positions], {
    attributes: attributesOf(kernel, geometry),
    vjp: (g) => [inputGradient(g, x, weight, geometry), weightGradient(g, x, weight, geometry)],
  });
}

function attributesOf(
  kernel: readonly number[],
  { stride, padding, groups }: Geometry,
): Attributes {
  return {
    kernel_shape: { ints: kernel },
    strides: { ints: stride },
    pads: { ints: [...padding, ...padding] },
    group: { int: groups },
  };
}

/** The transposed convolution spreads every output's gradient over the inputs that it saw. */
function inputGradient(g: Variable, x: Variable, weight: Variable, geometry: Geometry): Variable {
  const { stride, padding, groups } = geometry;
  const kernel = weight.shape.slice(2);
  if (groups === 1 && stride.every((step) => step === 1)) {
    // With stride 1 it is a convolution with the kernel turned by 180°, which is faster.
    const turned = transpose(turn(weight), [1, 0, 2, 3]);
    const pads = kernel.map((length, axis) => length - 1 - padding[axis]);
    const attributes = attributesOf(kernel, {
      ...geometry,
      padding: [pads[0], pads[1]],
    });
    return operation('Conv', [g, turned], x.shape, { attributes });
  }
  const left = x.shape
    .slice(2)
    .map((length, axis) => (length + 2 * padding[axis] - kernel[axis]) % stride[axis]);
  return operation('ConvTranspose', [g, weight], x.shape, {
    attributes: { ...attributesOf(kernel, geometry), output_padding: { ints: left } },
  });
}

/** Returns the weight with rows and columns in reverse order. */
function turn(weight: Variable): Variable {
  const inputs = [
    weight,
    integers([-1, -1]),
    integers([-(2 ** 31), -(2 ** 31)]),
    integers([2, 3]),
    integers([-1, -1]),
  ];
  return operation('Slice', inputs, weight.shape);
}

/**
 * Every tap of the kernel meets a shifted copy of x: its gradient is the product of that copy with
 * g, summed over positions. Rows of x and g are laid end to end with equal distances, so that a
 * shift is one contiguous slice; the strides split x into interleaved phases for the same reason.
 */
function weightGradient(g: Variable, x: Variable, weight: Variable, geometry: Geometry): Variable {
  const { groups } = geometry;
  const [batch, outputs, rows, columns] = g.shape;
  const [, groupChannels, height, width] = weight.shape;
  const { phases, phaseColumns } = splitPhases(x, weight, geometry, [rows, columns]);
  const length = (rows - 1) * phaseColumns + columns;
  const spread = zeroPad(g, [0, 0, 0, phaseColumns - columns]);
  const gradient = transpose(
    reshape(slice(reshape(spread, [batch, outputs, rows * phaseColumns]), 2, 0, length), [
      batch,
      groups,
      outputs / groups,
      length,
    ]),
  );
  const { stride } = geometry;
  const taps: Variable[] = [];
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const phase = phases[i % stride[0]][j % stride[1]];
      const start = Math.floor(i / stride[0]) * phaseColumns + Math.floor(j / stride[1]);
      const seen = reshape(slice(phase, 2, start, start + length), [
        batch,
        groups,
        groupChannels,
        length,
      ]);
      taps.push(sum(matmul(seen, gradient), { axes: [0] }));
    }
  }
  const shape = [height, width, groups, groupChannels, outputs / groups];
  const stacked = operation('Concat', taps, [taps.length * groups, ...shape.slice(3)], {
    attributes: { axis: { int: 0 } },
  });
  return reshape(transpose(reshape(stacked, shape), [2, 4, 3, 0, 1]), weight.shape);
}

/**
 * Returns the padded x split by stride: `phases[i][j]` holds rows i, i + stride, … and columns
 * j, j + stride, … as [batch, channels, rows · phaseColumns].
 */
function splitPhases(
  x: Variable,
  weight: Variable,
  { stride, padding }: Geometry,
  positions: readonly number[],
): { phases: Variable[][]; phaseColumns: number } {
  const [batch, channels, ...size] = x.shape;
  const kernel = weight.shape.slice(2);
  // As many rows and columns in every phase as the last tap of the last position needs.
  const [phaseRows, phaseColumns] = positions.map(
    (count, axis) => count + Math.ceil(kernel[axis] / stride[axis]) - 1,
  );
  const after = [phaseRows, phaseColumns].map(
    (count, axis) => count * stride[axis] - size[axis] - padding[axis],
  );
  const padded = zeroPad(x, [padding[0], padding[1], after[0], after[1]]);
  const split = transpose(
    reshape(padded, [batch, channels, phaseRows, stride[0], phaseColumns, stride[1]]),
    [3, 5, 0, 1, 2, 4],
  );
  const flat = [batch, channels, phaseRows * phaseColumns];
  const all = reshape(split, [stride[0] * stride[1], ...flat]);
  const phases = Array.from({ length: stride[0] }, (_, i) =>
    Array.from({ length: stride[1] }, (_, j) => {
      const index = i * stride[1] + j;
      return reshape(slice(all, 0, index, index + 1), flat);
    }),
  );
  return { phases, phaseColumns };
}

/** Adds [top, left, bottom, right] rows and columns of zeros; a negative number takes some away. */
function zeroPad(x: Variable, [top, left, bottom, right]: readonly number[]): Variable {
  if (top === 0 && left === 0 && bottom === 0 && right === 0) return x;
  const [batch, channels, height, width] = x.shape;
  const shape = [batch, channels, height + top + bottom, width + left + right];
  return operation('Pad', [x, integers([0, 0, top, left, 0, 0, bottom, right])], shape);
}

/** Returns the elements from `start` up to but not including `end` of one axis. */
function slice(x: Variable, axis: number, start: number, end: number): Variable {
  if (start === 0 && end === x.shape[axis]) return x;
  const shape = x.shape.map((size, i) => (i === axis ? end - start : size));
  return operation('Slice', [x, integers([start]), integers([end]), integers([axis])], shape);
}
