import { describe, expect, it } from 'vitest';
import { fromRows } from '../../../evaluation/matrix.ts';
import { addTree, featureImportances, type TreeArrays } from '../../../training/baselines/tree.ts';

/** x0 <= 0 ? (x1 <= 5 ? 1 of target 0 : ¼ of target 0 and ¾ of target 2) : 1 of target 1 */
const tree: TreeArrays = {
  feature: Int32Array.of(0, 1, -1, -1, -1),
  threshold: Float32Array.of(0, 5, 0, 0, 0),
  left: Int32Array.of(1, 2, 0, 1, 3),
  right: Int32Array.of(4, 3, 1, 3, 4),
  gain: Float32Array.of(3, 1, 0, 0, 0),
  targets: Uint8Array.of(0, 0, 2, 1),
  weights: Float32Array.of(1, 0.25, 0.75, 1),
};
const leaf: TreeArrays = {
  feature: Int32Array.of(-1),
  threshold: Float32Array.of(0),
  left: Int32Array.of(0),
  right: Int32Array.of(1),
  gain: Float32Array.of(0),
  targets: Uint8Array.of(1),
  weights: Float32Array.of(1),
};

describe('addTree', () => {
  it('adds the leaf that each row reaches to what is there', () => {
    const sums = new Float64Array(9).fill(1);
    addTree(
      tree,
      fromRows([
        [0, 5],
        [-1, 6],
        [1, 0],
      ]),
      sums,
      3,
    );
    expect([...sums]).toEqual([2, 1, 1, 1.25, 1, 1.75, 1, 2, 1]);
  });
});

describe('featureImportances', () => {
  it('shares out the gain within each tree and lets every tree that splits count the same', () => {
    const stump = { ...tree, feature: Int32Array.of(2, -1, -1), gain: Float32Array.of(100, 0, 0) };
    const importances = featureImportances([tree, leaf, stump], 4);
    expect([...importances]).toEqual([0.375, 0.125, 0.5, 0]);
  });

  it('is all 0 when no tree splits', () => {
    expect([...featureImportances([leaf], 2)]).toEqual([0, 0]);
  });
});
