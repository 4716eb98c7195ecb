import '../../core/model/telemetry.ts';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Matrix } from '../../evaluation/matrix.ts';
import { AdamW, crossEntropy, input, oneCycle, TrainingStep } from '../autodiff/index.ts';
import { GraphBuilder } from '../onnx/graph.ts';
import { createRandom, type Random } from '../random.ts';
import { fillMixup, miniBatches, smoothTargets } from './mini-batches.ts';
import { appendMlp, type MlpModel, MlpNetwork, spreadClasses } from './mlp-network.ts';
import { type Classifier, checkColumns, checkSamples } from './preprocessing.ts';

export interface MlpOptions {
  /** Columns of the predicted probabilities. */
  readonly classCount: number;
  /** Units of each hidden layer. [256, 128] by default. */
  readonly hidden?: readonly number[];
  /** Probability of dropping a hidden unit. 0.4 by default. */
  readonly dropout?: number;
  /** The peak of the one-cycle schedule. 3e-3 by default. */
  readonly learningRate?: number;
  /** Decoupled decay of the weights. 0.02 by default. */
  readonly weightDecay?: number;
  /** Passes over the samples. 80 by default. */
  readonly epochs?: number;
  /** Rows of one step; at most the number of samples is taken. 128 by default. */
  readonly batchSize?: number;
  /** Share of each target spread over all classes. 0.1 by default. */
  readonly labelSmoothing?: number;
  /** The alpha of mixup's Beta distribution; 0 switches it off. 0.3 by default. */
  readonly mixup?: number;
  /** Networks trained side by side, whose probabilities are averaged. 1 by default. */
  readonly members?: number;
  /** The same seed gives the same weights, bit for bit, on the same kind of processor. 0 by default. */
  readonly seed?: number;
  /**
   * Samples that stop the fit early: the weights of the epoch with the lowest cross-entropy on them
   * are kept, and `patience` epochs without a better one end the fit.
   */
  readonly validation?: { readonly X: Matrix; readonly y: Int32Array; readonly patience: number };
  /** Called after every epoch. */
  readonly onEpoch?: (report: EpochReport) => void;
  /** Ends the fit with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface EpochReport {
  /** Counted from 1. */
  readonly epoch: number;
  /** Mean cross-entropy over the epoch's steps, in nats, with smoothed and mixed targets. */
  readonly loss: number;
  /** Mean cross-entropy of the true classes of the validation samples, where there are any. */
  readonly validationLoss?: number;
}

const DEFAULTS = {
  hidden: [256, 128] as readonly number[],
  dropout: 0.4,
  learningRate: 3e-3,
  weightDecay: 0.02,
  epochs: 80,
  batchSize: 128,
  labelSmoothing: 0.1,
  mixup: 0.3,
  members: 1,
  seed: 0,
};

/** Streams of the seed: what is drawn for one purpose never shifts what is drawn for another. */
const STREAMS = { weights: 0, dropout: 1, batches: 1000 } as const;

/**
 * A multilayer perceptron with batch normalisation, dropout, label smoothing and mixup, trained by
 * AdamW on a one-cycle schedule; with several `members`, an average of networks that differ in their
 * initial weights and in the order of their samples. Features should be standardised.
 *
 * @example
 * const mlp = await new MlpClassifier({ classCount: 8, seed: 42 }).fit(X, y);
 * const probabilities = await mlp.predictProbabilities(unseen);
 * parentPort.postMessage(mlp.model);
 */
export class MlpClassifier implements Classifier {
  readonly #options: typeof DEFAULTS & MlpOptions;
  #model: MlpModel | undefined;

  /** Throws a RangeError on options out of range. */
  constructor(options: MlpOptions) {
    this.#options = { ...DEFAULTS, ...options };
    const { classCount, hidden, epochs, batchSize, members } = this.#options;
    const counts = [classCount, ...hidden, epochs, batchSize, members];
    if (!counts.every((count) => Number.isInteger(count) && count >= 1)) {
      throw new RangeError(
        'classCount, hidden units, epochs, batchSize and members are whole numbers from 1',
      );
    }
  }

