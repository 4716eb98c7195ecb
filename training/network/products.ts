import '../../core/model/telemetry.ts';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import { GraphBuilder } from '../onnx/graph.ts';
import { ACTIVATIONS } from './probe.ts';

/** When the conjugate gradients stop: at this residual, relative to the right-hand side. */
const TOLERANCE = 1e-4;
const MAX_ITERATIONS = 200;

/**
 * The large matrix products of a discriminant, by onnxruntime, and the equations that are solved with them.
 *
 * @example
 * const products = await Products.open(2);
 * const [x] = await products.solve(a, ridge, [b]);
 */
export class Products {
  readonly #outer: InferenceSession;
  readonly #apply: InferenceSession;

  private constructor(outer: InferenceSession, apply: InferenceSession) {
    this.#outer = outer;
    this.#apply = apply;
  }

  static async open(threads: number): Promise<Products> {
    const open = (transpose: 0 | 1, dims: readonly [number | string, number][]) => {
      const graph = new GraphBuilder('product');
      const [a, b] = dims.map((shape, i) => graph.input('ab'[i], shape));
      const product = graph.node('Gemm', [a, b], { transA: { int: transpose } });
      graph.output(product, 'product', [ACTIVATIONS, dims[1][1]]);
      return openSession(graph, threads);
    };
    return new Products(
      await open(1, [
        ['n', ACTIVATIONS],
        ['n', ACTIVATIONS],
      ]),
      await open(0, [
        [ACTIVATIONS, ACTIVATIONS],
        [ACTIVATIONS, EMOTION_COUNT],
      ]),
    );
  }

  /** Returns rowsᵀ · rows. */
  async outer(rows: Float32Array, count: number): Promise<Float32Array> {
    const a = new Tensor('float32', rows, [count, ACTIVATIONS]);
    const { product } = await this.#outer.run({ a, b: a });
    return product.data as Float32Array;
  }

  /**
   * Returns x in (A + diag(ridge)) · x = b for each b, by conjugate gradients with the diagonal as
   * preconditioner. A is symmetric and not negative.
   */
  async solve(
    a: Float32Array,
    ridge: Float64Array,
    b: readonly Float64Array[],
  ): Promise<Float64Array[]> {
    const diagonal = ridge.map((value, i) => value + a[i * (ACTIVATIONS + 1)]);
    const matrix = new Tensor('float32', a, [ACTIVATIONS, ACTIVATIONS]);
    const columns = b.map((target) => {
      const rest = target.slice();
      const scaled = rest.map((value, i) => value / diagonal[i]);
      const x = new Float64Array(ACTIVATIONS);
      return { x, rest, direction: scaled, power: dot(rest, scaled) };
    });
    const start = columns.map(({ power }) => power);
    for (let n = 0; n < MAX_ITERATIONS; n++) {
      const isOpen = columns.map(({ power }, k) => power > TOLERANCE ** 2 * start[k]);
      if (!isOpen.includes(true)) break;
      const directions = new Float32Array(ACTIVATIONS * EMOTION_COUNT);
      columns.forEach(({ direction }, k) => {
        direction.forEach((value, i) => {
          directions[i * EMOTION_COUNT + k] = value;
        });
      });
      const feeds = {
        a: matrix,
        b: new Tensor('float32', directions, [ACTIVATIONS, EMOTION_COUNT]),
      };
      const { product } = await this.#apply.run(feeds);
      const applied = product.data as Float32Array;
      columns.forEach((column, k) => {
        if (!isOpen[k]) return;
        const { x, rest, direction } = column;
        const image = direction.map((d, i) => applied[i * EMOTION_COUNT + k] + ridge[i] * d);
        const step = column.power / dot(direction, image);
        let power = 0;
        for (let i = 0; i < ACTIVATIONS; i++) {
          x[i] += step * direction[i];
          rest[i] -= step * image[i];
          power += rest[i] ** 2 / diagonal[i];
        }
        const keep = power / column.power;
        for (let i = 0; i < ACTIVATIONS; i++)
          direction[i] = rest[i] / diagonal[i] + keep * direction[i];
        column.power = power;
      });
    }
    return columns.map(({ x }) => x);
  }

  async close(): Promise<void> {
    await this.#outer.release();
    await this.#apply.release();
  }
}

/** Opens a graph on so many threads. */
export function openSession(graph: GraphBuilder, threads: number): Promise<InferenceSession> {
  return InferenceSession.create(graph.toBytes(), {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
