import { AUDIOSET_MEL } from '../../core/features/config.ts';
import { WINDOW_ROWS } from '../../core/model/input.ts';
import {
  add,
  constant,
  conv2d,
  hardSwish,
  relu,
  reshape,
  type Variable,
} from '../autodiff/index.ts';
import type { GraphBuilder, Value } from '../onnx/graph.ts';

export type Activation = 'relu' | 'hard-swish';

/** One inverted residual block (Sandler et al. 2018; Howard et al. 2019). */
export interface BlockShape {
  readonly kernel: 3 | 5;
  readonly input: number;
  readonly expansion: number;
  readonly output: number;
  /** Channels of the squeeze; null where the block has none. */
  readonly squeeze: number | null;
  readonly activation: Activation;
  readonly stride: 1 | 2;
}

/** MobileNetV3 at a width of 0.4: kernel, expansion, output, squeeze, activation, stride. */
const TABLE = [
  [3, 8, 8, null, 'relu', 1],
  [3, 24, 16, null, 'relu', 2],
  [3, 32, 16, null, 'relu', 1],
  [5, 32, 16, 8, 'relu', 2],
  [5, 48, 16, 16, 'relu', 1],
  [5, 48, 16, 16, 'relu', 1],
  [3, 96, 32, null, 'hard-swish', 2],
  [3, 80, 32, null, 'hard-swish', 1],
  [3, 72, 32, null, 'hard-swish', 1],
  [3, 72, 32, null, 'hard-swish', 1],
  [3, 192, 48, 48, 'hard-swish', 1],
  [3, 272, 48, 72, 'hard-swish', 1],
  [5, 272, 64, 72, 'hard-swish', 2],
  [5, 384, 64, 96, 'hard-swish', 1],
  [5, 384, 64, 96, 'hard-swish', 1],
] as const;
export const STEM_CHANNELS = 8;
export const BLOCKS: readonly BlockShape[] = TABLE.map(
  ([kernel, expansion, output, squeeze, activation, stride], i) => ({
    kernel,
    input: i === 0 ? STEM_CHANNELS : TABLE[i - 1][2],
    expansion,
    output,
    squeeze,
    activation,
    stride,
  }),
);
/** Channels of the last map, from which the embedding is pooled. */
export const EMBEDDING = 384;

/** The maps of a window after each block. */
export const MAP_SHAPES = shapesOfMaps();

function shapesOfMaps() {
  let bands = Math.ceil(AUDIOSET_MEL.bands / 2);
  let frames = WINDOW_ROWS / 2;
  return BLOCKS.map(({ stride, output: channels }) => {
    bands = Math.ceil(bands / stride);
    frames /= stride;
    return { channels, bands, frames };
  });
}

