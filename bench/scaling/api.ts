import { createRandom } from '../../training/random.ts';
import { AWS, MEASURED } from './documented.ts';
import { hearingSeconds, poisson } from './draws.ts';
import { Histogram } from './histogram.ts';

/** Steps of the simulation in a second. */
const STEPS = 100;

export interface ApiScenario {
  readonly rate: number;
  readonly seconds: number;
  /** Requests a second that API Gateway lets through, and how many at once on top. */
  readonly throttle: number;
  readonly burst: number;
  /** Functions at a time that the account allows. */
  readonly quota: number;
  readonly seed: number;
}

export interface ApiOutcome {
  readonly requests: number;
  readonly answered: number;
  /** Refused with 429 by API Gateway, and with 503 because no function was free. */
  readonly throttled: number;
  readonly unavailable: number;
  /** The same refusals after the first 30 seconds, when everything is warm, as a share. */
  readonly refusedWhenWarm: number;
  /** Most functions at a time. */
  readonly concurrency: number;
  /** Seconds from request to verdict, of those answered. */
  readonly latency: Histogram;
}

/** Seconds after which the start counts as over. */
const WARM_AFTER = 30;

/**
 * Simulates `POST /v1/emotion`: requests come at random, API Gateway lets as many through as its
 * token bucket has, and Lambda gives each a warm function, a new one, or none. Clients do not try again.
 */
export function simulateApi(scenario: ApiScenario): ApiOutcome {
  const { rate, seconds, throttle, burst, quota } = scenario;
  const random = createRandom(scenario.seed);
  const latency = new Histogram();
  const ending: number[] = [];
  let [tokens, starts]: number[] = [burst, AWS.environmentsAtOnce];
  let [requests, throttled, unavailable, busy, environments, concurrency] = [0, 0, 0, 0, 0, 0];
  const warm = { requests: 0, refused: 0 };
  for (let step = 0; step < seconds * STEPS; step++) {
    busy -= ending[step] ?? 0;
    tokens = Math.min(burst, tokens + throttle / STEPS);
    starts = Math.min(AWS.environmentsAtOnce, starts + AWS.environmentsPerSecond / STEPS);
    const count = poisson(random, rate / STEPS);
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
      const took = MEASURED.request + hearingSeconds(random) + (isNew ? MEASURED.coldStart : 0);
      latency.add(took);
      const last = step + Math.max(1, Math.round(took * STEPS));
      ending[last] = (ending[last] ?? 0) + 1;
    }
    concurrency = Math.max(concurrency, busy);
    if (step >= WARM_AFTER * STEPS) {
      warm.requests += count;
      warm.refused += throttled + unavailable - refusedBefore;
    }
  }
  const refusedWhenWarm = warm.requests > 0 ? warm.refused / warm.requests : 0;
  const answered = latency.total;
  return { requests, answered, throttled, unavailable, refusedWhenWarm, concurrency, latency };
}
