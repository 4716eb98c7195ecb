/** Requests that are let through in a stretch of time. */
export interface Rate {
  readonly limit: number;
  readonly seconds: number;
}

export interface RateLimitOptions {
  /** Of each channel or guild and each route. */
  readonly bucket?: Rate;
  /** Of the bot over everything; interactions and their webhooks do not count. */
  readonly global?: Rate;
}

export interface Admission {
  readonly headers: Readonly<Record<string, string>>;
  /** Null when the request may pass; else what answers 429. */
  readonly refusal: { readonly retryAfter: number; readonly isGlobal: boolean } | null;
  /** Whether it came although a 429 had told to wait: what Discord bans bots for. */
  readonly isIgnorant: boolean;
}

interface Window {
  used: number;
  /** Milliseconds of performance.now(). */
  resetAt: number;
}

interface Penalty {
  readonly announcedAt: number;
  readonly until: number;
}

/** A request may have been on its way when the answer that tells to wait was sent. */
const ON_ITS_WAY_MS = 150;

const DEFAULTS = {
  bucket: { limit: 5, seconds: 5 },
  global: { limit: 50, seconds: 1 },
} as const;

/** Counts requests as Discord does: fixed windows that begin with the first request in them. */
export class RateLimits {
  readonly #options: Required<RateLimitOptions>;
  readonly #buckets = new Map<string, Window>();
  readonly #penalties = new Map<string, Penalty>();
  readonly #global: Window = { used: 0, resetAt: 0 };

  constructor(options: RateLimitOptions = {}) {
    this.#options = { ...DEFAULTS, ...options };
  }

  /** @param bucket null for what has no limits */
  admit(bucket: string | null): Admission {
    if (bucket === null) return { headers: {}, refusal: null, isIgnorant: false };
    const now = performance.now();
    for (const [key, isGlobal] of [
      ['global', true],
      [bucket, false],
    ] as const) {
      const penalty = this.#penalties.get(key);
      if (!penalty || penalty.until <= now) continue;
      const isIgnorant = now - penalty.announcedAt > ON_ITS_WAY_MS;
      const retryAfter = (penalty.until - now) / 1000;
      return { headers: {}, refusal: { retryAfter, isGlobal }, isIgnorant };
    }
    const { global, bucket: rate } = this.#options;
    if (!take(this.#global, global, now)) {
      return this.punish(bucket, (this.#global.resetAt - now) / 1000, true);
    }
    const window = this.#buckets.get(bucket) ?? { used: 0, resetAt: 0 };
    this.#buckets.set(bucket, window);
    if (!take(window, rate, now)) {
      return this.punish(bucket, (window.resetAt - now) / 1000, false);
    }
    const resetAfter = (window.resetAt - now) / 1000;
    const headers = {
      'x-ratelimit-limit': String(rate.limit),
      'x-ratelimit-remaining': String(rate.limit - window.used),
      'x-ratelimit-reset': ((Date.now() + window.resetAt - now) / 1000).toFixed(3),
      'x-ratelimit-reset-after': resetAfter.toFixed(3),
      'x-ratelimit-bucket': bucketHash(bucket),
    };
    return { headers, refusal: null, isIgnorant: false };
  }

  /** Tells to wait, whatever was used. */
  punish(bucket: string, retryAfter: number, isGlobal: boolean): Admission {
    const now = performance.now();
    const penalty = { announcedAt: now, until: now + retryAfter * 1000 };
    this.#penalties.set(isGlobal ? 'global' : bucket, penalty);
    return { headers: {}, refusal: { retryAfter, isGlobal }, isIgnorant: false };
  }
}

function take(window: Window, { limit, seconds }: Rate, now: number): boolean {
  if (window.resetAt <= now) {
    window.used = 0;
    window.resetAt = now + seconds * 1000;
  }
  if (window.used >= limit) return false;
  window.used++;
  return true;
}

/** The route without its channel: channels share a hash, each with a window of its own. */
function bucketHash(bucket: string): string {
  return bucket.replace(/\d{5,}/, ':id').replace(/[^a-z:]+/gi, '-');
}
