import { createRandom, type Random } from '../training/random.ts';

/** What AWS documents about its own scaling. docs/scaling.md names sources and dates. */
const AWS = {
  /** Concurrent batches of an event source mapping (standard queue): at first, added a minute, at most. */
  batchesAtFirst: 5,
  batchesPerMinute: 300,
  batchesAtMost: 1000,
  /** New environments of a function: the size of the burst, and its refill. */
  environmentsAtOnce: 1000,
  environmentsPerSecond: 100,
} as const;

/** What was measured of the product, in seconds. */
const MEASURED = {
  /** CPU time of classifying a voice note of five seconds on one warm vCPU. */
  classifying: 0.1,
  /** Standard deviation of the logarithm of that time: notes differ in length. */
  spread: 0.5,
  /** Reading the object, the two idempotency calls and writing the label. */
  labelling: 0.06,
  /** Overhead of API Gateway and Lambda. */
  request: 0.02,
  /** From the start of a new environment to its first verdict. */
  coldStart: 1,
} as const;

/** Draws the number of arrivals from a Poisson distribution; above 30 from a normal approximation. */
function poisson(random: Random, mean: number): number {
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * random.normal()));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random.uniform(); product > limit; product *= random.uniform()) count++;
  return count;
}

/** Draws the seconds for classifying a note: log-normal, with the measured mean. */
function classifyingSeconds(random: Random): number {
  const { classifying, spread } = MEASURED;
  return classifying * Math.exp(spread * random.normal() - spread ** 2 / 2);
}

/** Counts durations in steps of ten milliseconds. */
export class Histogram {
  readonly #counts: number[] = [];
  #total = 0;

  add(seconds: number): void {
    const step = Math.floor(seconds * 100);
    this.#counts[step] = (this.#counts[step] ?? 0) + 1;
    this.#total++;
  }

  get total(): number {
    return this.#total;
  }

