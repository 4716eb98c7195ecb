import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import {
  type ClipActivations,
  type ReadOptions,
  readActivations,
  type Selection,
} from './activations.ts';
import { type Moments, momentsOf } from './moments.ts';
import type { Probe, PublishedNetwork } from './probe.ts';
import { Products } from './products.ts';
import type { Fit } from './runner.ts';

/** How much of the variance of each activation over all corpora is added to the scatter. */
const RIDGE = 0.5;
/**
 * How much the scatter of the corpora counts beside that within the classes: where their centres lie,
 * and how the expression of an emotion in one corpus differs from that in the others. Directions in which
 * corpora differ are directions in which the next one will differ too (recall on corpora left out 0.394
 * without either). More of it costs unseen speakers of known corpora: 10 for expression as well leaves
 * that recall as it is, 0.420, and takes 1.7 points from the folds of RAVDESS.
 */
const CENTRES = 10;
const EXPRESSION = 5;
/**
 * A clip counts 1 / (SOFTENING + p), where p is the probability that a probe of the other corpora gives to
 * its emotion. So what the corpora have in common is learned from the clips that need it: a step of
 * boosting (Freund and Schapire 1997) on the errors that strangers would meet. Less of it helps corpora
 * left out a little more, and costs unseen speakers of known ones.
 */
const SOFTENING = 0.3;
/** Stands for p where the other corpora do not have the emotion. */
const UNKNOWN = 0.5;
/** Keeps apart from 0 what never varies, such as a channel that never answers. */
const LEAST_VARIANCE = 1e-6;
/** Logit of an emotion that nothing was learned of, below any other. */
const NEVER = -1e4;
/** What the labelled windows of one group of a fit are in the mean. */
interface GroupMeans {
  /** How much the group counts, and each of its classes among all. */
  readonly share: number;
  readonly weight: number;
  /** Mean of each class that occurs, and the mean of these. */
  readonly own: readonly (Float64Array | null)[];
  readonly centre: Float64Array;
}

/**
 * Fits linear discriminants (Fisher 1936) on the activations of the published network. The mean of a
 * class is measured from the centre of its corpus: a corpus has its own microphones, rooms and language,
 * and what emotions change beside these carries over to a corpus never heard (recall on corpora left out
 * 0.36 with one centre for all, 0.39 with one for each).
 */
export class Discriminants {
  readonly #network: PublishedNetwork;
  readonly #clips: ReadonlyMap<string, ReadonlyMap<number, ClipActivations>>;
  readonly #products: Products;
  readonly #signal: AbortSignal;
  /** Of the clips of the fit before, as they count alike: most fits take most corpora whole. */
  #known = new Map<string, Moments>();

  private constructor(
    network: PublishedNetwork,
    clips: ReadonlyMap<string, ReadonlyMap<number, ClipActivations>>,
    products: Products,
    signal: AbortSignal,
  ) {
    this.#network = network;
    this.#clips = clips;
    this.#products = products;
    this.#signal = signal;
  }

  /** Reads the clips that the fits learn from. */
  static async read(
    network: PublishedNetwork,
    selections: readonly Selection[],
    options: ReadOptions,
  ): Promise<Discriminants> {
    const clips = await readActivations(network, selections, options);
    const products = await Products.open(network.activations, options.workers);
    return new Discriminants(network, clips, products, options.signal);
  }

