import type { Random } from '../../training/random.ts';
import { MEASURED } from './documented.ts';

/** Draws a number of arrivals from the Poisson distribution; above 30 from the normal one near it. */
export function poisson(random: Random, mean: number): number {
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * random.normal()));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random.uniform(); product > limit; product *= random.uniform()) count++;
  return count;
}

/** Draws the seconds that hearing a note takes: log-normal, with the measured mean. */
export function hearingSeconds(random: Random): number {
  const { hearing, spread } = MEASURED;
  return hearing * Math.exp(spread * random.normal() - spread ** 2 / 2);
}