  /** The trained weights as plain data. Throws an Error before `fit`. */
  get model(): MlpModel {
    if (!this.#model) throw new Error('this MlpClassifier has not been fitted yet');
    return this.#model;
  }

  /**
   * Learns from the samples. Throws a RangeError on shapes that do not fit, an Error when the loss
   * is no longer finite, and the signal's reason when it is aborted.
   */
  async fit(X: Matrix, y: Int32Array): Promise<this> {
    const { classCount, members, seed, labelSmoothing } = this.#options;
    checkSamples(X, y, classCount);
    const classes = [...new Set(y)].sort((a, b) => a - b);
    const network = new MlpNetwork(
      { ...this.#options, features: X.columns, classes: classes.length },
      createRandom(seed, STREAMS.weights),
    );
    const batchSize = Math.min(this.#options.batchSize, X.rows);
    const x = input([members, batchSize, X.columns]);
    const targets = input([members, batchSize, classes.length]);
    const step = await TrainingStep.compile(
      crossEntropy(network.module.forward(x), targets),
      network.module.parameters(),
      network.module.outputs(),
    );
    const compact = y.map((label) => classes.indexOf(label));
    const samples = { X, targets: smoothTargets(compact, classes.length, labelSmoothing) };
    const batch = { x: step.buffer(x), targets: step.buffer(targets) };
    const feeds = Array.from({ length: members }, (_, member) =>
      feedMember(member, samples, sliceOf(batch, member, members), batchSize, this.#options),
    );
    const snapshot = (): MlpModel => {
      const layers = network.layers(step);
      return {
        kind: 'mlp',
        members,
        layers: [...layers.slice(0, -1), spreadClasses(layers.at(-1)!, classes, classCount)],
      };
    };
    try {
      const stepsPerEpoch = Math.ceil(X.rows / batchSize);
      this.#model = await this.#train(network, step, feeds, stepsPerEpoch, snapshot);
    } finally {
      await step.release();
    }
    return this;
  }

  /** Returns samples × classes. Throws an Error before `fit`, a RangeError on other columns. */
  async predictProbabilities(X: Matrix): Promise<Matrix> {
    return predictMlp(this.model, X);
  }

  async #train(
    { module }: MlpNetwork,
    step: TrainingStep,
    feeds: readonly (() => void)[],
    stepsPerEpoch: number,
    snapshot: () => MlpModel,
  ): Promise<MlpModel> {
    const { epochs, learningRate, weightDecay, seed, validation, onEpoch, signal } = this.#options;
    const schedule = oneCycle({ peak: learningRate, totalSteps: epochs * stepsPerEpoch });
    const optimiser = new AdamW(step.groups(weightDecay));
    const random = createRandom(seed, STREAMS.dropout);
    let best: { model: MlpModel; loss: number; epoch: number } | undefined;
    for (let epoch = 1; epoch <= epochs; epoch++) {
      let loss = 0;
      for (let i = 0; i < stepsPerEpoch; i++) {
        signal?.throwIfAborted();
        for (const feed of feeds) feed();
        module.beforeStep(step, random);
        loss += (await step.run()) / stepsPerEpoch;
        optimiser.step(schedule((epoch - 1) * stepsPerEpoch + i));
        module.afterStep(step);
      }
      if (!Number.isFinite(loss)) throw new Error(`the loss is ${loss} in epoch ${epoch}`);
      if (!validation) {
        onEpoch?.({ epoch, loss });
        continue;
      }
      const model = snapshot();
      const validationLoss = logLoss(await predictMlp(model, validation.X), validation.y);
      onEpoch?.({ epoch, loss, validationLoss });
      if (!best || validationLoss < best.loss) best = { model, loss: validationLoss, epoch };
      if (epoch - best.epoch >= validation.patience) break;
    }
    return best?.model ?? snapshot();
  }
}

/** Returns samples × classes from a trained model, by the very graph that serving runs. */
export async function predictMlp(model: MlpModel, X: Matrix): Promise<Matrix> {
  const { inFeatures } = model.layers[0];
  const classCount = model.layers.at(-1)!.outFeatures;
  checkColumns(X, inFeatures);
  const graph = new GraphBuilder('mlp');
  const x = graph.input('features', ['n', inFeatures]);
  graph.output(appendMlp(graph, x, model), 'probabilities', ['n', classCount]);
  const session = await InferenceSession.create(graph.toBytes(), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });
  try {
    const features = new Tensor('float32', X.data, [X.rows, X.columns]);
    const { probabilities } = await session.run({ features });
    return { rows: X.rows, columns: classCount, data: probabilities.data as Float32Array };
  } finally {
    await session.release();
  }
}

interface Batch {
  readonly x: Float32Array;
  readonly targets: Float32Array;
}

/** Returns what fills the next batch of one member, from random streams of its own. */
function feedMember(
  member: number,
  samples: { readonly X: Matrix; readonly targets: Matrix },
  batch: Batch,
  batchSize: number,
  { seed, mixup }: { readonly seed: number; readonly mixup: number },
): () => void {
  const random: Random = createRandom(seed, STREAMS.batches + member);
  const batches = miniBatches(samples.X.rows, batchSize, random);
  return () => fillMixup(batch, samples.X, samples.targets, batches.next().value, mixup, random);
}

function sliceOf(batch: Batch, member: number, members: number): Batch {
  const part = (whole: Float32Array) => {
    const size = whole.length / members;
    return whole.subarray(member * size, (member + 1) * size);
  };
  return { x: part(batch.x), targets: part(batch.targets) };
}

function logLoss(probabilities: Matrix, y: Int32Array): number {
  let total = 0;
  for (let i = 0; i < y.length; i++) {
    total -= Math.log(Math.max(probabilities.data[i * probabilities.columns + y[i]], 1e-12));
  }
  return total / y.length;
}
