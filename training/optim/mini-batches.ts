import type { Random } from '../random.ts';

/**
 * Yields, without end, `batchSize` row indices at a time, drawn from one fresh permutation of the
 * rows after another: every row is seen once in each pass and no batch is short, which a graph of
 * static shape needs. The yielded array is reused.
 *
 * @example
 * const batches = miniBatches(2500, 64, createRandom(42));
 * const indices = batches.next().value;
 */
export function* miniBatches(
  rows: number,
  batchSize: number,
  random: Random,
): Generator<Int32Array, never> {
  if (!(rows > 0 && batchSize > 0))
    throw new RangeError(`no batch of ${batchSize} from ${rows} rows`);
  const permutation = Int32Array.from({ length: rows }, (_, i) => i);
  const batch = new Int32Array(batchSize);
  let next = rows;
  for (;;) {
    for (let i = 0; i < batchSize; i++) {
      if (next === rows) {
        random.shuffle(permutation);
        next = 0;
      }
      batch[i] = permutation[next++];
    }
    yield batch;
  }
}
