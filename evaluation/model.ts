import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  ModelProtoSchema,
  NodeProtoSchema,
} from 'onnx-buf';
import { CARD_FILE, MODEL_FILE, type ModelCard } from '../core/index.ts';
import { writeAtomically } from '../lib/files.ts';
import { LOG_OFFSET } from './calibration.ts';

/** Writes graph and card, each in one step. */
export async function writeModel(
  folder: string,
  graph: Uint8Array,
  card: ModelCard,
): Promise<void> {
  await writeAtomically(join(folder, MODEL_FILE), graph);
  await writeAtomically(join(folder, CARD_FILE), `${JSON.stringify(card, null, 2)}\n`);
}

/**
 * Returns an ONNX model whose probabilities are those of another, at a temperature; see
 * `withTemperature`.
 *
 * @param output name of the output with the probabilities, [n, classes]
 */
export function scaleOutput(model: Uint8Array, output: string, temperature: number): Uint8Array {
  const proto = fromBinary(ModelProtoSchema, model);
  const nodes = proto.graph?.node ?? [];
  // The number of nodes is new with every scaling, and so are the names.
  const unscaled = `${output}_${nodes.length}`;
  const renamed = (names: string[]) => names.map((name) => (name === output ? unscaled : name));
  for (const node of nodes) {
    node.input = renamed(node.input);
    node.output = renamed(node.output);
  }
  const append = (
    opType: string,
    input: string[],
    attribute: { name: string; type: AttributeType; f?: number; i?: bigint }[] = [],
    name = `${unscaled}_${nodes.length}`,
  ) => {
    const attributes = attribute.map((each) => create(AttributeProtoSchema, each));
    nodes.push(create(NodeProtoSchema, { opType, input, output: [name], attribute: attributes }));
    return name;
  };
  const constant = (f: number) =>
    append('Constant', [], [{ name: 'value_float', type: AttributeType.FLOAT, f }]);
  const positive = append('Add', [unscaled, constant(LOG_OFFSET)]);
  const logits = append('Mul', [append('Log', [positive]), constant(1 / temperature)]);
  append('Softmax', [logits], [{ name: 'axis', type: AttributeType.INT, i: 1n }], output);
  return toBinary(ModelProtoSchema, proto);
}
