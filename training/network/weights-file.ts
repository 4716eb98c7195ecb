import { readFile } from 'node:fs/promises';
import { UndertoneError } from '../../core/errors.ts';

/** Tensors by name, as a file of weights holds them. */
export type Tensors = ReadonlyMap<string, Tensor>;
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

const NEEDED =
  'Needed is mn04_as_mAP_432.pt of EfficientAT as its authors publish it, or the same tensors as safetensors.';

/**
 * Reads a file of weights: safetensors, or what `torch.save` writes (a zip with a pickle).
 *
 * @throws UndertoneError `not-found` when it cannot be read, `audio-unreadable` when it is neither
 * or damaged
 */
export function readWeights(path: string): Promise<Tensors> {
  return readWeightsFile(path, NEEDED, (bytes) =>
    bytes.subarray(0, 2).toString('latin1') === 'PK'
      ? readTorchFile(bytes)
      : readSafetensors(bytes),
  );
}

/**
 * Reads a file of weights in any format.
 *
 * @param needed the sentence that ends every error
 * @param parse may throw anything where the file is damaged or of another format
 * @throws UndertoneError `not-found`, `audio-unreadable`
 */
export async function readWeightsFile(
  path: string,
  needed: string,
  parse: (bytes: Buffer) => Tensors,
): Promise<Tensors> {
  const bytes = await readFile(path).catch((cause) => {
    throw new UndertoneError('not-found', `The weights ${path} cannot be read. ${needed}`, {
      cause,
    });
  });
  try {
    return parse(bytes);
  } catch (cause) {
    throw new UndertoneError(
      'audio-unreadable',
      `${path} is no file of weights, or it is damaged. ${needed}`,
      { cause },
    );
  }
}

/** Returns the values of a tensor. Throws an UndertoneError when it is not there or of another size. */
export function tensorOf(
  tensors: Tensors,
  name: string,
  size: number,
  needed = NEEDED,
): Float32Array {
  const tensor = tensors.get(name);
  if (tensor?.data.length === size) return tensor.data;
  const found = tensor ? `has the shape [${tensor.shape}]` : 'is missing';
  throw new UndertoneError(
    'model-invalid',
    `These are the weights of another network: ${name}, of ${size} numbers, ${found}. ${needed}`,
  );
}

/** 8 bytes with the length of the header (little-endian), the header as JSON, then the values. */
function readSafetensors(bytes: Buffer): Tensors {
  const headerLength = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + headerLength).toString('utf8'));
  const tensors = new Map<string, Tensor>();
  for (const [name, entry] of Object.entries<SafetensorsEntry>(header)) {
    if (name === '__metadata__' || entry.dtype !== 'F32') continue;
    const [from, to] = entry.data_offsets.map((offset) => 8 + headerLength + offset);
    const size = entry.shape.reduce((a, b) => a * b, 1);
    if (to > bytes.length || to - from !== 4 * size) throw new RangeError(`${name} is cut off`);
    tensors.set(name, { shape: entry.shape, data: floatsOf(bytes.subarray(from, to)) });
  }
  if (tensors.size === 0) throw new RangeError('there are no tensors');
  return tensors;
}

interface SafetensorsEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly number[];
}

/**
 * Reads the tensors of a `state_dict` as `torch.save` writes it: an uncompressed zip with a pickle
 * that names and describes the tensors, and a file for the values of each. Only what such a pickle
 * holds is understood, and nothing in it is executed.
 *
 * Throws an Error for anything else.
 */
export function readTorchFile(bytes: Buffer): Tensors {
  const files = readStoredZip(bytes);
  const pickle = [...files].find(([name]) => name.endsWith('/data.pkl'));
  if (!pickle) throw new RangeError('there is no data.pkl');
  const folder = pickle[0].slice(0, -'data.pkl'.length);
  const tensors = new Map<string, Tensor>();
  for (const [name, value] of unpickle(pickle[1])) {
    if (!isDescription(value)) continue;
    const { storage, offset, shape } = value;
    if (storage.type !== 'FloatStorage') continue;
    const values = files.get(`${folder}data/${storage.key}`);
    const size = shape.reduce((a, b) => a * b, 1);
    if (!values || values.length < 4 * (offset + size)) throw new RangeError(`${name} is cut off`);
    const data = floatsOf(values.subarray(4 * offset, 4 * (offset + size)));
    tensors.set(String(name), { shape, data });
  }
  if (tensors.size === 0) throw new RangeError('there are no tensors');
  return tensors;
}

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;

