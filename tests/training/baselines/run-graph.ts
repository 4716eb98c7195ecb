import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Matrix } from '../../../evaluation/matrix.ts';
import { GraphBuilder, type Value } from '../../../training/onnx/graph.ts';

/** Builds a graph of one input and one output, runs it in onnxruntime on X and returns both. */
export async function runGraph(
  X: Matrix,
  outputColumns: number,
  append: (graph: GraphBuilder, x: Value) => Value,
): Promise<{ bytes: Uint8Array; output: Matrix }> {
  const graph = new GraphBuilder('test');
  const x = graph.input('features', ['n', X.columns]);
  graph.output(append(graph, x), 'result', ['n', outputColumns]);
  const bytes = graph.toBytes();
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1 });
  const features = new Tensor('float32', X.data, [X.rows, X.columns]);
  const { result } = await session.run({ features });
  await session.release();
  const [rows, columns] = result.dims;
  return { bytes, output: { rows, columns, data: result.data as Float32Array } };
}
