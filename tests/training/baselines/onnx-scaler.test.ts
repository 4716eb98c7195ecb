import { expect, it } from 'vitest';
import { zeros } from '../../../evaluation/matrix.ts';
import { appendScaler, StandardScaler } from '../../../training/baselines/preprocessing.ts';
import { createRandom } from '../../../training/random.ts';
import { runGraph } from './run-graph.ts';

it('the exported scaler gives the very bits of transform', async () => {
  const random = createRandom(1);
  const X = zeros(400, 37);
  for (let i = 0; i < X.data.length; i++) {
    const f = i % 37;
    X.data[i] = f === 5 ? 3 : (random.normal() - f) * 10 ** ((f % 9) - 4);
  }
  const scaler = new StandardScaler().fit(X);
  const { output } = await runGraph(X, 37, (graph, x) => appendScaler(graph, x, scaler.scaling));
  expect(output).toEqual(scaler.transform(X));
});
