import type { ParameterGroup } from '../optim/adamw.ts';
import { gradients } from './gradients.ts';
import { Program } from './program.ts';
import { sizeOf } from './shape.ts';
import type { Variable } from './variable.ts';

/**
 * Forward pass, loss and gradient of every parameter as one compiled graph. It does not change the
 * parameters: an optimiser does, through the arrays it shares with this object.
 *
 * All parameters lie one after another in `values`, their gradients in the same order in
 * `gradients`, so that a copy of the model is one `slice` and a norm one loop.
 */
export class TrainingStep {
  /** Every parameter, concatenated: what the next run reads. */
  readonly values: Float32Array;
  /** The gradient of the loss of the last run, laid out like `values`. */
  readonly gradients: Float32Array;
  readonly #program: Program;
  readonly #loss: Variable;
  readonly #parameters: readonly Variable[];

  private constructor(
    program: Program,
    loss: Variable,
    parameters: readonly Variable[],
    values: Float32Array,
    gradientValues: Float32Array,
  ) {
    this.#program = program;
    this.#loss = loss;
    this.#parameters = parameters;
    this.values = values;
    this.gradients = gradientValues;
  }

  /**
   * Returns the compiled step. `outputs` names what else is to be read after a run: logits, the
   * statistics of a batch. Throws a RangeError when the loss is no scalar or ignores a parameter.
   */
  static async compile(
    loss: Variable,
    parameters: readonly Variable[],
    outputs: readonly Variable[] = [],
  ): Promise<TrainingStep> {
    const derivatives = gradients(loss, parameters);
    const size = parameters.reduce((total, { shape }) => total + sizeOf(shape), 0);
    const values = new Float32Array(size);
    const gradientValues = new Float32Array(size);
    const storage = new Map<Variable, Float32Array>();
    let start = 0;
    parameters.forEach((parameter, i) => {
      if (parameter.source.kind !== 'parameter') throw new RangeError(`${i} is no parameter`);
      const end = start + sizeOf(parameter.shape);
      values.set(parameter.source.initial, start);
      storage.set(parameter, values.subarray(start, end));
      storage.set(derivatives[i], gradientValues.subarray(start, end));
      start = end;
    });
    const program = await Program.compile([loss, ...derivatives, ...outputs], storage);
    return new TrainingStep(program, loss, parameters, values, gradientValues);
  }

  /** Returns the live buffer of an input, a parameter or an output, in row-major order. */
  buffer(variable: Variable): Float32Array {
    return this.#program.buffer(variable);
  }

  /** Returns what an optimiser updates, with `weightDecay` on the parameters that decay. */
  groups(weightDecay: number): ParameterGroup[] {
    let start = 0;
    return this.#parameters.map(({ shape, source }) => {
      const end = start + sizeOf(shape);
      const group = {
        values: this.values.subarray(start, end),
        gradients: this.gradients.subarray(start, end),
        weightDecay: source.kind === 'parameter' && source.decays ? weightDecay : 0,
        rate: source.kind === 'parameter' ? source.rate : 1,
      };
      start = end;
      return group;
    });
  }

  /** Computes loss and gradients from what the buffers hold now, and returns the loss. */
  async run(): Promise<number> {
    await this.#program.run();
    return this.#program.buffer(this.#loss)[0];
  }

  /** Frees the native memory. The arrays stay readable. */
  release(): Promise<void> {
    return this.#program.release();
  }
}
