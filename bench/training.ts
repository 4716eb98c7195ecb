import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { analyze } from '../core/analyze.ts';
import { AUDIOSET_MEL, FEATURE_CONFIG } from '../core/features/config.ts';
import { decode, findModelFolder, loadModel } from '../core/index.ts';
import { EMOTION_COUNT } from '../core/model/emotions.ts';
import { zeros } from '../evaluation/matrix.ts';
import { AdamW, add, crossEntropy, input, TrainingStep } from '../training/autodiff/index.ts';
import { GradientBoostingClassifier } from '../training/baselines/gradient-boosting.ts';
import { RandomForestClassifier } from '../training/baselines/random-forest.ts';
import { loadCorpus } from '../training/corpus/load.ts';
import { EmotionNetwork, VOICE_CLASSES } from '../training/network/architecture.ts';
import { BLOCKS, EMBEDDING, STEM_CHANNELS } from '../training/network/inference.ts';
import { BATCH, FROZEN_BLOCKS, RECIPE } from '../training/network/plan.ts';
import { createRandom } from '../training/random.ts';
import { check, inFolder, measure, samplePath, share, table } from './measure.ts';
import { hasPython, type Measured, reference } from './reference.ts';

const LEARNING_RATE = 1e-3;

/** The shipped model on one window, and one training step of a network like its members. */
export async function benchNetwork(): Promise<void> {
  const folder = findModelFolder();
  const model = await loadModel(folder);
  const speech = analyze((await decode(await readFile(samplePath('plain.ogg')))).samples)!;
  const { frames } = FEATURE_CONFIG.networkWindow;
  table('The shipped model, one thread, median', [
    await measure(
      'a window of 2.56 s',
      50,
      () => model.predict(speech, [{ from: 0, to: frames }]),
      5,
    ),
    await measure('loading and checking the model', 5, () => loadModel(folder)),
  ]);
  await benchTrainingStep();
}

/**
 * A step as `npm run train` makes them after loading published weights, which are not in the repository:
 * here they are random, as the windows are. The time depends on neither.
 */
async function benchTrainingStep(): Promise<void> {
  const random = createRandom(1);
  const network = new EmotionNetwork({
    start: null,
    frozenBlocks: FROZEN_BLOCKS,
    classes: EMOTION_COUNT,
    dropout: RECIPE.dropout,
    random,
  });
  const x = input([BATCH, RECIPE.cropRows, AUDIOSET_MEL.bands]);
  const targets = input([BATCH, EMOTION_COUNT]);
  const voices = input([BATCH, VOICE_CLASSES]);
  const logits = network.logits(x);
  const loss = add(crossEntropy(logits.emotion, targets), crossEntropy(logits.voice, voices));
  const step = await TrainingStep.compile(loss, network.parameters(), network.outputs());
  const optimiser = new AdamW(step.groups(RECIPE.weightDecay));
  step.buffer(x).forEach((_, i, values) => {
    values[i] = random.normal();
  });
  step.buffer(targets).fill(1 / EMOTION_COUNT);
  step.buffer(voices).fill(1 / VOICE_CLASSES);
  const parameters = step.values.length;
  const own = await measure(
    'Undertone',
    10,
    async () => {
      network.beforeStep(step, random);
      await step.run();
      optimiser.step(LEARNING_RATE);
      network.afterStep(step);
    },
    3,
  );
  await step.release();
  const their = hasPython ? await referenceStep() : null;
  const what = `${BATCH} windows, ${parameters} trained parameters`;
  table(`A training step, forward, backward and AdamW: ${what}, one thread, median`, [
    own,
    ...(their
      ? [
          { name: `${their.version}, channels last`, ...their.channelsLast },
          { name: `${their.version}, its default layout`, ...their.byDefault },
        ]
      : []),
  ]);
  if (their) {
    const { version, channelsLast, byDefault } = their;
    if (channelsLast.parameters !== parameters) {
      throw new Error(`${version} trains ${channelsLast.parameters} parameters: another network`);
    }
    check(`compared to ${version}, its default layout`, share(own, byDefault), 1.2);
    check(`compared to ${version}, channels last`, share(own, channelsLast), 1.2);
  } else if (hasPython) {
    console.log('  Not compared to PyTorch. Debian: apt install python3-torch.');
  }
}

/** The same step of the same network in PyTorch, in two layouts of its maps; null where there is none. */
function referenceStep() {
  const shape = {
    batch: BATCH,
    rows: RECIPE.cropRows,
    bands: AUDIOSET_MEL.bands,
    stem: STEM_CHANNELS,
    blocks: BLOCKS,
    frozenBlocks: FROZEN_BLOCKS,
    embedding: EMBEDDING,
    dropout: RECIPE.dropout,
    classes: EMOTION_COUNT,
    voiceClasses: VOICE_CLASSES,
  };
  type Step = Measured & { readonly parameters: number };
  type Steps = { readonly [layout in 'channelsLast' | 'byDefault']: Step };
  return reference<(Steps & { readonly version: string }) | null>('step', JSON.stringify(shape));
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
