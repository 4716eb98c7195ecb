import { FEATURE_CONFIG } from '../core/features/config.ts';
import { findModelFolder } from '../core/model/folder.ts';
import { loadModel } from '../core/model/session.ts';
import { crossEntropy, input, TrainingStep } from '../training/autodiff/index.ts';
import { EmotionNetwork } from '../training/network/architecture.ts';
import { createRandom } from '../training/random.ts';
import { measure, table } from './measure.ts';

const BATCH = 32;
/** The sizes that `npm run train` uses. */
const SHAPE = {
  steps: 96,
  bands: FEATURE_CONFIG.logMel.bands,
  width: 16,
  embedding: 128,
  classes: 8,
};

/** The model that ships, window by window, and one step of training a network like its members. */
export async function benchNetwork(): Promise<void> {
  const folder = findModelFolder();
  const model = await loadModel(folder);
  const random = createRandom(1);
  const window = model.card.inputs.map(({ shape }) =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 10 * random.normal()),
  );
  table('The shipped model, one thread, median', [
    await measure('one window of 2.56 s', 50, () => model.predict([window]), 5),
    await measure('loading and checking it', 5, () => loadModel(folder)),
  ]);

  const network = new EmotionNetwork(SHAPE, { dropout: 0.3, random });
  const x = input([BATCH, 1, SHAPE.steps, SHAPE.bands]);
  const targets = input([BATCH, SHAPE.classes]);
  const loss = crossEntropy(network.forward(x), targets);
  const step = await TrainingStep.compile(loss, network.parameters(), network.outputs());
  step.buffer(x).forEach((_, i, values) => {
    values[i] = random.normal();
  });
  network.beforeStep(step, random);
  table(`Training a network of ${step.values.length} parameters, one thread, median`, [
    await measure(`forward and backward, batch of ${BATCH}`, 10, () => step.run(), 3),
  ]);
  await step.release();
}
