import { GradientBoostingClassifier } from '../training/baselines/gradient-boosting.ts';
import { RandomForestClassifier } from '../training/baselines/random-forest.ts';
import { zeros } from '../training/matrix.ts';
import { createRandom } from '../training/random.ts';
import { processorTime, table } from './measure.ts';

const ROWS = 2452;
const COLUMNS = 120;
const CLASSES = 8;

/** Trees on made-up data of the size of RAVDESS. */
export async function benchTrees(): Promise<void> {
  const random = createRandom(1);
  const X = zeros(ROWS, COLUMNS);
  const y = Int32Array.from({ length: ROWS }, (_, i) => i % CLASSES);
  for (let i = 0; i < X.data.length; i++) {
    const row = Math.floor(i / COLUMNS);
    const informative = i % COLUMNS < 40 ? Math.sin((y[row] + 1) * ((i % COLUMNS) + 1)) * 0.8 : 0;
    X.data[i] = random.normal() + informative;
  }
  const forest = await processorTime(() =>
    new RandomForestClassifier({ trees: 300, seed: 1 }).fit(X, y),
  );
  const boosting = await processorTime(() =>
    new GradientBoostingClassifier({ rounds: 100, maxDepth: 5, seed: 1 }).fit(X, y),
  );
  table(`Trees on ${ROWS} × ${COLUMNS} × ${CLASSES} classes, processor time on one thread`, [
    { name: 'random forest, 300 trees (scikit-learn 4.4 s)', median: forest },
    { name: 'boosted trees, 100 rounds of depth 5 (xgboost 1.7 hist: 5.8 s)', median: boosting },
  ]);
}
