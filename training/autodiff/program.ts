import '../../core/model/telemetry.ts';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { GraphBuilder } from '../onnx/graph.ts';
import { lower } from './lower.ts';
import { sizeOf } from './shape.ts';
import type { Variable } from './variable.ts';

/**
 * A graph ready to run. Every input, parameter and output has one buffer for the whole life of the
 * program: fill the inputs, `run`, read the outputs. onnxruntime reads and writes those very arrays.
 *
 * One thread, so that the same numbers come out everywhere; parallelism belongs to whole fits.
 *
 * @example
 * const x = input([3]);
 * const y = mul(x, x);
 * const program = await Program.compile([y]);
 * program.buffer(x).set([1, 2, 3]);
 * await program.run();
 * program.buffer(y); // Float32Array [1, 4, 9]
 * await program.release();
 */
export class Program {
  readonly #session: InferenceSession;
  readonly #buffers: ReadonlyMap<Variable, Float32Array>;
  readonly #feeds: Readonly<Record<string, Tensor>>;
  readonly #fetches: Readonly<Record<string, Tensor>>;

  private constructor(
    session: InferenceSession,
    buffers: ReadonlyMap<Variable, Float32Array>,
    feeds: Readonly<Record<string, Tensor>>,
    fetches: Readonly<Record<string, Tensor>>,
  ) {
    this.#session = session;
    this.#buffers = buffers;
    this.#feeds = feeds;
    this.#fetches = fetches;
  }

  /**
   * Returns a program that computes `outputs`. `storage` may bring the buffers of some variables,
   * for instance views of one flat vector; parameters without one start as a copy of their initial
   * values.
   */
  static async compile(
    outputs: readonly Variable[],
    storage: ReadonlyMap<Variable, Float32Array> = new Map(),
  ): Promise<Program> {
    const graph = new GraphBuilder('program');
    const values = lower(graph, outputs);
    const buffers = new Map<Variable, Float32Array>();
    const bind = (variable: Variable): Tensor => {
      const { shape, source } = variable;
      const data =
        storage.get(variable) ??
        buffers.get(variable) ??
        (source.kind === 'parameter' ? source.initial.slice() : new Float32Array(sizeOf(shape)));
      buffers.set(variable, data);
      return new Tensor('float32', data, shape);
    };
    const feeds: Record<string, Tensor> = {};
    for (const [variable, value] of values) {
      const { kind } = variable.source;
      if (kind === 'input' || kind === 'parameter') feeds[value] = bind(variable);
    }
    const fetches: Record<string, Tensor> = {};
    outputs.forEach((variable, i) => {
      const name = `output_${i}`;
      graph.output(values.get(variable)!, name, variable.shape);
      fetches[name] = bind(variable);
    });
    const session = await InferenceSession.create(graph.toBytes(), {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: 3,
    });
    return new Program(session, buffers, feeds, fetches);
  }

  /**
   * Returns the live buffer of an input, a parameter or an output, in row-major order. Throws a
   * RangeError for a variable that is none of them, or that no output depends on.
   */
  buffer(variable: Variable): Float32Array {
    const buffer = this.#buffers.get(variable);
    if (!buffer) {
      throw new RangeError(
        `a variable of shape [${variable.shape}] is no input, parameter or output of this program`,
      );
    }
    return buffer;
  }

  /** Computes the outputs from what the buffers hold now. */
  async run(): Promise<void> {
    await this.#session.run(this.#feeds, this.#fetches);
  }

  /** Frees the native memory. */
  async release(): Promise<void> {
    await this.#session.release();
  }
}