  /** Returns the seconds that a share of all durations do not exceed; NaN if there are none. */
  quantile(share: number): number {
    let seen = 0;
    for (let step = 0; step < this.#counts.length; step++) {
      seen += this.#counts[step] ?? 0;
      if (seen > 0 && seen >= share * this.#total) return (step + 1) / 100;
    }
    return Number.NaN;
  }
}

/** Steps a second of the simulation of the labelling queue. */
const LABELLING_STEPS = 20;

export interface LabellingScenario {
  /** Notes that arrive in a second, and for how many seconds. */
  readonly rate: number;
  readonly seconds: number;
  /** Notes that are there at the start. */
  readonly atOnce?: number;
  /** Concurrent batches that the deployment allows. */
  readonly concurrency: number;
  /** Concurrent batches that the account allows. */
  readonly quota: number;
  readonly batchSize: number;
  readonly seed: number;
}

export interface LabellingOutcome {
  readonly arrived: number;
  readonly labelled: number;
  /** Most concurrent batches, and the second at which they were first reached. */
  readonly concurrency: number;
  readonly concurrencyAt: number;
  /** Most notes that waited. */
  readonly backlog: number;
  /** Seconds from the last arrival to the last label. */
  readonly drainedAfter: number;
  /** Seconds from the arrival of a note to its label. */
  readonly latency: Histogram;
}

/**
 * Simulates the labelling queue: notes arrive at random, the event source mapping takes batches of them
 * as its documented ramp allows, and the notes of a batch are classified one by one.
 *
 * Not simulated: the second or so that S3 takes to notify, failures and retries, and scaling down.
 */
export function simulateLabelling(scenario: LabellingScenario): LabellingOutcome {
  const { rate, seconds, atOnce = 0, batchSize } = scenario;
  const random = createRandom(scenario.seed);
  const most = Math.min(AWS.batchesAtMost, scenario.concurrency, scenario.quota);
  const latency = new Histogram();
  // The arrivals of each step, oldest first: when, and how many of them still wait.
  const line: { at: number; count: number }[] = atOnce > 0 ? [{ at: 0, count: atOnce }] : [];
  const ending: number[] = [];
  let [head, arrived, waiting, busy, environments] = [0, atOnce, atOnce, 0, 0];
  let allowed: number = Math.min(AWS.batchesAtFirst, most);
  let [backlog, concurrency, concurrencyAt] = [atOnce, 0, 0];
  let step = 0;
  for (; step < seconds * LABELLING_STEPS || waiting > 0 || busy > 0; step++) {
    const now = step / LABELLING_STEPS;
    busy -= ending[step] ?? 0;
    const isArriving = step < seconds * LABELLING_STEPS;
    const count = isArriving ? poisson(random, rate / LABELLING_STEPS) : 0;
    if (count > 0) line.push({ at: now, count });
    arrived += count;
    waiting += count;
    for (let idle = Math.floor(allowed) - busy; idle > 0 && waiting > 0; idle--) {
      const size = Math.min(batchSize, Math.ceil(waiting / idle));
      busy++;
      let end = now;
      if (busy > environments) {
        environments = busy;
        end += MEASURED.coldStart;
      }
      for (let i = 0; i < size; i++) {
        while (line[head].count === 0) head++;
        line[head].count--;
        end += MEASURED.labelling + classifyingSeconds(random);
        latency.add(end - line[head].at);
      }
      waiting -= size;
      const last = Math.max(step + 1, Math.ceil(end * LABELLING_STEPS));
      ending[last] = (ending[last] ?? 0) + 1;
    }
    if (busy > concurrency) [concurrency, concurrencyAt] = [busy, now];
    backlog = Math.max(backlog, waiting);
    if (waiting > 0) {
      allowed = Math.min(most, allowed + AWS.batchesPerMinute / 60 / LABELLING_STEPS);
    }
  }
  return {
    arrived,
    labelled: latency.total,
    concurrency,
    concurrencyAt,
    backlog,
    drainedAfter: Math.max(0, step / LABELLING_STEPS - seconds),
    latency,
  };
}

/** Steps a second of the simulation of the API. */
const API_STEPS = 100;
/** Seconds after which every function counts as warm. */
const WARM_AFTER = 30;

export interface ApiScenario {
  readonly rate: number;
  readonly seconds: number;
  /** Requests a second that API Gateway accepts, and the burst above it. */
  readonly throttle: number;
  readonly burst: number;
  /** Concurrent functions that the account allows. */
  readonly quota: number;
  readonly seed: number;
}

export interface ApiOutcome {
  readonly requests: number;
  readonly answered: number;
  /** Refused by API Gateway with 429, and with 503 because no function was free. */
  readonly throttled: number;
  readonly unavailable: number;
  /** Share of requests refused for either reason once everything is warm. */
  readonly refusedWhenWarm: number;
  /** Most concurrent functions. */
  readonly concurrency: number;
  /** Seconds from request to verdict, of those answered. */
  readonly latency: Histogram;
}

/**
 * Simulates `POST /v1/emotion`: requests arrive at random, API Gateway accepts as many as its token
 * bucket allows, and Lambda runs each in a warm environment, a new one, or none. Clients do not retry.
 */
export function simulateApi(scenario: ApiScenario): ApiOutcome {
  const { rate, seconds, throttle, burst, quota } = scenario;
  const random = createRandom(scenario.seed);
  const latency = new Histogram();
  const ending: number[] = [];
  let [tokens, starts]: number[] = [burst, AWS.environmentsAtOnce];
  let [requests, throttled, unavailable, busy, environments, concurrency] = [0, 0, 0, 0, 0, 0];
  const warm = { requests: 0, refused: 0 };
  for (let step = 0; step < seconds * API_STEPS; step++) {
    busy -= ending[step] ?? 0;
    tokens = Math.min(burst, tokens + throttle / API_STEPS);
    starts = Math.min(AWS.environmentsAtOnce, starts + AWS.environmentsPerSecond / API_STEPS);
    const count = poisson(random, rate / API_STEPS);
    const refusedBefore = throttled + unavailable;
    requests += count;
    for (let i = 0; i < count; i++) {
      if (tokens < 1) {
        throttled++;
        continue;
      }
      tokens--;
      const isNew = busy >= environments;
      if (isNew && (environments >= quota || starts < 1)) {
        unavailable++;
        continue;
      }
      if (isNew) {
        environments++;
        starts--;
      }
      busy++;
      const coldStart = isNew ? MEASURED.coldStart : 0;
      const took = MEASURED.request + classifyingSeconds(random) + coldStart;
      latency.add(took);
      const last = step + Math.max(1, Math.round(took * API_STEPS));
      ending[last] = (ending[last] ?? 0) + 1;
    }
    concurrency = Math.max(concurrency, busy);
    if (step >= WARM_AFTER * API_STEPS) {
      warm.requests += count;
      warm.refused += throttled + unavailable - refusedBefore;
    }
  }
  const refusedWhenWarm = warm.requests > 0 ? warm.refused / warm.requests : 0;
  const answered = latency.total;
  return { requests, answered, throttled, unavailable, refusedWhenWarm, concurrency, latency };
}
