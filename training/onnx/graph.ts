import { createHash } from 'node:crypto';
import { create, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf';

/** Opset versions that every graph of ours declares; the last one is onnxruntime's own. */
const OPSETS = { '': 21, 'ai.onnx.ml': 5, 'com.microsoft': 1 } as const;
/** ONNX intermediate representation 10 is the one that came with opset 21. */
const IR_VERSION = 10;

/** A name of a value in the graph. */
export type Value = string;
export type TensorData = Float32Array | BigInt64Array | Int32Array | Int8Array | Uint8Array;
export interface Tensor {
  readonly dims: readonly number[];
  readonly data: TensorData;
}
/** What a node's attribute may hold; integers are given as `{ int }` or `{ ints }`. */
export type Attribute =
  | { readonly int: number }
  | { readonly ints: ArrayLike<number> }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly tensor: Tensor };
export type Attributes = Readonly<Record<string, Attribute>>;
/** A dimension that is known (a number) or named (a string, for the batch). */
export type Shape = readonly (number | string)[];

/**
 * Builds one ONNX graph of standard operators and onnxruntime's own, node by node, in the order of
 * execution. It writes what onnxruntime would otherwise make of it on every load, and check anew after
 * each change: equal constants are stored once, and outputs have their names without a node that renames
 * them.
 *
 * @example
 * const graph = new GraphBuilder('scaler');
 * const x = graph.input('features', ['n', 2]);
 * const centred = graph.node('Sub', [x, graph.constant([2], new Float32Array([1, 2]))]);
 * graph.output(centred, 'centred', ['n', 2]);
 * const bytes = graph.toBytes();
 */
export class GraphBuilder {
  readonly #name: string;
  readonly #nodes: NodeProto[] = [];
  readonly #initializers: TensorProto[] = [];
  readonly #inputs: ValueInfoProto[] = [];
  readonly #outputs: { readonly value: Value; readonly info: ValueInfoProto }[] = [];
  readonly #constants = new Map<string, Value>();
  #count = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** Declares a float32 graph input and returns its value. */
  input(name: string, shape: Shape): Value {
    this.#inputs.push(valueInfo(name, shape));
    return name;
  }

  /** Adds a tensor that is stored in the model and returns its value, the same for the same tensor. */
  constant(dims: readonly number[], data: TensorData): Value {
    const key = `${data.constructor.name} ${dims} ${hashOf(data)}`;
    const known = this.#constants.get(key);
    if (known) return known;
    const name = this.#fresh('constant');
    this.#initializers.push(tensor({ dims, data }, name));
    this.#constants.set(key, name);
    return name;
  }

  /** Adds a scalar float32 constant. */
  scalar(value: number): Value {
    return this.constant([], new Float32Array([value]));
  }

  /** Adds a constant one-dimensional int64 tensor: shapes, axes, starts and ends. */
  integers(values: readonly number[]): Value {
    return this.constant([values.length], BigInt64Array.from(values, BigInt));
  }

  /** Adds a node with one output and returns that output. An empty name leaves an input out. */
  node(
    operator: string,
    inputs: readonly Value[],
    attributes: Attributes = {},
    domain = '',
  ): Value {
    return this.nodes(operator, inputs, 1, attributes, domain)[0];
  }

  /** Adds a node with several outputs and returns them. */
  nodes(
    operator: string,
    inputs: readonly Value[],
    outputCount: number,
    attributes: Attributes = {},
    domain = '',
  ): Value[] {
    const outputs = Array.from({ length: outputCount }, () => this.#fresh(operator));
    this.#nodes.push(
      create(NodeProtoSchema, {
        opType: operator,
        domain,
        input: [...inputs],
        output: outputs,
        attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
      }),
    );
    return outputs;
  }

  /** Declares `value` as the float32 graph output called `name`. */
  output(value: Value, name: string, shape: Shape): void {
    this.#outputs.push({ value, info: valueInfo(name, shape) });
  }

