import { UndertoneError } from '../../core/errors.ts';

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
  readonly #line: (() => void)[] = [];
  #running = 0;
  #bytes = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /**
   * Does a piece of work when its turn comes.
   *
   * @param bytes what it holds in memory while it waits
   * @throws UndertoneError `rate-limited` when too many wait already
   */
  async run<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    const { concurrency, maxWaiting, maxBytes } = this.#limits;
    if (this.#running >= concurrency) {
      if (this.#line.length >= maxWaiting || this.#bytes + bytes > maxBytes) throw busy();
      this.#bytes += bytes;
      await new Promise<void>((resolve) => this.#line.push(resolve));
      this.#bytes -= bytes;
    } else {
      this.#running++;
    }
    try {
      return await work();
    } finally {
      const next = this.#line.shift();
      // Who leaves hands the place on: nobody can slip in between.
      if (next) next();
      else this.#running--;
    }
  }
}

function busy(): UndertoneError {
  return new UndertoneError(
    'rate-limited',
    'Too many requests are waiting already. Try again in a few seconds.',
  );
}