  /**
   * Returns the probe of a fit: it learns from the same clips as the network, in the same shares. Throws
   * the reason of the signal that `read` was given when that aborts.
   */
  async fit({ groups }: Pick<Fit, 'groups'>): Promise<Probe> {
    const taken = groups.flatMap(({ corpus, rows, count }) => {
      const clips = this.#clips.get(corpus);
      return clips
        ? [{ corpus, share: count, clips: clipsOf(clips, rows), key: `${corpus} ${rows}` }]
        : [];
    });
    const first: Group[] = [];
    const known = this.#known;
    this.#known = new Map();
    for (const { corpus, share, clips, key } of taken) {
      const moments = known.get(key) ?? (await this.#momentsOf(clips, ({ weight }) => weight));
      this.#known.set(key, moments);
      first.push({ corpus, share, moments });
    }
    const labelled = new Set(first.flatMap((group) => (isLabelled(group) ? [group.corpus] : [])));
    if (labelled.size < 2) return this.#solve(first);
    const second: Group[] = [];
    for (const [i, group] of first.entries()) {
      const { corpus, share } = group;
      if (!isLabelled(group)) {
        second.push(group);
        continue;
      }
      const others = await this.#solve(first.filter((other) => other.corpus !== corpus));
      const weightOf = (clip: ClipActivations) =>
        clip.weight / (SOFTENING + probabilityOfLabel(clip, others));
      second.push({
        corpus,
        share,
        moments: await this.#momentsOf(taken[i].clips, weightOf),
      });
    }
    return this.#solve(second);
  }

  async close(): Promise<void> {
    await this.#products.close();
  }

  #momentsOf(clips: readonly ClipActivations[], weightOf: (clip: ClipActivations) => number) {
    return momentsOf(clips, weightOf, this.#products, this.#signal);
  }

  async #solve(groups: readonly Group[]): Promise<Probe> {
    const size = this.#network.activations;
    const within = new Float32Array(size ** 2);
    const means: GroupMeans[] = [];
    const total = groups.reduce((sum, { share }) => sum + share, 0);
    const mean = new Float64Array(size);
    const power = new Float64Array(size);
    for (const { share, moments } of groups) {
      const { counts, products, squares, sums } = moments;
      const occurs = counts.reduce((a, b) => a + b, 0);
      const scale = share / total / occurs;
      for (let i = 0; i < within.length; i++) within[i] += scale * products[i];
      for (let i = 0; i < size; i++) {
        power[i] += scale * squares[i];
        for (const sum of sums) mean[i] += scale * sum[i];
      }
      const own = sums.map((sum, k) => (counts[k] > 0 ? sum : null));
      for (const centre of own) if (centre) addOuter(within, centre, -scale);
      // What has one emotion only, such as plain speech, tells how voices differ and nothing else.
      if (occurs < 2) continue;
      const centre = sumOf(own.flatMap((mean) => (mean ? [mean] : []))).map((sum) => sum / occurs);
      means.push({ share, own, weight: scale, centre });
    }
    const classes = Array.from({ length: EMOTION_COUNT }, (_, k) => {
      const having = means.filter(({ own }) => own[k]);
      if (having.length === 0) return null;
      const shares = having.reduce((sum, { share }) => sum + share, 0);
      return sumOf(
        having.map(({ share, own, centre }) =>
          centre.map((value, i) => ((own[k]![i] - value) * share) / shares),
        ),
      );
    });
    const centre = sumOf(means.map((mean) => mean.centre)).map((sum) => sum / means.length);
    for (const corpus of means) {
      const offset = corpus.centre.map((value, i) => value - centre[i]);
      addOuter(within, offset, CENTRES / means.length);
      corpus.own.forEach((own, k) => {
        if (!own) return;
        const expression = own.map((value, i) => value - corpus.centre[i] - classes[k]![i]);
        addOuter(within, expression, EXPRESSION * corpus.weight);
      });
    }
    const ridge = power.map((value, i) => RIDGE * (value - mean[i] ** 2) + LEAST_VARIANCE);
    const directions = await this.#products.solve(
      within,
      ridge,
      classes.map((mean) => mean ?? new Float64Array(size)),
    );
    const weight = new Float32Array(EMOTION_COUNT * size);
    const bias = new Float32Array(EMOTION_COUNT).fill(NEVER);
    classes.forEach((mean, k) => {
      if (!mean) return;
      const direction = directions[k];
      weight.set(direction, k * size);
      bias[k] = -direction.reduce((s, v, i) => s + v * (mean[i] / 2 + centre[i]), 0);
    });
    return { network: this.#network, weight, bias };
  }
}

/** Clips of one corpus that were recorded alike, such as speech and not song. */
interface Group {
  readonly corpus: string;
  /** How much the group counts. */
  readonly share: number;
  readonly moments: Moments;
}

function isLabelled({ moments }: Group): boolean {
  return moments.counts.reduce((a, b) => a + b, 0) > 1;
}

/** Returns each clip once, where a class with few clips names them several times. */
function clipsOf(clips: ReadonlyMap<number, ClipActivations>, rows: Int32Array): ClipActivations[] {
  return [...new Set(rows)].map((row) => clips.get(row)!);
}

/** Returns what a probe gives the emotion of a clip as recorded, in the mean over its windows. */
function probabilityOfLabel(
  { label, windows, clean }: ClipActivations,
  { network, weight, bias }: Probe,
): number {
  if (bias[label] === NEVER) return UNKNOWN;
  const size = network.activations;
  let sum = 0;
  for (const window of windows.slice(0, clean)) {
    const logits = bias.map((b, k) => {
      let logit = b;
      const row = weight.subarray(k * size, (k + 1) * size);
      for (let i = 0; i < size; i++) logit += row[i] * window[i];
      return logit;
    });
    const most = Math.max(...logits);
    const powers = logits.map((logit) => Math.exp(logit - most));
    sum += powers[label] / powers.reduce((a, b) => a + b, 0);
  }
  return sum / clean;
}

function sumOf(vectors: readonly Float64Array[]): Float64Array {
  const sum = new Float64Array(vectors[0].length);
  for (const vector of vectors) for (let i = 0; i < sum.length; i++) sum[i] += vector[i];
  return sum;
}

/** Adds scale · v · vᵀ to a matrix, in place. */
function addOuter(matrix: Float32Array, v: Float64Array, scale: number): void {
  for (let i = 0, at = 0; i < v.length; i++) {
    const factor = scale * v[i];
    for (let j = 0; j < v.length; j++, at++) matrix[at] += factor * v[j];
  }
}
