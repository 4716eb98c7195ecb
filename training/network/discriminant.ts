import type { InferenceSession } from 'onnxruntime-node';
import { AUDIOSET_MEL } from '../../core/features/config.ts';
import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import { GraphBuilder } from '../onnx/graph.ts';
import type { Progress } from '../terminal.ts';
import { appendImage, WINDOW_ROWS } from './export.ts';
import { graphOperators } from './inference.ts';
import { WINDOW_BATCH, windowsOf, windowTensor } from './predict.ts';
import type { PreparedCorpus } from './prepare.ts';
import { ACTIVATIONS, appendActivations, type Probe, type PublishedBody } from './probe.ts';
import { openSession, Products } from './products.ts';
import type { Fit } from './runner.ts';

/** How much of the variance of each activation over all corpora is added to the scatter. */
const RIDGE = 1;
/**
 * How much the scatter of the corpora counts beside that within the classes: where their centres lie,
 * and how the expression of an emotion in one corpus differs from that in the others. Directions in which
 * corpora differ are directions in which the next one will differ too (recall on corpora left out 0.394
 * without either, 0.403 at 1, 0.413 at 10).
 */
const CENTRES = 10;
const EXPRESSION = 10;
/** Keeps apart from 0 what never varies, such as a channel that never answers. */
const LEAST_VARIANCE = 1e-6;
/** Logit of an emotion that nothing was learned of, below any other. */
const NEVER = -1e4;
/** Windows of one product. */
const ROWS = 512;

/** Clips of a corpus that fits take or leave as a whole. */
export interface Parts {
  readonly corpus: PreparedCorpus;
  /** The part that each clip belongs to; −1 where nothing is trained on it. */
  readonly partOf: Int32Array;
}

export interface DiscriminantOptions {
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** Weighted sums over the windows of one part; the weights of a class are 1 in all over its corpus. */
interface Moments {
  readonly corpus: PreparedCorpus;
  readonly rows: Int32Array;
  /** Sum of the weights, and of the activations, for each class. */
  readonly counts: Float64Array;
  readonly sums: readonly Float64Array[];
  /** Sum of the outer products of the activations, of all classes. */
  readonly products: Float32Array;
}

/** What the labelled windows of a corpus are in the mean. */
interface CorpusMeans {
  /** How much the corpus counts, and each of its classes among all. */
  readonly share: number;
  readonly weights: Float64Array;
  /** Mean of each class that occurs, and the mean of these. */
  readonly own: readonly (Float64Array | null)[];
  readonly centre: Float64Array;
}

/**
 * Fits linear discriminants (Fisher 1936) on the activations of the published network. The mean of a
 * class is measured from the centre of its corpus: a corpus has its own microphones, rooms and language,
 * and what emotions change beside these carries over to a corpus never heard (recall on corpora left out
 * 0.36 with one centre for all, 0.39 with one for each).
 *
 * The windows are read once; every fit is then a sum over parts and one system of equations.
 */
export class Discriminants {
  readonly #body: PublishedBody;
  readonly #parts: readonly Moments[];
  readonly #products: Products;

  private constructor(body: PublishedBody, parts: readonly Moments[], products: Products) {
    this.#body = body;
    this.#parts = parts;
    this.#products = products;
  }

  /** Reads every window of every rendering of the clips that are trained on. */
  static async gather(
    body: PublishedBody,
    corpora: readonly Parts[],
    options: DiscriminantOptions,
  ): Promise<Discriminants> {
    const { progress, signal, workers } = options;
    const session = await openActivations(body, workers);
    const products = await Products.open(workers);
    const parts: Moments[] = [];
    progress.begin(
      'Reading activations',
      corpora.reduce((sum, { partOf }) => sum + partOf.filter((part) => part >= 0).length, 0),
    );
    try {
      for (const { corpus, partOf } of corpora) {
        const sizes = new Float64Array(EMOTION_COUNT);
        partOf.forEach((part, row) => {
          if (part >= 0) sizes[corpus.labels[row]]++;
        });
        for (const part of new Set(partOf)) {
          if (part < 0) continue;
          const rows = Int32Array.from(partOf.keys()).filter((row) => partOf[row] === part);
          const moments = emptyMoments(corpus, rows);
          const block = new Block(moments, products);
          for (const row of rows) {
            signal.throwIfAborted();
            await addClip(session, block, row, sizes);
            progress.advance();
          }
          await block.flush();
          parts.push(moments);
        }
      }
    } catch (error) {
      await products.close();
      throw error;
    } finally {
      progress.end();
      await session.release();
    }
    return new Discriminants(body, parts, products);
  }

