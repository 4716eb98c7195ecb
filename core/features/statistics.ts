/** Returns the mean; 0 of nothing. */
export function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return values.length > 0 ? sum / values.length : 0;
}

/** Returns the population standard deviation; 0 of nothing. */
export function standardDeviation(values: readonly number[]): number {
  const centre = mean(values);
  let sum = 0;
  for (const value of values) sum += (value - centre) ** 2;
  return values.length > 0 ? Math.sqrt(sum / values.length) : 0;
}

/** Returns the value that `share` (0 to 1) of the values lie below, interpolated; 0 of nothing. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return 0;
  const sorted = Float64Array.from(values).sort();
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.ceil(position);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}

/** Returns by how much the least-squares line rises from the first to the last value. */
export function slope(values: readonly number[]): number {
  const n = values.length;
  if (n < 2) return 0;
  let covariance = 0;
  let variance = 0;
  const centre = mean(values);
  for (let i = 0; i < n; i++) {
    const t = i / (n - 1) - 0.5;
    covariance += t * (values[i] - centre);
    variance += t * t;
  }
  return covariance / variance;
}