  /** Returns the serialised ONNX model. `metadata` is stored in it as key and value strings. */
  toBytes(metadata: Readonly<Record<string, string>> = {}): Uint8Array {
    const model = create(ModelProtoSchema, {
      irVersion: BigInt(IR_VERSION),
      producerName: 'undertone',
      opsetImport: Object.entries(OPSETS).map(([domain, version]) =>
        create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) }),
      ),
      graph: create(GraphProtoSchema, {
        name: this.#name,
        node: this.#nodesToOutputs(),
        initializer: this.#initializers,
        input: this.#inputs,
        output: this.#outputs.map(({ info }) => info),
      }),
      metadataProps: Object.entries(metadata).map(([key, value]) =>
        create(StringStringEntryProtoSchema, { key, value }),
      ),
    });
    return toBinary(ModelProtoSchema, model);
  }

  /** Returns the nodes, with the names of the outputs for what is one. */
  #nodesToOutputs(): NodeProto[] {
    const computed = new Set(this.#nodes.flatMap(({ output }) => output));
    const names = new Map<Value, string>();
    const copies: NodeProto[] = [];
    for (const { value, info } of this.#outputs) {
      // An input or a constant keeps its name, and nothing has two.
      if (computed.has(value) && !names.has(value)) names.set(value, info.name);
      else
        copies.push(
          create(NodeProtoSchema, { opType: 'Identity', input: [value], output: [info.name] }),
        );
    }
    const renamed = (values: readonly Value[]) => values.map((value) => names.get(value) ?? value);
    return [...this.#nodes, ...copies].map(({ input, output, ...node }) =>
      create(NodeProtoSchema, { ...node, input: renamed(input), output: renamed(output) }),
    );
  }

  #fresh(stem: string): Value {
    return `${stem}_${this.#count++}`;
  }
}

function hashOf({ buffer, byteOffset, byteLength }: TensorData): string {
  return createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex');
}

function valueInfo(name: string, shape: Shape): ValueInfoProto {
  const dim = shape.map((size) =>
    create(TensorShapeProto_DimensionSchema, {
      value:
        typeof size === 'number'
          ? { case: 'dimValue', value: BigInt(size) }
          : { case: 'dimParam', value: size },
    }),
  );
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, {
      value: {
        case: 'tensorType',
        value: create(TypeProto_TensorSchema, {
          elemType: DataType.FLOAT,
          shape: create(TensorShapeProtoSchema, { dim }),
        }),
      },
    }),
  });
}

function tensor({ dims, data }: Tensor, name = ''): TensorProto {
  const size = dims.reduce((product, dim) => product * dim, 1);
  if (size !== data.length) {
    throw new RangeError(`tensor ${name} of shape [${dims}] holds ${data.length} values`);
  }
  return create(TensorProtoSchema, {
    name,
    dims: dims.map(BigInt),
    dataType: typeOf(data),
    // A copy, so that a later change of the caller's array does not reach into the model.
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice(),
  });
}

function typeOf(data: TensorData): DataType {
  if (data instanceof Float32Array) return DataType.FLOAT;
  if (data instanceof BigInt64Array) return DataType.INT64;
  if (data instanceof Int32Array) return DataType.INT32;
  return data instanceof Int8Array ? DataType.INT8 : DataType.UINT8;
}

function attribute(name: string, value: Attribute): AttributeProto {
  if ('int' in value) {
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value.int) });
  }
  if ('ints' in value) {
    const ints = Array.from(value.ints, BigInt);
    return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints });
  }
  if ('float' in value) {
    return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value.float });
  }
  if ('string' in value) {
    const s = new TextEncoder().encode(value.string);
    return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s });
  }
  return create(AttributeProtoSchema, {
    name,
    type: AttributeType.TENSOR,
    t: tensor(value.tensor, name),
  });
}
