import { AUDIOSET_MEL } from '../../core/features/config.ts';
import type { GraphBuilder, Value } from '../onnx/graph.ts';
import { createRandom } from '../random.ts';
import {
  BLOCKS,
  type BlockWeights,
  EMBEDDING,
  type FoldedConvolution,
  inferBlocks,
  type Operators,
  STEM_CHANNELS,
} from './inference.ts';
import { LayerBuilder } from './mobilenet-layers.ts';
import type { Tensors } from './weights-file.ts';

/** The body of the published network as it was loaded, for prediction. */
export interface PublishedBody {
  readonly stem: FoldedConvolution;
  readonly blocks: readonly BlockWeights[];
  readonly last: FoldedConvolution;
}

/**
 * A linear probe (Alain & Bengio 2017): one linear layer on the activations of the published network,
 * which stays as it was loaded.
 */
export interface Probe {
  readonly body: PublishedBody;
  /** [classes, ACTIVATIONS] and [classes]: the logits. */
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/**
 * Blocks whose maps are pooled, counted from 0. Those in the middle carry most: the last map alone
 * tells strangers' emotions with a recall of 0.31, all of these with 0.40.
 */
const POOLED_BLOCKS: readonly number[] = [3, 6, 9, 11, 12, 14];
const pooledSizes = sizesOfMaps().filter((_, i) => POOLED_BLOCKS.includes(i));
/** Numbers that a window is described by: mean and deviation over time of what is pooled. */
export const ACTIVATIONS = 2 * (pooledSizes.reduce((sum, size) => sum + size, 0) + EMBEDDING);

/** Returns the body of the published network, with normalisation folded into its convolutions. */
export function publishedBody(start: Tensors): PublishedBody {
  // Nothing is drawn where every tensor is given.
  const build = new LayerBuilder(start, createRandom(0));
  const inputs = BLOCKS[BLOCKS.length - 1].output;
  return {
    stem: build.folded('features.0', [STEM_CHANNELS, 1, 3, 3]),
    blocks: BLOCKS.map((shape, i) => build.foldedBlock(shape, i + 1)),
    last: build.folded(`features.${BLOCKS.length + 1}`, [EMBEDDING, inputs, 1, 1]),
  };
}

/**
 * Appends the activations of windows, [n, ACTIVATIONS]: the mean and the deviation over time of the
 * maps of some blocks in every channel and band, and of the last map in every channel. Square roots
 * bring their long tails in, signs kept.
 *
 * @param image [n, 1, bands, frames]
 */
export function appendActivations(
  graph: GraphBuilder,
  operators: Operators<Value>,
  image: Value,
  body: PublishedBody,
): Value {
  const node = (operator: string, ...inputs: Value[]) => graph.node(operator, inputs);
  const meanOver = (x: Value, axis: number) =>
    graph.node('ReduceMean', [x, graph.integers([axis])], { keepdims: { int: 0 } });
  const pooled: Value[] = [];
  const pool = (x: Value, axis: number) => {
    const mean = meanOver(x, axis);
    const power = meanOver(node('Mul', x, x), axis);
    const variance = node('Relu', node('Sub', power, node('Mul', mean, mean)));
    const flat = (y: Value) => graph.node('Flatten', [y], { axis: { int: 1 } });
    const root = node('Sqrt', node('Abs', mean));
    pooled.push(flat(node('Mul', node('Sign', mean), root)));
    pooled.push(flat(node('Sqrt', node('Sqrt', variance))));
  };
  const map = inferBlocks(operators, image, body, (block, i) => {
    if (POOLED_BLOCKS.includes(i)) pool(block, 3);
  });
  const last = operators.convolve(map, body.last, 1, 'hard-swish');
  pool(meanOver(last, 2), 2);
  return graph.node('Concat', pooled, { axis: { int: 1 } });
}

/** Returns channels × bands of the map after each block. */
function sizesOfMaps(): number[] {
  let bands = Math.ceil(AUDIOSET_MEL.bands / 2);
  return BLOCKS.map(({ stride, output }) => {
    bands = Math.ceil(bands / stride);
    return output * bands;
  });
}