/** Returns the files of a zip without compression (APPNOTE.TXT 6.3, sections 4.3.7 to 4.3.16). */
function readStoredZip(bytes: Buffer): Map<string, Buffer> {
  let end = bytes.length - 22;
  while (end >= 0 && bytes.readUInt32LE(end) !== END_OF_DIRECTORY) end--;
  if (end < 0) throw new RangeError('the zip has no directory');
  const files = new Map<string, Buffer>();
  const count = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  for (let i = 0; i < count; i++) {
    if (bytes.readUInt32LE(at) !== DIRECTORY_ENTRY)
      throw new RangeError('the directory is damaged');
    if (bytes.readUInt16LE(at + 10) !== 0) throw new RangeError('the zip is compressed');
    const size = bytes.readUInt32LE(at + 24);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) =>
      bytes.readUInt16LE(at + offset),
    );
    const local = bytes.readUInt32LE(at + 42);
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    files.set(name, bytes.subarray(start, start + size));
    at += 46 + nameLength + extraLength + commentLength;
  }
  return files;
}

interface TensorDescription {
  readonly storage: { readonly type: string; readonly key: string };
  readonly offset: number;
  readonly shape: readonly number[];
}

function isDescription(value: unknown): value is TensorDescription {
  return typeof value === 'object' && value !== null && 'storage' in value;
}

const MARK = Symbol('mark');

/** Returns the entries of the dictionary that a pickle (protocol 2) of tensors holds. */
function unpickle(bytes: Buffer): Map<unknown, unknown> {
  const stack: unknown[] = [];
  const memo = new Map<number, unknown>();
  const popToMark = () => {
    const from = stack.lastIndexOf(MARK);
    const items = stack.splice(from + 1);
    stack.pop();
    return items;
  };
  let at = 0;
  const line = () => {
    const end = bytes.indexOf(10, at);
    const text = bytes.toString('latin1', at, end);
    at = end + 1;
    return text;
  };
  for (;;) {
    const opcode = String.fromCharCode(bytes.readUInt8(at++));
    switch (opcode) {
      case '\x80': // PROTO
        at += 1;
        break;
      case '}': // EMPTY_DICT
        stack.push(new Map());
        break;
      case ')': // EMPTY_TUPLE
        stack.push([]);
        break;
      case '(': // MARK
        stack.push(MARK);
        break;
      case 'q': // BINPUT
        memo.set(bytes.readUInt8(at), stack.at(-1));
        at += 1;
        break;
      case 'r': // LONG_BINPUT
        memo.set(bytes.readUInt32LE(at), stack.at(-1));
        at += 4;
        break;
      case 'h': // BINGET
        stack.push(memo.get(bytes.readUInt8(at)));
        at += 1;
        break;
      case 'j': // LONG_BINGET
        stack.push(memo.get(bytes.readUInt32LE(at)));
        at += 4;
        break;
      case 'X': {
        // BINUNICODE
        const length = bytes.readUInt32LE(at);
        stack.push(bytes.toString('utf8', at + 4, at + 4 + length));
        at += 4 + length;
        break;
      }
      case 'K': // BININT1
        stack.push(bytes.readUInt8(at));
        at += 1;
        break;
      case 'M': // BININT2
        stack.push(bytes.readUInt16LE(at));
        at += 2;
        break;
      case 'J': // BININT
        stack.push(bytes.readInt32LE(at));
        at += 4;
        break;
      case '\x88': // NEWTRUE
      case '\x89': // NEWFALSE
        stack.push(opcode === '\x88');
        break;
      case 'c': {
        // GLOBAL
        line();
        stack.push({ global: line() });
        break;
      }
      case '\x85': // TUPLE1
      case '\x86': // TUPLE2
      case '\x87': {
        // TUPLE3
        const count = opcode.charCodeAt(0) - 0x84;
        stack.push(stack.splice(stack.length - count));
        break;
      }
      case 't': // TUPLE
        stack.push(popToMark());
        break;
      case 'Q': {
        // BINPERSID: ('storage', type, key, device, size)
        const [, type, key] = stack.pop() as [string, { global: string }, string];
        stack.push({ type: type.global, key });
        break;
      }
      case 'R': {
        // REDUCE: the only calls are those that rebuild a tensor or an empty dictionary
        const [storage, offset, shape] = stack.pop() as unknown[];
        const called = stack.pop() as { global: string };
        stack.push(called.global === '_rebuild_tensor_v2' ? { storage, offset, shape } : new Map());
        break;
      }
      case 'u': // SETITEMS
      case 's': {
        // SETITEM
        const items = opcode === 'u' ? popToMark() : stack.splice(stack.length - 2);
        const target = stack.at(-1) as Map<unknown, unknown>;
        for (let i = 0; i < items.length; i += 2) target.set(items[i], items[i + 1]);
        break;
      }
      case '.': {
        // STOP
        const result = stack.pop();
        if (!(result instanceof Map)) throw new RangeError('the pickle is no dictionary');
        return result;
      }
      default:
        throw new RangeError(`opcode ${opcode.charCodeAt(0)} is none of a dictionary of tensors`);
    }
  }
}

/** Copies little-endian float32 values: they need not be aligned in the file. */
export function floatsOf(bytes: Uint8Array): Float32Array {
  const copy = Uint8Array.from(bytes);
  return new Float32Array(copy.buffer, 0, copy.length >> 2);
}
