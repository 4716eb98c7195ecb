import '../../core/model/telemetry.ts';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { GraphBuilder, type Value } from '../onnx/graph.ts';
import { add } from './elementary.ts';
import type { ParameterGroup } from './optim.ts';
import { filled, type Operation, sizeOf, type Variable } from './variable.ts';

/**
 * Returns the gradient of a scalar with respect to each of the given variables, as variables of the
 * same shapes: reverse-mode differentiation, done once on the graph and not at every step (Griewank
 * and Walther, *Evaluating Derivatives*, chapter 3).
 *
 * Throws a RangeError when `loss` is not a scalar or does not depend on one of the variables.
 *
 * @example
 * const [dw] = gradients(mean(mul(w, w)), [w]);
 */
export function gradients(loss: Variable, variables: readonly Variable[]): Variable[] {
  if (sizeOf(loss.shape) !== 1) throw new RangeError(`the loss has shape [${loss.shape}]`);
  const gradientOf = new Map<Variable, Variable>([[loss, filled(loss.shape, 1)]]);
  for (const variable of inOrderOfUse(loss).reverse()) {
    // Everything that uses this variable has been visited, so its gradient is complete.
    const contributions = variable.vjp?.(gradientOf.get(variable)!) ?? [];
    contributions.forEach((contribution, i) => {
      const operand = variable.inputs[i];
      if (!contribution || !operand?.requiresGradient) return;
      const sofar = gradientOf.get(operand);
      gradientOf.set(operand, sofar ? add(sofar, contribution) : contribution);
    });
  }
  return variables.map((variable, i) => {
    const gradient = gradientOf.get(variable);
    if (!gradient) throw new RangeError(`the loss does not depend on variable ${i}`);
    return gradient;
  });
}

/** Returns what the loss depends on differentiably, every variable after its own inputs. */
function inOrderOfUse(loss: Variable): Variable[] {
  const order = new Set<Variable>();
  const visit = (variable: Variable) => {
    if (order.has(variable) || !variable.requiresGradient) return;
    for (const operand of variable.inputs) if (operand) visit(operand);
    order.add(variable);
  };
  visit(loss);
  return [...order];
}

/**
 * Writes into `graph` the nodes that the given variables need, and nothing else. Returns the graph
 * value of every variable that was reached, inputs and parameters (which become graph inputs)
 * included.
 */
export function lower(graph: GraphBuilder, wanted: readonly Variable[]): Map<Variable, Value> {
  const values = new Map<Variable, Value>();
  const outputsOf = new Map<Operation, Value[]>();

  const lowerOperation = (operation: Operation): Value[] => {
    const known = outputsOf.get(operation);
    if (known) return known;
    const { operator, inputs, attributes, outputCount } = operation;
    const operands = inputs.map((operand) => (operand ? visit(operand) : ''));
    const outputs = graph.nodes(operator, operands, outputCount, attributes);
    outputsOf.set(operation, outputs);
    return outputs;
  };

  const lowerSource = ({ source, shape }: Variable): Value => {
    switch (source.kind) {
      case 'input':
      case 'parameter':
        return graph.input(`${source.kind}_${values.size}`, shape);
      case 'constant':
        return graph.constant(shape, source.data);
      case 'alias':
        return visit(source.of);
      case 'operation':
        return lowerOperation(source.operation)[source.output];
    }
  };

  const visit = (variable: Variable): Value => {
    const known = values.get(variable);
    if (known !== undefined) return known;
    const value = lowerSource(variable);
    values.set(variable, value);
    return value;
  };

  for (const variable of wanted) visit(variable);
  return values;
}

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
