import { averagePredictions, mixPredictions, type Predictions } from './evaluate.ts';
import { type Ensemble, PERCEPTRON_WEIGHT } from './export.ts';
import type { Member } from './member-graph.ts';
import { type Perceptron, predictVectors } from './perceptron.ts';
import { predictClips } from './predict.ts';
import type { Spectrograms } from './spectrogram-store.ts';

/** Returns what one network says about clips. */
export async function predictNetwork(
  network: Member,
  spectrograms: Spectrograms,
  rows: Int32Array,
  rendering = 0,
): Promise<Predictions> {
  return { rows, probabilities: await predictClips(network, spectrograms, rows, rendering) };
}

/** Returns what a perceptron says about clips. */
export async function predictByVector(
  perceptron: Perceptron,
  { functionals, renderings }: Spectrograms,
  rows: Int32Array,
  rendering = 0,
): Promise<Predictions> {
  const vectors = Array.from(rows, (row) => functionals[row * renderings + rendering]);
  return { rows, probabilities: await predictVectors(perceptron, vectors) };
}

/** Returns the mean of what some networks say about clips. */
export async function predictNetworks(
  networks: readonly Member[],
  spectrograms: Spectrograms,
  rows: Int32Array,
  rendering = 0,
): Promise<Predictions> {
  const members: Predictions[] = [];
  for (const network of networks) {
    members.push(await predictNetwork(network, spectrograms, rows, rendering));
  }
  return averagePredictions(members);
}

/** Returns what ships, or stands for it in a fold, says about clips, before the temperature. */
export async function predictEnsemble(
  { networks, perceptron }: Ensemble,
  spectrograms: Spectrograms,
  rows: Int32Array,
  rendering = 0,
): Promise<Predictions> {
  const average = await predictNetworks(networks, spectrograms, rows, rendering);
  const byVector = await predictByVector(perceptron, spectrograms, rows, rendering);
  return mixPredictions(average, byVector, PERCEPTRON_WEIGHT);
}
