import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import type { ClipActivations } from './activations.ts';
import type { Products } from './products.ts';

/**
 * How much more counts what varies within a clip, between its windows and renderings: it is not what
 * the speaker feels (recall on unseen actors of RAVDESS 0.663 at 0, 0.672 at 2; in noise 0.515, 0.534).
 */
const WITHIN_CLIP = 2;
/** Rows of one product. */
const ROWS = 4096;

/** Weighted sums over the windows of some clips. */
export interface Moments {
  /** Sum of the weights, and of the activations, for each class. */
  readonly counts: Float64Array;
  readonly sums: readonly Float64Array[];
  /** Sum of the squares of the activations, of all classes. */
  readonly squares: Float64Array;
  /** Sum of their outer products, to which WITHIN_CLIP times the scatter within the clips is added. */
  readonly products: Float32Array;
}

/** Returns the moments of clips of which every class weighs 1 in all. */
export async function momentsOf(
  clips: readonly ClipActivations[],
  weightOf: (clip: ClipActivations) => number,
  products: Products,
  signal: AbortSignal,
): Promise<Moments> {
  const size = clips[0].windows[0].length;
  const totals = new Float64Array(EMOTION_COUNT);
  for (const clip of clips) totals[clip.label] += weightOf(clip);
  const moments: Moments = {
    counts: totals.map((total) => Number(total > 0)),
    sums: Array.from(totals, () => new Float64Array(size)),
    squares: new Float64Array(size),
    products: new Float32Array(size ** 2),
  };
  const { sums, squares } = moments;
  const windows = new Block(moments.products, 1 + WITHIN_CLIP, products);
  const means = new Block(moments.products, -WITHIN_CLIP, products);
  for (const clip of clips) {
    signal.throwIfAborted();
    const weight = weightOf(clip) / totals[clip.label];
    const mean = new Float32Array(size);
    for (const [i, window] of clip.windows.entries()) {
      const share = clip.shares[i];
      for (let k = 0; k < size; k++) {
        mean[k] += share * window[k];
        squares[k] += weight * share * window[k] ** 2;
      }
      await windows.add(window, weight * share);
    }
    for (let k = 0; k < size; k++) sums[clip.label][k] += weight * mean[k];
    await means.add(mean, weight);
  }
  await windows.flush();
  await means.flush();
  return moments;
}

/** Collects rows of activations until a product is worth its call, and adds it to a sum. */
class Block {
  readonly #sum: Float32Array;
  readonly #scale: number;
  readonly #products: Products;
  readonly #size: number;
  readonly #rows: Float32Array;
  #count = 0;

  constructor(sum: Float32Array, scale: number, products: Products) {
    this.#size = Math.sqrt(sum.length);
    this.#rows = new Float32Array(ROWS * this.#size);
    this.#sum = sum;
    this.#scale = scale;
    this.#products = products;
  }

  async add(activations: Float32Array, weight: number): Promise<void> {
    const root = Math.sqrt(weight);
    const at = this.#count++ * this.#size;
    for (let i = 0; i < this.#size; i++) this.#rows[at + i] = root * activations[i];
    if (this.#count === ROWS) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#count === 0) return;
    const rows = this.#rows.subarray(0, this.#count * this.#size);
    const product = await this.#products.outer(rows, this.#count);
    for (let i = 0; i < product.length; i++) this.#sum[i] += this.#scale * product[i];
    this.#count = 0;
  }
}
