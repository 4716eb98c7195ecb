/** A stretch of parameters that are updated alike; the arrays are shared, not copied. */
export interface ParameterGroup {
  readonly values: Float32Array;
  readonly gradients: Float32Array;
  /** Decoupled weight decay; 0 is usual for biases and normalisation. */
  readonly weightDecay: number;
  /** Multiplies the learning rate. 1 by default. */
  readonly rate?: number;
}

export interface AdamWOptions {
  /** Decay of the running mean of the gradient. 0.9 by default. */
  readonly beta1?: number;
  /** Decay of the running mean of the squared gradient. 0.999 by default. */
  readonly beta2?: number;
  /** Added to the denominator. 1e-8 by default. */
  readonly epsilon?: number;
}

/** Steps made, and the running means of gradient and squared gradient of every group. */
export interface AdamWState {
  readonly steps: number;
  readonly moments: readonly (readonly [Float32Array, Float32Array])[];
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019): the decay shrinks the parameters
 * by learningRate · weightDecay and stays out of the moments.
 *
 * @example
 * const optimiser = new AdamW([{ values: step.values, gradients: step.gradients, weightDecay: 0.01 }]);
 * await step.run();
 * optimiser.step(1e-3);
 */
export class AdamW {
  readonly #groups: readonly (ParameterGroup & { mean: Float32Array; square: Float32Array })[];
  readonly #beta1: number;
  readonly #beta2: number;
  readonly #epsilon: number;
  #steps = 0;

  /** Throws a RangeError when a group's values and gradients differ in length. */
  constructor(
    groups: readonly ParameterGroup[],
    { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamWOptions = {},
  ) {
    this.#groups = groups.map((group) => {
      const { length } = group.values;
      if (group.gradients.length !== length) {
        throw new RangeError(`${length} parameters have ${group.gradients.length} gradients`);
      }
      return { ...group, mean: new Float32Array(length), square: new Float32Array(length) };
    });
    this.#beta1 = beta1;
    this.#beta2 = beta2;
    this.#epsilon = epsilon;
  }

  /** Moves the parameters by one step along the gradients that lie in the groups now. */
  step(learningRate: number): void {
    this.#steps++;
    const beta1 = this.#beta1;
    const beta2 = this.#beta2;
    // Bias correction, taken out of the loop: lr · m̂ / (√v̂ + ε) = rate · m / (√v + ε′).
    const root = Math.sqrt(1 - beta2 ** this.#steps);
    const common = (learningRate * root) / (1 - beta1 ** this.#steps);
    const epsilon = this.#epsilon * root;
    for (const { values, gradients, weightDecay, rate: factor = 1, mean, square } of this.#groups) {
      const rate = factor * common;
      const shrink = 1 - factor * learningRate * weightDecay;
      for (let i = 0; i < values.length; i++) {
        const gradient = gradients[i];
        const m = gradient + beta1 * (mean[i] - gradient);
        const squared = gradient * gradient;
        const v = squared + beta2 * (square[i] - squared);
        mean[i] = m;
        square[i] = v;
        values[i] = values[i] * shrink - (rate * m) / (Math.sqrt(v) + epsilon);
      }
    }
  }

  /** Returns a copy of what the optimiser remembers, for a checkpoint. */
  state(): AdamWState {
    const moments = this.#groups.map(({ mean, square }) => [mean.slice(), square.slice()] as const);
    return { steps: this.#steps, moments };
  }

  /** Goes on from a state of an optimiser of the same groups. */
  restore({ steps, moments }: AdamWState): void {
    this.#steps = steps;
    this.#groups.forEach((group, i) => {
      group.mean.set(moments[i][0]);
      group.square.set(moments[i][1]);
    });
  }
}

/**
 * Scales the gradients down, in place, to a Euclidean norm of at most `limit` (Pascanu et al. 2013).
 * Returns the norm that they had.
 */
export function clipGradients(gradients: Float32Array, limit: number): number {
  let sum = 0;
  for (let i = 0; i < gradients.length; i++) sum += gradients[i] * gradients[i];
  const norm = Math.sqrt(sum);
  if (norm > limit) {
    const factor = limit / norm;
    for (let i = 0; i < gradients.length; i++) gradients[i] *= factor;
  }
  return norm;
}

/** Maps a step, counted from 0, to its learning rate. */
export type Schedule = (step: number) => number;

export interface OneCycleOptions {
  /** The largest learning rate. */
  readonly peak: number;
  readonly totalSteps: number;
  /** The share of the steps spent rising. 0.2 by default; 0 leaves plain cosine decay. */
  readonly warmup?: number;
  /** The first rate is the peak divided by this. 25 by default. */
  readonly startDivisor?: number;
  /** The last rate is the peak divided by this. 1e4 by default. */
  readonly endDivisor?: number;
}

/**
 * Returns the one-cycle schedule (Smith and Topin 2018): half a cosine up to the peak, half a cosine
 * down to almost nothing. Steps after the last keep the last rate.
 *
 * @example
 * const learningRate = oneCycle({ peak: 3e-3, totalSteps: 1000 });
 * learningRate(200); // 0.003
 */
export function oneCycle({
  peak,
  totalSteps,
  warmup = 0.2,
  startDivisor = 25,
  endDivisor = 1e4,
}: OneCycleOptions): Schedule {
  if (!(totalSteps >= 1 && warmup >= 0 && warmup < 1)) {
    throw new RangeError(`no cycle has ${totalSteps} steps and a warm-up of ${warmup}`);
  }
  const last = Math.max(1, totalSteps - 1);
  const top = warmup * last;
  return (step) =>
    step < top
      ? anneal(peak / startDivisor, peak, step / top)
      : anneal(peak, peak / endDivisor, Math.min(1, (step - top) / (last - top)));
}

/** Returns the point at `progress` (0 to 1) of half a cosine from one value to another. */
function anneal(from: number, to: number, progress: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * progress))) / 2;
}

/**
 * Exponential moving average of the parameters (Polyak and Juditsky 1992): the average of the last
 * steps hears strangers better than the last step alone.
 */
export class WeightAverage {
  readonly values: Float32Array;
  readonly #decay: number;
  #steps = 0;

  /** @param decay share of the past in a new average, for instance 0.998 for about 500 steps */
  constructor(values: Float32Array, decay: number) {
    this.values = values.slice();
    this.#decay = decay;
  }

  /** Takes the parameters after a step; the first steps weigh more, so that the start is forgotten. */
  update(values: Float32Array): void {
    this.#steps++;
    const decay = Math.min(this.#decay, this.#steps / (this.#steps + 10));
    for (let i = 0; i < values.length; i++) {
      this.values[i] = values[i] + decay * (this.values[i] - values[i]);
    }
  }

  get steps(): number {
    return this.#steps;
  }

  /** Goes on from an earlier average. */
  restore(values: Float32Array, steps: number): void {
    this.values.set(values);
    this.#steps = steps;
  }
}
