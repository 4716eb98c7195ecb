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
