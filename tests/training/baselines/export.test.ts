import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { withTemperature } from '../../../evaluation/calibration.ts';
import { argmaxRows, takeRows } from '../../../evaluation/matrix.ts';
import { exportGraph, type Family, type Parameters } from '../../../training/baselines/families.ts';
import { fitTask } from '../../../training/baselines/fit-task.ts';
import { INPUT_NAME, OUTPUT_NAME } from '../../../training/onnx/export.ts';
import { gaussianBlobs } from './gaussian-blobs.ts';

const SMALL: [Family, Parameters][] = [
  ['forest', { trees: 25 }],
  ['boosting', { rounds: 15 }],
  ['mlp', { hidden: [24], epochs: 60 }],
];
const CONSTANT = [3, 7];
const ABSENT = 6;

/** 20 features of samples of eight classes, of which some are far from any scale or constant. */
function samples() {
  const { X, y } = gaussianBlobs({ rows: 240, columns: 20, spread: 2 }, 5);
  for (let i = 0; i < X.rows; i++) {
    X.data[i * 20] *= 1e4;
    X.data[i * 20 + 1] = X.data[i * 20 + 1] * 1e-3 + 5;
    CONSTANT.forEach((f, k) => {
      X.data[i * 20 + f] = k * 1234.5;
    });
  }
  return { X, y };
}

test.each(
  SMALL,
)('%s: the exported graph says what the trainer measured', async (family, parameters) => {
  const data = samples();
  const rows = Int32Array.from(data.y.keys());
  // One class is never seen in training, but tested.
  const train = rows.filter((i) => i % 3 > 0 && data.y[i] !== ABSENT);
  const test = rows.filter((i) => i % 3 === 0);
  const task = { family, parameters, seed: 9, train, test };
  const { model, scaling, probabilities } = await fitTask(data, task);
  const measured = { rows: test.length, columns: 8, data: probabilities };
  const unseen = takeRows(data.X, test);
  for (const temperature of [0.4, 1, 2.5]) {
    const session = await InferenceSession.create(exportGraph({ model, scaling, temperature }));
    const features = new Tensor('float32', unseen.data, [unseen.rows, unseen.columns]);
    const served = (await session.run({ [INPUT_NAME]: features }))[OUTPUT_NAME];
    await session.release();
    expect(served.dims).toEqual([test.length, 8]);
    const expected = withTemperature(measured, temperature);
    for (let i = 0; i < expected.data.length; i++) {
      expect(Math.abs(Number(served.data[i]) - expected.data[i])).toBeLessThan(1e-5);
    }
  }
  const said = argmaxRows(measured);
  const known = [...test.keys()].filter((k) => data.y[test[k]] !== ABSENT);
  const right = known.filter((k) => said[k] === data.y[test[k]]);
  expect(right.length / known.length).toBeGreaterThan(0.6);
  expect(said).not.toContain(ABSENT);
});
