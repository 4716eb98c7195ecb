import type { InferenceSession } from 'onnxruntime-node';
import { noiseRow } from '../../core/analyze.ts';
import { AUDIOSET_MEL } from '../../core/features/config.ts';
import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import { addSteadyNoise, limitBands } from '../augment/index.ts';
import { GraphBuilder } from '../onnx/graph.ts';
import { createRandom } from '../random.ts';
import type { Progress } from '../terminal.ts';
import { appendImage, WINDOW_ROWS } from './export.ts';
import { graphOperators } from './inference.ts';
import { WINDOW_BATCH, windowsOf, windowTensor } from './predict.ts';
import type { PreparedCorpus } from './prepare.ts';
import { ACTIVATIONS, appendActivations, type PublishedBody } from './probe.ts';
import { openSession, type Products } from './products.ts';
import type { Spectrograms } from './spectrogram-store.ts';

/**
 * How much more counts what varies within a clip, between its windows and renderings: it is not what
 * the speaker feels (recall on unseen actors of RAVDESS 0.663 at 0, 0.672 at 2; in noise 0.515, 0.534).
 */
const WITHIN_CLIP = 2;
/** Copies of every clip as recorded, under steady noise, and how often they lose their outermost bands. */
const NOISY_COPIES = 2;
const BAND_LIMIT_SHARE = 0.3;
/** Rows of one product. */
const ROWS = 512;
/** What silence is in each band. */
const SILENCE = noiseRow();

/**
 * Clips of a corpus that were recorded alike, such as speech and not song, divided into parts that fits
 * take or leave as a whole.
 */
export interface Parts {
  readonly corpus: PreparedCorpus;
  /** The part that each clip belongs to; −1 where nothing is trained on it. */
  readonly partOf: Int32Array;
}

export interface GatherOptions {
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** Weighted sums over the windows of one part; the weights of a class are 1 in all over all parts. */
export interface Moments {
  readonly corpus: PreparedCorpus;
  readonly rows: Int32Array;
  /** Sum of the weights, and of the activations, for each class. */
  readonly counts: Float64Array;
  readonly sums: readonly Float64Array[];
  /** Sum of the squares of the activations, of all classes. */
  readonly squares: Float64Array;
  /** Sum of their outer products, to which WITHIN_CLIP times the scatter within the clips is added. */
  readonly products: Float32Array;
}

/** Returns the moments of every part of the clips that are trained on, by reading all their windows. */
export async function gatherMoments(
  body: PublishedBody,
  corpora: readonly Parts[],
  products: Products,
  { progress, signal, workers }: GatherOptions,
): Promise<Moments[]> {
  const session = await openActivations(body, workers);
  const gathered: Moments[] = [];
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
        const windows = new Block(moments.products, 1 + WITHIN_CLIP, products);
        const clips = new Block(moments.products, -WITHIN_CLIP, products);
        for (const row of rows) {
          signal.throwIfAborted();
          await addClip(session, { moments, windows, clips }, row, sizes);
          progress.advance();
        }
        await windows.flush();
        await clips.flush();
        gathered.push(moments);
      }
    }
    return gathered;
  } finally {
    progress.end();
    await session.release();
  }
}

function emptyMoments(corpus: PreparedCorpus, rows: Int32Array): Moments {
  return {
    corpus,
    rows,
    counts: new Float64Array(EMOTION_COUNT),
    sums: Array.from({ length: EMOTION_COUNT }, () => new Float64Array(ACTIVATIONS)),
    squares: new Float64Array(ACTIVATIONS),
    products: new Float32Array(ACTIVATIONS ** 2),
  };
}

/** What a clip is added to: the sums of its part, its windows, and the mean of these. */
interface Sums {
  readonly moments: Moments;
  readonly windows: Block;
  readonly clips: Block;
}

/** Adds the windows of a clip in all renderings, which together weigh 1 / the clips of its class. */
async function addClip(
  session: InferenceSession,
  { moments, windows, clips }: Sums,
  row: number,
  sizes: Float64Array,
): Promise<void> {
  const { corpus, counts, squares, sums } = moments;
  const label = corpus.labels[row];
  const renderings = renderingsOf(corpus.spectrograms, row);
  const weight = 1 / (sizes[label] * renderings.length);
  const mean = new Float32Array(ACTIVATIONS);
  for (const rendering of renderings) {
    for (let first = 0; first < rendering.length; first += WINDOW_BATCH) {
      const batch = rendering.slice(first, first + WINDOW_BATCH);
      const { activations } = await session.run({ x: windowTensor(batch) });
      const values = activations.data as Float32Array;
      for (let i = 0; i < batch.length; i++) {
        const window = values.subarray(i * ACTIVATIONS, (i + 1) * ACTIVATIONS);
        const share = weight / rendering.length;
        for (let k = 0; k < ACTIVATIONS; k++) {
          mean[k] += window[k] / (renderings.length * rendering.length);
          squares[k] += share * window[k] ** 2;
        }
        await windows.add(window, share);
      }
    }
  }
  const clipWeight = weight * renderings.length;
  counts[label] += clipWeight;
  for (let k = 0; k < ACTIVATIONS; k++) sums[label][k] += clipWeight * mean[k];
  await clips.add(mean, clipWeight);
}

/** Returns the windows of a clip in every rendering of which something was left, noisy copies last. */
function renderingsOf(spectrograms: Spectrograms, row: number): Float32Array[][] {
  const renderings = Array.from({ length: spectrograms.renderings }, (_, rendering) =>
    windowsOf(spectrograms, row, rendering),
  );
  for (let copy = 0; copy < NOISY_COPIES; copy++) {
    const random = createRandom(copy, row);
    const noisy = renderings[0].map((window) => {
      const changed = window.slice();
      addSteadyNoise(changed, AUDIOSET_MEL.bands, random);
      if (random.uniform() < BAND_LIMIT_SHARE) limitBands(changed, SILENCE, random);
      return changed;
    });
    renderings.push(noisy);
  }
  return renderings.filter((windows) => windows.length > 0);
}

/** Collects rows of activations until a product is worth its call, and adds it to a sum. */
class Block {
  readonly #sum: Float32Array;
  readonly #scale: number;
  readonly #products: Products;
  readonly #rows = new Float32Array(ROWS * ACTIVATIONS);
  #count = 0;

  constructor(sum: Float32Array, scale: number, products: Products) {
    this.#sum = sum;
    this.#scale = scale;
    this.#products = products;
  }

  async add(activations: Float32Array, weight: number): Promise<void> {
    const root = Math.sqrt(weight);
    const at = this.#count++ * ACTIVATIONS;
    for (let i = 0; i < ACTIVATIONS; i++) this.#rows[at + i] = root * activations[i];
    if (this.#count === ROWS) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#count === 0) return;
    const rows = this.#rows.subarray(0, this.#count * ACTIVATIONS);
    const product = await this.#products.outer(rows, this.#count);
    for (let i = 0; i < product.length; i++) this.#sum[i] += this.#scale * product[i];
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
