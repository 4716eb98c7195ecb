import {
  add,
  type BatchNorm,
  concat,
  depthwiseConv2d,
  hardSwish,
  type Module,
  matmul,
  mean,
  mul,
  pad,
  relu,
  reshape,
  sigmoid,
  slice,
  type TrainingStep,
  transpose,
  type Variable,
} from '../autodiff/index.ts';
import type { Random } from '../random.ts';
import {
  BLOCKS,
  type BlockWeights,
  EMBEDDING,
  type FoldedConvolution,
  foldNorm,
  inferBlocks,
  STEM_CHANNELS,
  variableOperators,
} from './inference.ts';
import { type Block, type Layer, LayerBuilder, squeezeWeights } from './mobilenet-layers.ts';
import type { Tensors } from './weights-file.ts';

export interface MobileNetOptions {
  /** Tensors under the names of the published file; drawn at random when null. */
  readonly start: Tensors | null;
  /**
   * How many blocks, with the stem, stay as they begin: edges and onsets are the same in all sounds,
   * and the first maps are the largest. 0 trains everything.
   */
  readonly frozenBlocks: number;
  readonly random: Random;
}

/**
 * The body of mn04 of EfficientAT (Schmid et al. 2023): a MobileNetV3 trained on AudioSet.
 *
 * What is trained has maps of [channels, bands, frames, batch], the batch innermost: every
 * convolution is then one large matrix product, and statistics run over contiguous rows. What is
 * frozen, and prediction, has [batch, channels, bands, frames] and ordinary convolutions
 * (inference.ts) on the same weights.
 */
export class MobileNet implements Module {
  readonly #frozenStem: FoldedConvolution | null;
  readonly #frozen: readonly BlockWeights[];
  readonly #stem: Layer | null;
  readonly #blocks: readonly Block[];
  readonly #last: Layer;

