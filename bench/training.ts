import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { AUDIOSET_MEL } from '../core/features/config.ts';
import { findModelFolder, loadModel } from '../core/index.ts';
import { EMOTION_COUNT } from '../core/model/emotions.ts';
import { zeros } from '../evaluation/matrix.ts';
import { add, crossEntropy, input, TrainingStep } from '../training/autodiff/index.ts';
import { GradientBoostingClassifier } from '../training/baselines/gradient-boosting.ts';
import { RandomForestClassifier } from '../training/baselines/random-forest.ts';
import { loadCorpus } from '../training/corpus/load.ts';
import { EmotionNetwork, VOICE_CLASSES } from '../training/network/architecture.ts';
import { createRandom } from '../training/random.ts';
import { check, inFolder, measure, share, table } from './measure.ts';
import { hasPython, type Measured, reference } from './reference.ts';

const BATCH = 32;
/** Rows of the crops that `npm run train` uses: 1.92 s. */
const ROWS_OF_CROP = 192;

/** The shipped model on one window, and one training step of a network like its members. */
export async function benchNetwork(): Promise<void> {
  const folder = findModelFolder();
  const model = await loadModel(folder);
  const random = createRandom(1);
  const window = model.card.inputs.map(({ shape }) =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 10 * random.normal()),
  );
  table('The shipped model, one thread, median', [
    await measure('a window of 2.56 s', 50, () => model.predict([window]), 5),
    await measure('loading and checking the model', 5, () => loadModel(folder)),
  ]);

  const options = { start: null, frozenBlocks: 0, classes: EMOTION_COUNT, dropout: 0.3, random };
  const network = new EmotionNetwork(options);
  const x = input([BATCH, ROWS_OF_CROP, AUDIOSET_MEL.bands]);
  const targets = input([BATCH, EMOTION_COUNT]);
  const voices = input([BATCH, VOICE_CLASSES]);
  const logits = network.logits(x);
  const loss = add(crossEntropy(logits.emotion, targets), crossEntropy(logits.voice, voices));
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

const ROWS = 2452;
const COLUMNS = 120;
const CLASSES = 8;

/** Tree ensembles on synthetic data of the size of RAVDESS. */
export async function benchTrees(): Promise<void> {
  const random = createRandom(1);
  const X = zeros(ROWS, COLUMNS);
  const y = Int32Array.from({ length: ROWS }, (_, i) => i % CLASSES);
  for (let i = 0; i < X.data.length; i++) {
    const row = Math.floor(i / COLUMNS);
    const informative = i % COLUMNS < 40 ? Math.sin((y[row] + 1) * ((i % COLUMNS) + 1)) * 0.8 : 0;
    X.data[i] = random.normal() + informative;
  }
  const forest = new RandomForestClassifier({ trees: 300, seed: 1 });
  const boosting = new GradientBoostingClassifier({ rounds: 100, maxDepth: 5, seed: 1 });
  const [ownForest, ownBoosting] = [
    await measure('random forest, 300 trees', 3, () => forest.fit(X, y), 0),
    await measure('boosted trees, 100 rounds of depth 5', 3, () => boosting.fit(X, y), 0),
  ];
  const theirs = hasPython ? await referenceTrees(X.data, y) : {};
  const title = `Trees on ${ROWS} × ${COLUMNS}, ${CLASSES} classes, one thread`;
  for (const [own, their] of [
    [ownForest, theirs.forest],
    [ownBoosting, theirs.boosting],
  ] as const) {
    table(title, [own, ...(their ? [{ name: their.version, ...their }] : [])]);
    if (their) check(`compared to ${their.version}`, share(own, their), 1);
  }
  if (hasPython && !theirs.boosting) {
    console.log('  Not compared to XGBoost. Debian: apt install python3-xgboost.');
  }
}

/** Fits the ensembles of scikit-learn and XGBoost to the same data. */
async function referenceTrees(X: ArrayLike<number>, y: Int32Array) {
  return inFolder(async (folder) => {
    const path = join(folder, 'rows');
    const rows = Float64Array.from({ length: ROWS * (COLUMNS + 1) }, (_, i) => {
      const [row, column] = [Math.floor(i / (COLUMNS + 1)), i % (COLUMNS + 1)];
      return column === COLUMNS ? y[row] : X[row * COLUMNS + column];
    });
    await writeFile(path, rows);
    type Fit = Measured & { readonly version: string };
    return reference<{ readonly forest?: Fit; readonly boosting?: Fit }>('trees', path);
  });
}

/** Decodes every recording of a corpus and extracts its features, without a cache. */
export async function benchCorpus(data: string): Promise<void> {
  await inFolder(async (cacheFolder) => {
    const workers = availableParallelism();
    const start = performance.now();
    const { clips, durations } = await loadCorpus(data, { cacheFolder, workers });
    const elapsed = performance.now() - start;
    const hours = durations.reduce((sum, seconds) => sum + seconds, 0) / 3600;
    table(`${clips.length} recordings (${hours.toFixed(1)} h) on ${workers} cores`, [
      { name: 'decoding and feature extraction', median: elapsed },
    ]);
  });
}
