import { LABELLING } from '../functions/infrastructure.ts';
import { percent } from '../lib/percent.ts';
import { type ApiScenario, simulateApi, simulateLabelling } from './simulation.ts';

/** Seconds during which notes arrive. */
const RUSH = 600;
const SEED = 1;

/** Several stacks share the notes, the account and its quota. */
interface Deployment {
  readonly name: string;
  readonly rate: number;
  readonly atOnce?: number;
  readonly concurrency: number;
  readonly quota: number;
  readonly stacks?: number;
}

const DEPLOYMENTS: readonly Deployment[] = [
  { name: '1/s', rate: 1, concurrency: 2, quota: 1000 },
  { name: '100/s', rate: 100, concurrency: 2, quota: 1000 },
  { name: '100/s', rate: 100, concurrency: 20, quota: 1000 },
  { name: '100/s', rate: 100, concurrency: 50, quota: 1000 },
  { name: '10,000/s', rate: 10_000, concurrency: 1000, quota: 1000 },
  { name: '10,000/s, two stacks', rate: 10_000, concurrency: 1000, quota: 3000, stacks: 2 },
  { name: '10,000/s, three stacks', rate: 10_000, concurrency: 1000, quota: 4000, stacks: 3 },
  { name: '100,000 at once', rate: 0, atOnce: 100_000, concurrency: 2, quota: 1000 },
  { name: '100,000 at once', rate: 0, atOnce: 100_000, concurrency: 1000, quota: 1000 },
];

const ACCOUNT = { throttle: 10_000, burst: 5000, quota: 1000 };

const API: readonly (Omit<ApiScenario, 'seconds' | 'seed'> & { readonly name: string })[] = [
  // The defaults, with emotionConcurrency.
  { name: '1/s', rate: 1, throttle: 20, burst: 40, quota: 20 },
  { name: '100/s', rate: 100, throttle: 20, burst: 40, quota: 20 },
  { name: '100/s', rate: 100, throttle: 150, burst: 300, quota: 1000 },
  { name: '10,000/s', rate: 10_000, ...ACCOUNT },
  { name: '10,000/s', rate: 10_000, throttle: 15_000, burst: 7500, quota: 3000 },
];

/** Simulates how the deployment on AWS handles load. Prints the tables of docs/scaling.md. */
export function benchScaling(): void {
  console.log(`\nNotes arriving in the bucket for ${RUSH / 60} minutes (simulated)`);
  row([
    'notes',
    'labelConcurrency',
    'peak concurrency',
    'reached after',
    'peak backlog',
    'drained after',
    'p50',
    'p99',
  ]);
  for (const deployment of DEPLOYMENTS) row(labellingRow(deployment));
  console.log('\nRequests to POST /v1/emotion for 2 minutes (simulated)');
  row([
    'requests',
    'throttle',
    'quota',
    'peak concurrency',
    '200',
    '429',
    '503',
    'refused when warm',
    'p50',
    'p99',
  ]);
  for (const scenario of API) row(apiRow(scenario));
}

function labellingRow(deployment: Deployment): string[] {
  const { name, concurrency, stacks = 1, rate, atOnce } = deployment;
  const outcome = simulateLabelling({
    ...deployment,
    rate: rate / stacks,
    seconds: atOnce ? 0 : RUSH,
    quota: deployment.quota / stacks,
    batchSize: LABELLING.batchSize,
    seed: SEED,
  });
  return [
    name,
    count(concurrency),
    count(outcome.concurrency * stacks),
    time(outcome.concurrencyAt),
    count(outcome.backlog * stacks),
    time(outcome.drainedAfter),
    time(outcome.latency.quantile(0.5)),
    time(outcome.latency.quantile(0.99)),
  ];
}

function apiRow(scenario: (typeof API)[number]): string[] {
  const outcome = simulateApi({ ...scenario, seconds: 120, seed: SEED });
  const share = (part: number) => percent(part / outcome.requests, { decimals: 1 });
  return [
    scenario.name,
    `${count(scenario.throttle)}/s`,
    count(scenario.quota),
    count(outcome.concurrency),
    share(outcome.answered),
    share(outcome.throttled),
    share(outcome.unavailable),
    percent(outcome.refusedWhenWarm, { decimals: 1 }),
    time(outcome.latency.quantile(0.5)),
    time(outcome.latency.quantile(0.99)),
  ];
}

function row(cells: readonly string[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function time(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 0)} s`;
  if (seconds < 7200) return `${(seconds / 60).toFixed(1)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