  /** Returns the probe of a fit: it learns from the same clips as the network, in the same shares. */
  async fit({ groups }: Pick<Fit, 'groups'>): Promise<Probe> {
    const taken = this.#taken(groups);
    const within = new Float32Array(ACTIVATIONS ** 2);
    const means: CorpusMeans[] = [];
    const total = taken.reduce((sum, { share }) => sum + share, 0);
    const mean = new Float64Array(ACTIVATIONS);
    const power = new Float64Array(ACTIVATIONS);
    for (const { share, parts } of taken) {
      const counts = sumOf(parts.map((part) => part.counts));
      const occurs = counts.reduce((sum, count) => sum + Number(count > 0), 0);
      const scale = share / total / counts.reduce((a, b) => a + b, 0);
      for (const { products, sums } of parts) {
        for (let i = 0; i < within.length; i++) within[i] += scale * products[i];
        for (let i = 0; i < ACTIVATIONS; i++) {
          power[i] += scale * products[i * (ACTIVATIONS + 1)];
          for (const sum of sums) mean[i] += scale * sum[i];
        }
      }
      const own = Array.from(counts, (count, k) => {
        if (count === 0) return null;
        const centre = sumOf(parts.map(({ sums }) => sums[k])).map((sum) => sum / count);
        addOuter(within, centre, -scale * count);
        return centre;
      });
      // What has one emotion only, such as plain speech, tells how voices differ and nothing else.
      if (occurs < 2) continue;
      const centre = sumOf(own.flatMap((mean) => mean ?? [])).map((sum) => sum / occurs);
      const weights = counts.map((count) => scale * count);
      means.push({ share, own, weights, centre });
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
        addOuter(within, expression, EXPRESSION * corpus.weights[k]);
      });
    }
    const ridge = power.map((value, i) => RIDGE * (value - mean[i] ** 2) + LEAST_VARIANCE);
    const directions = await this.#products.solve(
      within,
      ridge,
      classes.map((mean) => mean ?? new Float64Array(ACTIVATIONS)),
    );
    const weight = new Float32Array(EMOTION_COUNT * ACTIVATIONS);
    const bias = new Float32Array(EMOTION_COUNT).fill(NEVER);
    classes.forEach((mean, k) => {
      if (!mean) return;
      const direction = directions[k];
      weight.set(direction, k * ACTIVATIONS);
      bias[k] = -direction.reduce((s, v, i) => s + v * (mean[i] / 2 + centre[i]), 0);
    });
    return { body: this.#body, weight, bias };
  }

  async close(): Promise<void> {
    await this.#products.close();
  }

  /** Returns the parts of each corpus that a fit takes, and how much each corpus counts. */
  #taken(groups: Fit['groups']) {
    const corpora = new Map<PreparedCorpus, { rows: Set<number>; share: number }>();
    for (const { corpus: name, rows, count } of groups) {
      const corpus = this.#parts.find((part) => part.corpus.corpus.name === name)?.corpus;
      if (!corpus) continue;
      const known = corpora.get(corpus) ?? { rows: new Set(), share: 0 };
      for (const row of rows) known.rows.add(row);
      corpora.set(corpus, { rows: known.rows, share: known.share + count });
    }
    return [...corpora].map(([corpus, { rows, share }]) => {
      const parts = this.#parts.filter(
        (part) => part.corpus === corpus && part.rows.some((row) => rows.has(row)),
      );
      const size = parts.reduce((sum, part) => sum + part.rows.length, 0);
      if (size !== rows.size) throw new RangeError('a fit takes parts as a whole');
      return { share, parts };
    });
  }
}

function emptyMoments(corpus: PreparedCorpus, rows: Int32Array): Moments {
  return {
    corpus,
    rows,
    counts: new Float64Array(EMOTION_COUNT),
    sums: Array.from({ length: EMOTION_COUNT }, () => new Float64Array(ACTIVATIONS)),
    products: new Float32Array(ACTIVATIONS ** 2),
  };
}

/** Adds the windows of a clip in all renderings, which together weigh 1 / the clips of its class. */
async function addClip(
  session: InferenceSession,
  block: Block,
  row: number,
  sizes: Float64Array,
): Promise<void> {
  const { spectrograms, labels } = block.moments.corpus;
  const label = labels[row];
  for (let rendering = 0; rendering < spectrograms.renderings; rendering++) {
    const windows = windowsOf(spectrograms, row, rendering);
    const weight = 1 / (sizes[label] * spectrograms.renderings * windows.length);
    for (let first = 0; first < windows.length; first += WINDOW_BATCH) {
      const batch = windows.slice(first, first + WINDOW_BATCH);
      const { activations } = await session.run({ x: windowTensor(batch) });
      const values = activations.data as Float32Array;
      for (let i = 0; i < batch.length; i++) {
        const window = values.subarray(i * ACTIVATIONS, (i + 1) * ACTIVATIONS);
        await block.add(window, label, weight);
      }
    }
  }
}

/** Collects windows until a product is worth its call. */
class Block {
  readonly moments: Moments;
  readonly #products: Products;
  readonly #rows = new Float32Array(ROWS * ACTIVATIONS);
  #count = 0;

  constructor(moments: Moments, products: Products) {
    this.moments = moments;
    this.#products = products;
  }

  async add(window: Float32Array, label: number, weight: number): Promise<void> {
    const { counts, sums } = this.moments;
    const sum = sums[label];
    const root = Math.sqrt(weight);
    const at = this.#count++ * ACTIVATIONS;
    counts[label] += weight;
    for (let i = 0; i < ACTIVATIONS; i++) {
      sum[i] += weight * window[i];
      this.#rows[at + i] = root * window[i];
    }
    if (this.#count === ROWS) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#count === 0) return;
    const rows = this.#rows.subarray(0, this.#count * ACTIVATIONS);
    const product = await this.#products.outer(rows, this.#count);
    const { products } = this.moments;
    for (let i = 0; i < products.length; i++) products[i] += product[i];
    this.#count = 0;
  }
}

async function openActivations(body: PublishedBody, threads: number): Promise<InferenceSession> {
  const graph = new GraphBuilder('activations');
  const windows = graph.input('x', ['n', WINDOW_ROWS, AUDIOSET_MEL.bands]);
  const image = appendImage(graph, windows);
  const activations = appendActivations(graph, graphOperators(graph), image, body);
  graph.output(activations, 'activations', ['n', ACTIVATIONS]);
  return openSession(graph, threads);
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