/** A convolution with batch normalisation folded into it. */
export interface FoldedConvolution {
  /** [outputs, inputs / groups, kernel height, kernel width] */
  readonly dims: readonly number[];
  /** Groups of channels that do not see each other: 1, or as many as channels (depthwise). */
  readonly groups: number;
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** Squeeze and excitation: channels → squeeze → channels, row-major [outputs, inputs]. */
export interface SqueezeWeights {
  readonly reduce: Float32Array;
  readonly reduceBias: Float32Array;
  readonly expand: Float32Array;
  readonly expandBias: Float32Array;
}

/** What prediction needs of a block. */
export interface BlockWeights {
  readonly shape: BlockShape;
  readonly expand: FoldedConvolution | null;
  readonly depthwise: FoldedConvolution;
  readonly squeeze: SqueezeWeights | null;
  readonly project: FoldedConvolution;
}

/** The operators of prediction, on whatever stands for a value: a graph's, or a variable. */
export interface Operators<V> {
  /** Padding keeps the size where the stride is 1. */
  convolve(x: V, layer: FoldedConvolution, stride: number, activation: Activation | null): V;
  add(a: V, b: V): V;
  excite(x: V, squeeze: SqueezeWeights): V;
}

/**
 * Returns the map of [batch, 1, bands, frames] after the stem and the blocks, without gradients.
 *
 * @param onBlock is given the map after each block and the block's number from 0
 */
export function inferBlocks<V>(
  { convolve, add: plus, excite }: Operators<V>,
  image: V,
  { stem, blocks }: { readonly stem: FoldedConvolution; readonly blocks: readonly BlockWeights[] },
  onBlock?: (map: V, block: number) => void,
): V {
  let map = convolve(image, stem, 2, 'hard-swish');
  for (const [i, { shape, expand, depthwise, squeeze, project }] of blocks.entries()) {
    const { activation, stride, input, output } = shape;
    let inner = expand ? convolve(map, expand, 1, activation) : map;
    inner = convolve(inner, depthwise, stride, activation);
    if (squeeze) inner = excite(inner, squeeze);
    inner = convolve(inner, project, 1, null);
    map = stride === 1 && input === output ? plus(map, inner) : inner;
    onBlock?.(map, i);
  }
  return map;
}

/** Returns a convolution whose output is multiplied by `slope` and raised by `offset`. */
export function foldNorm(
  weight: Float32Array,
  { dims, groups }: Pick<FoldedConvolution, 'dims' | 'groups'>,
  { slope, offset }: { readonly slope: Float32Array; readonly offset: Float32Array },
): FoldedConvolution {
  const perOutput = weight.length / dims[0];
  const folded = weight.map((w, i) => w * slope[Math.floor(i / perOutput)]);
  return { dims, groups, weight: folded, bias: offset };
}

/** Prediction inside a training graph, where the weights are constants. */
export const variableOperators: Operators<Variable> = {
  convolve(x, { dims, groups, weight, bias }, stride, activation) {
    const padding = (dims[2] - 1) / 2;
    const convolved = conv2d(x, constant(dims, weight), {
      stride: [stride, stride],
      padding: [padding, padding],
      groups,
    });
    const map = add(convolved, reshape(constant([dims[0]], bias), [1, dims[0], 1, 1]));
    if (activation === null) return map;
    return activation === 'relu' ? relu(map) : hardSwish(map);
  },
  add,
  excite() {
    throw new RangeError('no block with squeeze and excitation can be frozen');
  },
};

/** Appends means over bands × frames. They stay in the layout of convolutions, which `ReduceMean` leaves. */
export function averagePool(
  graph: GraphBuilder,
  map: Value,
  kernel: readonly [bands: number, frames: number],
): Value {
  return graph.node('AveragePool', [map], { kernel_shape: { ints: kernel } });
}

/**
 * Prediction in the graph that ships. What several networks have in common, the blocks that stayed as
 * they were loaded, is computed once. A hard swish is written out, as onnxruntime would do on every load.
 */
export function graphOperators(graph: GraphBuilder): Operators<Value> {
  const node = (operator: string, ...inputs: Value[]) => graph.node(operator, inputs);
  const known = new Map<string, Value>();
  const once = (key: string, make: () => Value): Value => {
    const value = known.get(key) ?? make();
    known.set(key, value);
    return value;
  };
  return {
    convolve(x, { dims, groups, weight, bias }, stride, activation) {
      const [outputs, , kernel] = dims;
      const padding = (kernel - 1) / 2;
      const inputs = [x, graph.constant(dims, weight), graph.constant([outputs], bias)];
      return once(`convolve ${inputs} ${stride} ${activation}`, () => {
        const map = graph.node('Conv', inputs, {
          kernel_shape: { ints: [kernel, kernel] },
          strides: { ints: [stride, stride] },
          pads: { ints: [padding, padding, padding, padding] },
          group: { int: groups },
        });
        if (activation === null) return map;
        if (activation === 'relu') return node('Relu', map);
        const gate = graph.node('HardSigmoid', [map], {
          alpha: { float: 1 / 6 },
          beta: { float: 0.5 },
        });
        return node('Mul', map, gate);
      });
    },
    add: (a, b) => once(`add ${a} ${b}`, () => node('Add', a, b)),
    excite(x, { reduce, reduceBias, expand, expandBias }) {
      const channels = expandBias.length;
      const size = reduceBias.length;
      const squeezed = node('GlobalAveragePool', x);
      const weights = (dims: readonly number[], weight: Float32Array, bias: Float32Array) => [
        graph.constant(dims, weight),
        graph.constant([bias.length], bias),
      ];
      const hidden = node(
        'Relu',
        node('Conv', squeezed, ...weights([size, channels, 1, 1], reduce, reduceBias)),
      );
      const gate = node(
        'Sigmoid',
        node('Conv', hidden, ...weights([channels, size, 1, 1], expand, expandBias)),
      );
      return node('Mul', x, gate);
    },
  };
}
