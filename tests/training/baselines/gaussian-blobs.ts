import { type Matrix, zeros } from '../../../evaluation/matrix.ts';
import { createRandom } from '../../../training/random.ts';

/**
 * Makes samples around one random centre a class; `spread` is how far the centres lie apart in
 * deviations. The centres depend on nothing but the shape, so that two seeds give two sets of
 * samples of the same problem.
 */
export function gaussianBlobs(
  {
    rows,
    columns,
    classCount = 8,
    spread = 1,
  }: Record<'rows' | 'columns', number> & {
    classCount?: number;
    spread?: number;
  },
  seed: number,
): { X: Matrix; y: Int32Array } {
  const centreOf = createRandom(1000, columns);
  const centres = zeros(classCount, columns).data.map(() => spread * centreOf.normal());
  const random = createRandom(seed, 77);
  const X = zeros(rows, columns);
  const y = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    y[i] = i % classCount;
    for (let f = 0; f < columns; f++) {
      X.data[i * columns + f] = centres[y[i] * columns + f] + random.normal();
    }
  }
  return { X, y };
}
