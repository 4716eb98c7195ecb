import { STATISTIC_NAMES } from './statistics.ts';

/** A trained voice detector as plain data. */
export interface VoiceModel {
  /** Statistics of a stretch that it takes. */
  readonly inputs: number;
  /** Units of its hidden layer, and how many such networks are averaged. */
  readonly hidden: number;
  readonly members: number;
  /** A stretch is a voice from this probability on. */
  readonly threshold: number;
  /**
   * Little-endian float32 in base64. For each member: weights [inputs, hidden] with standardisation
   * folded in, biases [hidden], weights of the output [hidden], its bias.
   */
  readonly weights: string;
}

/**
 * An average of small perceptrons with one hidden layer (ReLU) and one logistic output.
 *
 * @example
 * new VoiceNetwork(VOICE_MODEL).probability(stretchStatistics(frames, range)); // 0.97
 */
export class VoiceNetwork {
  readonly #model: VoiceModel;
  readonly #members: readonly Float32Array[];

  /** Throws a RangeError when the weights are not those of the statistics that are computed here. */
  constructor(model: VoiceModel) {
    const { inputs, hidden, members, weights } = model;
    const size = inputs * hidden + 2 * hidden + 1;
    const bytes = Buffer.from(weights, 'base64');
    if (inputs !== STATISTIC_NAMES.length || bytes.length !== members * size * 4) {
      throw new RangeError(
        `the voice model takes ${inputs} statistics and has ${bytes.length} bytes of weights; expected are ${STATISTIC_NAMES.length} and ${members * size * 4}`,
      );
    }
    const values = Float32Array.from({ length: members * size }, (_, i) =>
      bytes.readFloatLE(i * 4),
    );
    this.#model = model;
    this.#members = Array.from({ length: members }, (_, m) =>
      values.subarray(m * size, (m + 1) * size),
    );
  }

  /** Returns the probability, from 0 to 1, that the stretch with these statistics holds a voice. */
  probability(statistics: ArrayLike<number>): number {
    let sum = 0;
    for (const member of this.#members) sum += this.#vote(member, statistics);
    return sum / this.#members.length;
  }

  #vote(member: Float32Array, statistics: ArrayLike<number>): number {
    const { inputs, hidden } = this.#model;
    const biases = inputs * hidden;
    const outputs = biases + hidden;
    let logit = member[outputs + hidden];
    for (let unit = 0; unit < hidden; unit++) {
      let value = member[biases + unit];
      for (let i = 0; i < inputs; i++) value += statistics[i] * member[i * hidden + unit];
      if (value > 0) logit += value * member[outputs + unit];
    }
    return 1 / (1 + Math.exp(-logit));
  }
}
