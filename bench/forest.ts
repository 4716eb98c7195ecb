import { RandomForestClassifier } from '../training/estimators/random-forest.ts';
import { zeros } from '../training/matrix.ts';
import { createRandom } from '../training/random.ts';
import { processorTime, table } from './measure.ts';

const ROWS = 2452;
const COLUMNS = 120;
const CLASSES = 8;

/** Trees on made-up data of the size of RAVDESS. */
export function benchForest(): void {
  const random = createRandom(1);
  const X = zeros(ROWS, COLUMNS);
  const y = Int32Array.from({ length: ROWS }, (_, i) => i % CLASSES);
  for (let i = 0; i < X.data.length; i++) {
    const row = Math.floor(i / COLUMNS);
    const informative = i % COLUMNS < 40 ? Math.sin((y[row] + 1) * ((i % COLUMNS) + 1)) * 0.8 : 0;
    X.data[i] = random.normal() + informative;
  }
  const forest = () => new RandomForestClassifier({ trees: 300, seed: 1 }).fit(X, y);
  forest();
  table(`300 trees on ${ROWS} × ${COLUMNS}, processor time on one thread (scikit-learn: 4.4 s)`, [
    { name: 'random forest', median: processorTime(forest) },
  ]);
}
