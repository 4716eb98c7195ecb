import { readFile } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import { noiseRow } from '../../core/analyze.ts';
import { AUDIOSET_MEL } from '../../core/features/config.ts';
import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import { writeAtomically } from '../../lib/files.ts';
import {
  AdamW,
  type AdamWState,
  add,
  clipGradients,
  crossEntropy,
  input,
  oneCycle,
  scale,
  TrainingStep,
  WeightAverage,
} from '../autodiff/index.ts';
import { createRandom } from '../random.ts';
import { EmotionNetwork, type NetworkWeights, VOICE_CLASSES } from './architecture.ts';
import { type BatchGroup, BatchSampler } from './batches.ts';
import type { Tensors } from './weights-file.ts';

export interface NetworkRecipe {
  /** Rows of the random crops that a batch holds; prediction sees a longer window. */
  readonly cropRows: number;
  readonly steps: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly dropout: number;
  readonly labelSmoothing: number;
  /** Blocks that stay as they were loaded. */
  readonly frozenBlocks: number;
  /** Weight of the votes of listeners against what speakers meant, where there are votes. */
  readonly votes: number;
  /** Share of the past in the average of the weights. */
  readonly averaging: number;
}

/** Weight of telling voices from other sounds beside telling emotions. */
const VOICE_WEIGHT = 0.3;
/** Largest norm of a gradient. */
const CLIP = 5;

export interface FitOptions {
  readonly recipe: NetworkRecipe;
  readonly groups: readonly BatchGroup[];
  readonly seed: number;
  /** Published weights to begin with; null begins at random. */
  readonly start: Tensors | null;
  /** File of the checkpoint; a fit that finds one goes on from there. */
  readonly checkpoint: string;
  /** Steps between two checkpoints, which are also the points of the learning curve. */
  readonly interval: number;
  /** Returns the recall on clips that are watched, and never used. */
  readonly watch?: (weights: NetworkWeights) => Promise<number | null>;
  readonly onProgress: (point: CurvePoint) => void;
  /** Ends the fit, between two steps, with the signal's reason; the last checkpoint stays. */
  readonly signal?: AbortSignal;
}

export interface NetworkFit {
  readonly weights: NetworkWeights;
  readonly curve: readonly CurvePoint[];
}

/**
 * Fits one network: AdamW under a one-cycle schedule on augmented batches; what counts is the average
 * of the last weights. The same options give the same weights, whether the fit was interrupted or not.
 */
export async function fitNetwork(options: FitOptions): Promise<NetworkFit> {
  const { recipe, groups, seed, start } = options;
  const { dropout, steps, cropRows, frozenBlocks } = recipe;
  const { bands } = AUDIOSET_MEL;
  const classes = EMOTION_COUNT;
  const shape = { rows: cropRows, bands, classes, silence: noiseRow() };
  const sampler = new BatchSampler(groups, shape, { ...recipe, seed });
  const random = createRandom(seed);
  const network = new EmotionNetwork({ start, frozenBlocks, classes, dropout, random });
  const x = input([sampler.size, cropRows, bands]);
  const emotions = input([sampler.size, classes]);
  const voices = input([sampler.size, VOICE_CLASSES]);
  const absent = input([sampler.size, classes]);
  const logits = network.logits(x);
  const loss = add(
    crossEntropy(add(logits.emotion, absent), emotions),
    scale(crossEntropy(logits.voice, voices), VOICE_WEIGHT),
  );
  const step = await TrainingStep.compile(loss, network.parameters(), network.outputs());
  try {
    const optimiser = new AdamW(step.groups(recipe.weightDecay));
    const average = new WeightAverage(step.values, recipe.averaging);
    const state = { network, step, optimiser, average };
    const known = await readCheckpoint(options.checkpoint);
    const curve: CurvePoint[] = known ? restore(known, state) : [];
    const learningRate = oneCycle({ peak: recipe.learningRate, totalSteps: steps });
    let sum = 0;
    let count = 0;
    for (let i = known?.step ?? 0; i < steps; i++) {
      options.signal?.throwIfAborted();
      sampler.fill(i, {
        x: step.buffer(x),
        emotions: step.buffer(emotions),
        voices: step.buffer(voices),
        absent: step.buffer(absent),
      });
      network.beforeStep(step, createRandom(seed + 1, i));
      sum += await step.run();
      count++;
      clipGradients(step.gradients, CLIP);
      optimiser.step(learningRate(i));
      network.afterStep(step);
      average.update(step.values);
      if ((i + 1) % options.interval !== 0 && i + 1 !== steps) continue;
      const watched = (await options.watch?.(averaged(state))) ?? null;
      curve.push({ step: i + 1, loss: sum / count, watched });
      [sum, count] = [0, 0];
      await writeCheckpoint(options.checkpoint, checkpointOf(i + 1, curve, state));
      options.onProgress(curve[curve.length - 1]);
    }
    return { weights: averaged(state), curve };
  } finally {
    await step.release();
  }
}

interface State {
  readonly network: EmotionNetwork;
  readonly step: TrainingStep;
  readonly optimiser: AdamW;
  readonly average: WeightAverage;
}

/** Returns the network with its averaged parameters; those in training stay as they are. */
function averaged({ network, step, average }: State): NetworkWeights {
  const current = step.values.slice();
  step.values.set(average.values);
  const weights = network.weights(step);
  step.values.set(current);
  return weights;
}

function checkpointOf(
  done: number,
  curve: readonly CurvePoint[],
  { network, step, optimiser, average }: State,
): Checkpoint {
  return {
    step: done,
    values: step.values,
    average: { values: average.values, steps: average.steps },
    statistics: network.norms().map((norm) => [norm.runningMean, norm.runningVariance]),
    optimiser: optimiser.state(),
    curve,
  };
}

function restore(checkpoint: Checkpoint, { network, step, optimiser, average }: State) {
  step.values.set(checkpoint.values);
  average.restore(checkpoint.average.values, checkpoint.average.steps);
  network.norms().forEach((norm, i) => {
    norm.runningMean.set(checkpoint.statistics[i][0]);
    norm.runningVariance.set(checkpoint.statistics[i][1]);
  });
  optimiser.restore(checkpoint.optimiser);
  return [...checkpoint.curve];
}

/** A point of the learning curve. */
export interface CurvePoint {
  readonly step: number;
  /** Mean training loss since the point before, in nats; augmentation and smoothing keep it high. */
  readonly loss: number;
  /** Unweighted average recall on the clips that are watched; null when there are none. */
  readonly watched: number | null;
}

/** Everything that a fit needs to go on. */
export interface Checkpoint {
  /** Steps made. */
  readonly step: number;
  readonly values: Float32Array;
  readonly average: { readonly values: Float32Array; readonly steps: number };
  /** Running mean and variance of every normalisation. */
  readonly statistics: readonly (readonly [Float32Array, Float32Array])[];
  readonly optimiser: AdamWState;
  readonly curve: readonly CurvePoint[];
}

/** Writes beside and renames: an interruption leaves the old checkpoint or the new one. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  await writeAtomically(path, serialize(checkpoint));
}

/** Returns the checkpoint at a path, or null when there is none that can be read. */
export async function readCheckpoint(path: string): Promise<Checkpoint | null> {
  try {
    return deserialize(await readFile(path));
  } catch {
    return null;
  }
}