  constructor({ start, frozenBlocks, random }: MobileNetOptions) {
    const build = new LayerBuilder(start, random);
    const isFrozen = frozenBlocks > 0;
    this.#stem = isFrozen ? null : build.layer('features.0', [STEM_CHANNELS, 1, 3, 3]);
    this.#frozenStem = isFrozen ? build.folded('features.0', [STEM_CHANNELS, 1, 3, 3]) : null;
    this.#frozen = BLOCKS.slice(0, frozenBlocks).map((shape, i) => build.foldedBlock(shape, i + 1));
    this.#blocks = BLOCKS.slice(frozenBlocks).map((shape, i) =>
      build.block(shape, frozenBlocks + i + 1),
    );
    const inputs = BLOCKS[BLOCKS.length - 1].output;
    this.#last = build.layer(`features.${BLOCKS.length + 1}`, [EMBEDDING, inputs, 1, 1]);
  }

  /** Windows [batch, frames, bands] → [384, bands / 32, frames / 32, batch]. */
  forward(x: Variable): Variable {
    return this.maps(x).at(-1)!;
  }

  /** Returns the map that the trained part begins with, after every trained block, and the last. */
  maps(x: Variable): Variable[] {
    const maps = [this.#start(x)];
    for (const block of this.#blocks) maps.push(forwardBlock(block, maps.at(-1)!));
    maps.push(hardSwish(pointwise(this.#last, maps.at(-1)!)));
    return maps;
  }

  #start(x: Variable): Variable {
    const [batch, frames, bands] = x.shape;
    if (this.#stem) {
      const image = reshape(transpose(x, [2, 1, 0]), [1, bands, frames, batch]);
      return hardSwish(normalize(this.#stem, stemConvolution(image, this.#stem.weight)));
    }
    const image = reshape(transpose(x, [0, 2, 1]), [batch, 1, bands, frames]);
    const { stem, blocks } = { stem: this.#frozenStem!, blocks: this.#frozen };
    return transpose(inferBlocks(variableOperators, image, { stem, blocks }), [1, 2, 3, 0]);
  }

  parameters(): Variable[] {
    return [
      ...this.#layers().flatMap(({ weight, norm }) => [weight, ...norm.parameters()]),
      ...this.#blocks.flatMap(({ squeeze }) => squeeze ?? []),
    ];
  }

  outputs(): Variable[] {
    return this.norms().flatMap((norm) => norm.outputs());
  }

  afterStep(step: TrainingStep): void {
    for (const norm of this.norms()) norm.afterStep(step);
  }

  /** Returns the layers whose running statistics belong in a checkpoint, in a fixed order. */
  norms(): BatchNorm[] {
    return this.#layers().map(({ norm }) => norm);
  }

  /** Returns what prediction needs, from the parameters that the step holds now. */
  weights(step: TrainingStep): {
    readonly stem: FoldedConvolution;
    readonly blocks: readonly BlockWeights[];
    readonly last: FoldedConvolution;
  } {
    const fold = ({ weight, norm, ...shape }: Layer) =>
      foldNorm(step.buffer(weight), shape, norm.inference(step));
    return {
      stem: this.#stem ? fold(this.#stem) : this.#frozenStem!,
      blocks: [
        ...this.#frozen,
        ...this.#blocks.map(({ shape, expand, depthwise, squeeze, project }) => ({
          shape,
          expand: expand && fold(expand),
          depthwise: fold(depthwise),
          squeeze: squeeze && squeezeWeights(squeeze.map((variable) => step.buffer(variable))),
          project: fold(project),
        })),
      ],
      last: fold(this.#last),
    };
  }

  #layers(): Layer[] {
    return [
      ...(this.#stem ? [this.#stem] : []),
      ...this.#blocks.flatMap(({ expand, depthwise, project }) =>
        expand ? [expand, depthwise, project] : [depthwise, project],
      ),
      this.#last,
    ];
  }
}

function forwardBlock(
  { shape, expand, depthwise, squeeze, project }: Block,
  x: Variable,
): Variable {
  const activate = shape.activation === 'relu' ? relu : hardSwish;
  const { kernel, stride, input, output } = shape;
  let map = expand ? activate(pointwise(expand, x)) : x;
  map = activate(normalize(depthwise, depthwiseConv2d(map, depthwise.weight, { kernel, stride })));
  if (squeeze) map = excite(map, squeeze);
  map = pointwise(project, map);
  return stride === 1 && input === output ? add(x, map) : map;
}

/** 3 × 3 with stride 2 on one channel: the nine taps are stacked, and one product does the rest. */
function stemConvolution(x: Variable, weight: Variable): Variable {
  const [, bands, frames, batch] = x.shape;
  const rows = Math.ceil(bands / 2);
  const columns = Math.ceil(frames / 2);
  const padded = pad(pad(x, { axis: 1, before: 1, after: 2 * rows - bands }), {
    axis: 2,
    before: 1,
    after: 2 * columns - frames,
  });
  const taps: Variable[] = [];
  for (let i = 0; i < 3; i++) {
    const row = slice(padded, { axis: 1, start: i, end: i + 2 * rows - 1, step: 2 });
    for (let j = 0; j < 3; j++) {
      taps.push(slice(row, { axis: 2, start: j, end: j + 2 * columns - 1, step: 2 }));
    }
  }
  const stacked = reshape(concat(taps, 0), [9, rows * columns * batch]);
  return reshape(matmul(weight, stacked), [STEM_CHANNELS, rows, columns, batch]);
}

function pointwise(layer: Layer, x: Variable): Variable {
  const [inputs, ...rest] = x.shape;
  const size = rest.reduce((a, b) => a * b, 1);
  const product = matmul(layer.weight, reshape(x, [inputs, size]));
  return normalize(layer, reshape(product, [layer.weight.shape[0], ...rest]));
}

function normalize({ norm }: Layer, x: Variable): Variable {
  const [channels, ...rest] = x.shape;
  const size = rest.reduce((a, b) => a * b, 1);
  return reshape(norm.forward(reshape(x, [1, channels, size])), x.shape);
}

/** Squeeze and excitation (Hu et al. 2018): every channel is weighed by what all of them average to. */
function excite(x: Variable, [w1, b1, w2, b2]: readonly Variable[]): Variable {
  const [channels, rows, columns, batch] = x.shape;
  const flat = reshape(x, [channels, rows * columns, batch]);
  const squeezed = mean(flat, { axes: [1] });
  const hidden = relu(add(matmul(w1, squeezed), b1));
  const gate = sigmoid(add(matmul(w2, hidden), b2));
  return reshape(mul(flat, reshape(gate, [channels, 1, batch])), x.shape);
}
