import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromRows } from '../../../evaluation/matrix.ts';
import { addTree, type TreeArrays } from '../../../training/baselines/tree.ts';
import { treeEnsemble } from '../../../training/baselines/tree-onnx.ts';
import { GraphBuilder } from '../../../training/onnx/graph.ts';
import { runGraph } from './run-graph.ts';

const TARGETS = 4;
const FEATURES = 3;

type Sketch = { target: number; weight: number } | { at: [number, number]; children: Sketch[] };

/** Few values, so that thresholds are met exactly and leaves are alike. */
const { tree: sketch } = fc.letrec<{ tree: Sketch }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    // The last target is never named.
    fc.record({ target: fc.nat(TARGETS - 2), weight: fc.integer({ min: -2, max: 2 }) }),
    fc.record({
      at: fc.tuple(fc.nat(FEATURES - 1), fc.integer({ min: -3, max: 3 })),
      children: fc.array(tie('tree'), { minLength: 2, maxLength: 2 }),
    }),
  ),
}));

function flatten(root: Sketch): TreeArrays {
  const nodes: { feature: number; threshold: number; left: number; right: number }[] = [];
  const targets: number[] = [];
  const weights: number[] = [];
  const visit = (node: Sketch): number => {
    const here = { feature: -1, threshold: 0, left: targets.length, right: targets.length + 1 };
    const id = nodes.push(here) - 1;
    if ('target' in node) {
      targets.push(node.target);
      weights.push(node.weight / 8);
    } else {
      [here.feature, here.threshold] = node.at;
      here.left = visit(node.children[0]);
      here.right = visit(node.children[1]);
    }
    return id;
  };
  visit(root);
  return {
    feature: Int32Array.from(nodes, ({ feature }) => feature),
    threshold: Float32Array.from(nodes, ({ threshold }) => threshold),
    left: Int32Array.from(nodes, ({ left }) => left),
    right: Int32Array.from(nodes, ({ right }) => right),
    gain: new Float32Array(nodes.length),
    targets: Uint8Array.from(targets),
    weights: Float32Array.from(weights),
  };
}

describe('treeEnsemble', () => {
  it('sums what addTree sums, for trees of any shape', async () => {
    const row = fc.array(fc.integer({ min: -4, max: 4 }), {
      minLength: FEATURES,
      maxLength: FEATURES,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(sketch, { minLength: 1, maxLength: 6 }),
        fc.array(row, { minLength: 1, maxLength: 20 }),
        async (sketches, rows) => {
          const trees = sketches.map(flatten);
          const X = fromRows(rows);
          const { output } = await runGraph(X, TARGETS, (graph, x) =>
            treeEnsemble(graph, x, trees, { targets: TARGETS }),
          );
          const sums = new Float64Array(X.rows * TARGETS);
          for (const tree of trees) addTree(tree, X, sums, TARGETS);
          // Eighths are exact in float32.
          expect([...output.data].map((value) => value + 0)).toEqual([...sums].map((v) => v + 0));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('goes left on equality and right on the next float32', async () => {
    const stump = flatten({
      at: [1, 0],
      children: [
        { target: 0, weight: 8 },
        { target: 1, weight: 8 },
      ],
    });
    stump.threshold[0] = 0.1;
    const { output } = await runGraph(
      fromRows([
        [9, 0.1, 9],
        [0, Math.fround(0.1) + 2 ** -27, 0],
      ]),
      2,
      (graph, x) => treeEnsemble(graph, x, [stump], { targets: 2 }),
    );
    expect([...output.data]).toEqual([1, 0, 0, 1]);
  });

  it('says what it cannot write', () => {
    const graph = new GraphBuilder('test');
    const x = graph.input('features', ['n', 1]);
    const leaf = flatten({ target: 2, weight: 1 });
    const impure = { ...leaf, right: Int32Array.of(2) };
    expect(() => treeEnsemble(graph, x, [], { targets: 1 })).toThrow(RangeError);
    expect(() => treeEnsemble(graph, x, [leaf], { targets: 2 })).toThrow(RangeError);
    expect(() => treeEnsemble(graph, x, [impure], { targets: 3 })).toThrow(RangeError);
  });
});
