import { createRandom } from '../../training/random.ts';
import { AWS, MEASURED } from './documented.ts';
import { hearingSeconds, poisson } from './draws.ts';
import { Histogram } from './histogram.ts';

/** Steps of the simulation in a second. */
const STEPS = 20;

export interface LabellingScenario {
  /** Notes that come in a second, and for how many seconds. */
  readonly rate: number;
  readonly seconds: number;
  /** Notes that are there at the beginning. */
  readonly atOnce?: number;
  /** Batches at a time that the deployment allows. */
  readonly concurrency: number;
  /** Batches at a time that the account allows. */
  readonly quota: number;
  readonly batchSize: number;
  readonly seed: number;
}

export interface LabellingOutcome {
  readonly arrived: number;
  readonly labelled: number;
  /** Most batches at a time, and the second at which there were first that many. */
  readonly concurrency: number;
  readonly concurrencyAt: number;
  /** Most notes that waited. */
  readonly backlog: number;
  /** Seconds from the last arrival until nothing waited or was worked on any more. */
  readonly drainedAfter: number;
  /** Seconds from the arrival of a note to its label. */
  readonly latency: Histogram;
}

/**
 * Simulates the labelling queue: notes come at random, the event source mapping takes batches of them as
 * its documented ramp allows, and each batch is worked on note by note.
 *
 * Left out: the second or so that S3 takes to announce an object, failures and their repetition, and
 * the mapping's going back to fewer batches in quiet times.
 */
export function simulateLabelling(scenario: LabellingScenario): LabellingOutcome {
  const { rate, seconds, atOnce = 0, batchSize } = scenario;
  const random = createRandom(scenario.seed);
  const most = Math.min(AWS.pollersAtMost, scenario.concurrency, scenario.quota);
  const latency = new Histogram();
  // Arrivals of one step each, oldest first: when, and how many of them still wait.
  const line: { at: number; count: number }[] = atOnce > 0 ? [{ at: 0, count: atOnce }] : [];
  const ending: number[] = [];
  let [head, arrived, waiting, busy, environments] = [0, atOnce, atOnce, 0, 0];
  let pollers: number = Math.min(AWS.pollersAtFirst, most);
  let [backlog, concurrency, concurrencyAt] = [atOnce, 0, 0];
  let step = 0;
  for (; step < seconds * STEPS || waiting > 0 || busy > 0; step++) {
    const now = step / STEPS;
    busy -= ending[step] ?? 0;
    const count = step < seconds * STEPS ? poisson(random, rate / STEPS) : 0;
    if (count > 0) line.push({ at: now, count });
    arrived += count;
    waiting += count;
    for (let idle = Math.floor(pollers) - busy; idle > 0 && waiting > 0; idle--) {
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
        end += MEASURED.labelling + hearingSeconds(random);
        latency.add(end - line[head].at);
      }
      waiting -= size;
      const last = Math.max(step + 1, Math.ceil(end * STEPS));
      ending[last] = (ending[last] ?? 0) + 1;
    }
    if (busy > concurrency) [concurrency, concurrencyAt] = [busy, now];
    backlog = Math.max(backlog, waiting);
    if (waiting > 0) pollers = Math.min(most, pollers + AWS.pollersPerMinute / 60 / STEPS);
  }
  return {
    arrived,
    labelled: latency.total,
    concurrency,
    concurrencyAt,
    backlog,
    drainedAfter: Math.max(0, step / STEPS - seconds),
    latency,
  };
}
