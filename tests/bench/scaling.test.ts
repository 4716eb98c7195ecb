import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { benchScaling } from '../../bench/scaling.ts';
import { simulateApi, simulateLabelling } from '../../bench/simulation.ts';

const quiet = { rate: 1, seconds: 300, concurrency: 5, quota: 1000, batchSize: 5, seed: 1 };

test('every note is labelled, and the same seed gives the same run', () => {
  const one = simulateLabelling(quiet);
  expect(one.labelled).toBe(one.arrived);
  expect(one.arrived).toBeGreaterThan(250);
  expect(simulateLabelling(quiet)).toEqual(one);
  expect(simulateLabelling({ ...quiet, seed: 2 }).arrived).not.toBe(one.arrived);
});

test('a note that does not wait takes the measured time', () => {
  const { latency, backlog } = simulateLabelling(quiet);
  expect(latency.quantile(0.5)).toBeGreaterThan(0.1);
  expect(latency.quantile(0.5)).toBeLessThan(0.2);
  expect(backlog).toBeLessThan(10);
});

test('notes that arrive too fast wait, and are labelled at the rate of the concurrency', () => {
  const { arrived, backlog, drainedAfter, concurrency } = simulateLabelling({
    ...quiet,
    rate: 100,
  });
  expect(concurrency).toBe(5);
  // A batch of five takes 0.8 s and ends on a step of the simulation.
  const perSecond = arrived / (300 + drainedAfter);
  expect(perSecond).toBeGreaterThan(28);
  expect(perSecond).toBeLessThan(32);
  expect(backlog).toBeGreaterThan(0.6 * arrived);
});

test('concurrency grows by 300 batches a minute up to the limit', () => {
  const rush = { ...quiet, rate: 0, seconds: 0, atOnce: 300_000 };
  const outcome = simulateLabelling({ ...rush, concurrency: 600 });
  expect(outcome.concurrency).toBe(600);
  expect(outcome.concurrencyAt).toBeCloseTo((600 - 5) / 5, -1);
  expect(outcome.labelled).toBe(300_000);
  expect(simulateLabelling({ ...rush, concurrency: 600, quota: 50 }).concurrency).toBe(50);
  const more = { ...rush, atOnce: 900_000, concurrency: 5000, quota: 5000 };
  expect(simulateLabelling(more).concurrency).toBe(1000);
});

test('each request is answered, throttled or refused for lack of a function', () => {
  const throttled = simulateApi({
    rate: 100,
    seconds: 60,
    throttle: 20,
    burst: 40,
    quota: 1000,
    seed: 1,
  });
  expect(throttled.answered + throttled.throttled + throttled.unavailable).toBe(throttled.requests);
  expect(throttled.answered).toBeGreaterThan(20 * 59);
  expect(throttled.answered).toBeLessThanOrEqual(20 * 60 + 40);
  const narrow = simulateApi({
    rate: 100,
    seconds: 60,
    throttle: 200,
    burst: 400,
    quota: 5,
    seed: 1,
  });
  expect(narrow.concurrency).toBe(5);
  expect(narrow.throttled).toBe(0);
  expect(narrow.unavailable).toBeGreaterThan(0.4 * narrow.requests);
});

test('docs/scaling.md has the figures of the simulation', () => {
  const print = vi.spyOn(console, 'log').mockReturnValue();
  benchScaling();
  const rows = print.mock.calls.map(([line]) => String(line)).filter((line) => /\d/.test(line));
  print.mockRestore();
  const page = readFileSync(new URL('../../docs/scaling.md', import.meta.url), 'utf8');
  expect(rows.length).toBeGreaterThan(10);
  for (const row of rows.filter((line) => line.startsWith('|'))) expect(page).toContain(row);
});
