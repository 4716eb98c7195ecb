import pLimit, { type LimitFunction } from 'p-limit';
import { UndertoneError } from '../../core/index.ts';

export interface AdmissionLimits {
  /** How many pieces of work run at a time. */
  readonly concurrency: number;
  /** How many may wait, and how many bytes their bodies may have together. */
  readonly maxWaiting: number;
  readonly maxBytes: number;
}

/** Lets a few in at a time, has others wait in line, and turns away those for whom there is no room. */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #limit: LimitFunction;
  #waiting = 0;
  #bytes = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
    this.#limit = pLimit(limits.concurrency);
  }

  /**
   * Does a piece of work when its turn comes.
   *
   * @param bytes what it holds in memory while it waits
   * @throws UndertoneError `rate-limited` when too many wait already
   */
  async run<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    if (this.#limit.activeCount < this.#limit.concurrency) return this.#limit(work);
    const { maxWaiting, maxBytes } = this.#limits;
    if (this.#waiting >= maxWaiting || this.#bytes + bytes > maxBytes) throw busy();
    this.#waiting++;
    this.#bytes += bytes;
    return this.#limit(() => {
      this.#waiting--;
      this.#bytes -= bytes;
      return work();
    });
  }
}

function busy(): UndertoneError {
  return new UndertoneError(
    'rate-limited',
    'Too many requests are waiting already. Try again in a few seconds.',
  );
}
