import '../../core/model/telemetry.ts';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { EMOTION_COUNT } from '../../core/model/emotions.ts';
import { GraphBuilder } from '../onnx/graph.ts';

/** When the conjugate gradients stop: at this residual, relative to the right-hand side. */
const TOLERANCE = 1e-4;
const MAX_ITERATIONS = 200;

/**
 * The large matrix products of a discriminant, by onnxruntime, and the equations that are solved with them.
 *
 * @example
 * const products = await Products.open(3776, 2);
 * const [x] = await products.solve(a, ridge, [b]);
 */
export class Products {
  readonly #outer: InferenceSession;
  readonly #apply: InferenceSession;
  readonly #size: number;

  private constructor(outer: InferenceSession, apply: InferenceSession, size: number) {
    this.#outer = outer;
    this.#apply = apply;
    this.#size = size;
  }

  /** @param size numbers of a row */
  static async open(size: number, threads: number): Promise<Products> {
    const open = (transpose: 0 | 1, dims: readonly [number | string, number][]) => {
      const graph = new GraphBuilder('product');
      const [a, b] = dims.map((shape, i) => graph.input('ab'[i], shape));
      const product = graph.node('Gemm', [a, b], { transA: { int: transpose } });
      graph.output(product, 'product', [size, dims[1][1]]);
      return openSession(graph, threads);
    };
    return new Products(
      await open(1, [
        ['n', size],
        ['n', size],
      ]),
      await open(0, [
        [size, size],
        [size, EMOTION_COUNT],
      ]),
      size,
    );
  }

  /** Returns rowsᵀ · rows. */
  async outer(rows: Float32Array, count: number): Promise<Float32Array> {
    const a = new Tensor('float32', rows, [count, this.#size]);
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
    const size = this.#size;
    const diagonal = ridge.map((value, i) => value + a[i * (size + 1)]);
    const matrix = new Tensor('float32', a, [size, size]);
    const columns = b.map((target) => {
      const rest = target.slice();
      const scaled = rest.map((value, i) => value / diagonal[i]);
      const x = new Float64Array(size);
      return { x, rest, direction: scaled, power: dot(rest, scaled) };
    });
    const start = columns.map(({ power }) => power);
    for (let n = 0; n < MAX_ITERATIONS; n++) {
      const isOpen = columns.map(({ power }, k) => power > TOLERANCE ** 2 * start[k]);
      if (!isOpen.includes(true)) break;
      const directions = new Float32Array(size * EMOTION_COUNT);
      columns.forEach(({ direction }, k) => {
        direction.forEach((value, i) => {
          directions[i * EMOTION_COUNT + k] = value;
        });
      });
      const feeds = {
        a: matrix,
        b: new Tensor('float32', directions, [size, EMOTION_COUNT]),
      };
      const { product } = await this.#apply.run(feeds);
      const applied = product.data as Float32Array;
      columns.forEach((column, k) => {
        if (!isOpen[k]) return;
        const { x, rest, direction } = column;
        const image = direction.map((d, i) => applied[i * EMOTION_COUNT + k] + ridge[i] * d);
        const step = column.power / dot(direction, image);
        let power = 0;
        for (let i = 0; i < size; i++) {
          x[i] += step * direction[i];
          rest[i] -= step * image[i];
          power += rest[i] ** 2 / diagonal[i];
        }
        const keep = power / column.power;
        for (let i = 0; i < size; i++) direction[i] = rest[i] / diagonal[i] + keep * direction[i];
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
