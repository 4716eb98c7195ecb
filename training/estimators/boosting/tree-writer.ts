import type { TreeArrays } from '../tree.ts';

/** Collects the nodes of one tree whose leaves each add one weight to the same target. */
export class TreeWriter {
  readonly #target: number;
  readonly #feature: number[] = [];
  readonly #threshold: number[] = [];
  readonly #left: number[] = [];
  readonly #right: number[] = [];
  readonly #gain: number[] = [];
  readonly #weights: number[] = [];

  constructor(target: number) {
    this.#target = target;
  }

  /** Makes room for a node, to be filled in by `branch` or `leaf`, and returns its number. */
  add(): number {
    return this.#feature.push(-1) - 1;
  }

  branch(
    node: number,
    feature: number,
    threshold: number,
    left: number,
    right: number,
    gain: number,
  ): void {
    this.#feature[node] = feature;
    this.#threshold[node] = threshold;
    this.#left[node] = left;
    this.#right[node] = right;
    this.#gain[node] = gain;
  }

  leaf(node: number, weight: number): void {
    this.#threshold[node] = 0;
    this.#left[node] = this.#weights.push(weight) - 1;
    this.#right[node] = this.#weights.length;
    this.#gain[node] = 0;
  }

  finish(): TreeArrays {
    return {
      feature: Int32Array.from(this.#feature),
      threshold: Float32Array.from(this.#threshold),
      left: Int32Array.from(this.#left),
      right: Int32Array.from(this.#right),
      gain: Float32Array.from(this.#gain),
      targets: new Uint8Array(this.#weights.length).fill(this.#target),
      weights: Float32Array.from(this.#weights),
    };
  }
}
