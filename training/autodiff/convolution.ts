import type { Attributes } from '../onnx/graph.ts';
import { concat, matmul, pad, reshape, slice } from './elementary.ts';
import { constant, operation, type Variable } from './variable.ts';

export interface ConvolutionOptions {
  /** Distance of output positions in rows and columns of x. [1, 1] by default. */
  readonly stride?: readonly [number, number];
  /** Rows of zeros above and below x, columns of zeros left and right. [0, 0] by default. */
  readonly padding?: readonly [number, number];
  /** Channels are split into this many groups that do not see each other. 1 by default. */
  readonly groups?: number;
}

/**
 * Returns the two-dimensional cross-correlation of x [batch, channels, height, width] with weight
 * [outputs, channels / groups, kernel height, kernel width], without bias: what deep learning calls
 * a convolution. No gradient flows through it: it is for layers that stay as they are. Throws a
 * RangeError when channels and groups do not fit.
 *
 * @example
 * conv2d(images, weight, { padding: [1, 1] }); // a 3 × 3 kernel keeps height and width
 */
export function conv2d(
  x: Variable,
  weight: Variable,
  { stride = [1, 1], padding = [0, 0], groups = 1 }: ConvolutionOptions = {},
): Variable {
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
  const attributes: Attributes = {
    kernel_shape: { ints: kernel },
    strides: { ints: stride },
    pads: { ints: [...padding, ...padding] },
    group: { int: groups },
  };
  return operation('Conv', [x, weight], [batch, outputs, ...positions], { attributes });
}

/** Largest matrix from all positions to all positions that is made of a kernel. */
const LARGEST_DENSE = 27_000;

/**
 * Returns the depthwise convolution of x [channels, rows, columns, batch] with weight [channels,
 * kernel · kernel]: every channel has a kernel of its own, with zeros around x so that stride 1 keeps
 * the size.
 *
 * The batch lies innermost and the kernel becomes a matrix, banded (Toeplitz) and mostly zero: from
 * all positions to all positions where the map is small, else from rows to rows, with the columns that
 * the taps see stacked. One matrix product a channel then does all clips, which is several times
 * faster than the grouped convolutions of onnxruntime, forwards and backwards.
 *
 * @example
 * depthwiseConv2d(maps, weight, { kernel: 3, stride: 2 }); // [24, 52, 96, 32] → [24, 26, 48, 32]
 */
export function depthwiseConv2d(
  x: Variable,
  weight: Variable,
  { kernel, stride }: { readonly kernel: number; readonly stride: number },
): Variable {
  const [channels, rows, columns, batch] = x.shape;
  const outRows = Math.ceil(rows / stride);
  const outColumns = Math.ceil(columns / stride);
  const shape = [channels, outRows, outColumns, batch];
  const [positions, outPositions] = [rows * columns, outRows * outColumns];
  if (positions * outPositions <= LARGEST_DENSE) {
    const basis = denseBasis({ kernel, stride, rows, columns, outRows, outColumns });
    const dense = reshape(matmul(weight, basis), [channels, outPositions, positions]);
    return reshape(matmul(dense, reshape(x, [channels, positions, batch])), shape);
  }
  const banded = reshape(matmul(weight, toeplitzBasis(kernel, stride, rows, outRows)), [
    channels,
    outRows,
    kernel * rows,
  ]);
  const unfolded = reshape(unfoldColumns(x, kernel, stride, outColumns), [
    channels,
    kernel * rows,
    outColumns * batch,
  ]);
  return reshape(matmul(banded, unfolded), shape);
}

interface Geometry {
  readonly kernel: number;
  readonly stride: number;
  readonly rows: number;
  readonly columns: number;
  readonly outRows: number;
  readonly outColumns: number;
}

/** Row (i, j) spreads tap i, j of a kernel over the matrix [out positions, positions]. */
function denseBasis({ kernel, stride, rows, columns, outRows, outColumns }: Geometry): Variable {
  const margin = (kernel - 1) / 2;
  const positions = rows * columns;
  const size = outRows * outColumns * positions;
  const basis = new Float32Array(kernel * kernel * size);
  for (let i = 0; i < kernel; i++) {
    for (let j = 0; j < kernel; j++) {
      for (let out = 0; out < outRows * outColumns; out++) {
        const row = Math.floor(out / outColumns) * stride + i - margin;
        const column = (out % outColumns) * stride + j - margin;
        if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
        basis[(i * kernel + j) * size + out * positions + row * columns + column] = 1;
      }
    }
  }
  return constant([kernel * kernel, size], basis);
}

/** Stacks the column that each tap of the kernel sees: [channels, kernel · rows, outColumns, batch]. */
function unfoldColumns(x: Variable, kernel: number, stride: number, outColumns: number): Variable {
  const margin = (kernel - 1) / 2;
  const [, , columns] = x.shape;
  const needed = (outColumns - 1) * stride + kernel;
  const padded = pad(x, { axis: 2, before: margin, after: needed - columns - margin });
  const taps = Array.from({ length: kernel }, (_, j) =>
    slice(padded, { axis: 2, start: j, end: j + (outColumns - 1) * stride + 1, step: stride }),
  );
  return concat(taps, 1);
}

/** Row (i, j) spreads tap i, j of a kernel over the banded matrix [outRows, kernel · rows]. */
function toeplitzBasis(kernel: number, stride: number, rows: number, outRows: number): Variable {
  const margin = (kernel - 1) / 2;
  const size = outRows * kernel * rows;
  const basis = new Float32Array(kernel * kernel * size);
  for (let i = 0; i < kernel; i++) {
    for (let j = 0; j < kernel; j++) {
      for (let out = 0; out < outRows; out++) {
        const row = out * stride + i - margin;
        if (row < 0 || row >= rows) continue;
        basis[(i * kernel + j) * size + (out * kernel + j) * rows + row] = 1;
      }
    }
  }
  return constant([kernel * kernel, size], basis);
}
