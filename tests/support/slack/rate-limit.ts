/** Seconds that who is turned away is told to wait: Slack tells whole ones. */
const RETRY_AFTER = 1;

interface Bucket {
  taken: number;
  blockedUntil: number;
}

/**
 * Turns every so many calls of a kind away, as Slack does with who posts too fast in a channel. How many
 * does not depend on how fast the machine is.
 */
export class RateLimit {
  readonly #most: number;
  readonly #buckets = new Map<string, Bucket>();
  /** How often 429 was answered. */
  refusals = 0;
  /** Calls that came before the time that they were told to wait was over. */
  impatient = 0;

  /** @param most calls of one key that are taken in a row; Infinity takes all */
  constructor(most: number) {
    this.#most = most;
  }

  /** Returns null where the call may go on, else the seconds to wait. */
  take(key: string): number | null {
    const now = performance.now();
    const bucket = this.#buckets.get(key) ?? { taken: 0, blockedUntil: 0 };
    this.#buckets.set(key, bucket);
    const isEarly = now < bucket.blockedUntil;
    if (isEarly) this.impatient++;
    if (!isEarly && bucket.taken < this.#most) {
      bucket.taken++;
      return null;
    }
    this.refusals++;
    bucket.taken = 0;
    bucket.blockedUntil = now + RETRY_AFTER * 1000;
    return RETRY_AFTER;
  }
}
