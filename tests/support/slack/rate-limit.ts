/** Calls that come in a row, and milliseconds after which one more is taken. */
export interface Rate {
  readonly burst: number;
  readonly everyMs: number;
}

/** Seconds that who comes too fast is told to wait: Slack tells whole ones. */
const RETRY_AFTER = 1;

interface Bucket {
  tokens: number;
  filledAt: number;
  blockedUntil: number;
}

/** A bucket of calls for each key, as Slack has for each method and channel. */
export class RateLimit {
  readonly #rate: Rate | null;
  readonly #buckets = new Map<string, Bucket>();
  /** How often 429 was answered. */
  refusals = 0;
  /** Calls that came before the time that they were told to wait was over. */
  impatient = 0;

  constructor(rate: Rate | null) {
    this.#rate = rate;
  }

  /** Returns null where the call may go on, else the seconds to wait. */
  take(key: string): number | null {
    if (!this.#rate) return null;
    const { burst, everyMs } = this.#rate;
    const now = performance.now();
    const bucket = this.#buckets.get(key) ?? { tokens: burst, filledAt: now, blockedUntil: 0 };
    this.#buckets.set(key, bucket);
    if (now < bucket.blockedUntil) {
      this.impatient++;
      return this.#refuse(bucket, now);
    }
    bucket.tokens = Math.min(burst, bucket.tokens + (now - bucket.filledAt) / everyMs);
    bucket.filledAt = now;
    if (bucket.tokens < 1) return this.#refuse(bucket, now);
    bucket.tokens--;
    return null;
  }

  #refuse(bucket: Bucket, now: number): number {
    this.refusals++;
    bucket.blockedUntil = now + RETRY_AFTER * 1000;
    return RETRY_AFTER;
  }
}
