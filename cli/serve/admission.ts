import pLimit, { type LimitFunction } from 'p-limit';
import { UndertoneError } from '../../core/index.ts';

export interface AdmissionLimits {
  /** How many pieces of work run at a time. */
  readonly concurrency: number;
  /** How many may wait. */
  readonly maxWaiting: number;
}

/** Lets a few in at a time, has others wait in line, and turns away those for whom there is no room. */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #limit: LimitFunction;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
    this.#limit = pLimit(limits.concurrency);
  }

  /**
   * Does a piece of work when its turn comes.
   *
   * @throws UndertoneError `rate-limited` when too many wait already
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const { activeCount, pendingCount, concurrency } = this.#limit;
    const waiting = activeCount + pendingCount - concurrency;
    if (waiting >= this.#limits.maxWaiting) throw busy();
    return this.#limit(work);
  }
}

/** The bytes that requests hold in memory together, from the first one that arrives to the answer. */
export class Room {
  readonly #most: number;
  #held = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** @throws UndertoneError `rate-limited` when there is no room for them */
  take(bytes: number): void {
    if (this.#held + bytes > this.#most) throw busy();
    this.#held += bytes;
  }

  free(bytes: number): void {
    this.#held -= bytes;
  }
}

function busy(): UndertoneError {
  return new UndertoneError(
    'rate-limited',
    'Too many requests are waiting already. Try again in a few seconds.',
  );
}
