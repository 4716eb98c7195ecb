import { readFile } from 'node:fs/promises';
import { UndertoneError } from '../../core/errors.ts';
import { floatsOf, readTorchFile, type Tensor, type Tensors } from './torch-file.ts';

export type { Tensors };

const NEEDED =
  'Needed is mn04_as_mAP_432.pt of EfficientAT as its authors publish it, or the same tensors as safetensors.';

/**
 * Reads a file of weights: safetensors, or what `torch.save` writes (a zip with a pickle).
 *
 * @throws UndertoneError `not-found` when it cannot be read, `audio-unreadable` when it is neither
 * or damaged
 */
export async function readWeights(path: string): Promise<Tensors> {
  const bytes = await readFile(path).catch((cause) => {
    throw new UndertoneError('not-found', `The weights ${path} cannot be read. ${NEEDED}`, {
      cause,
    });
  });
  try {
    return bytes.subarray(0, 2).toString('latin1') === 'PK'
      ? readTorchFile(bytes)
      : readSafetensors(bytes);
  } catch (cause) {
    throw new UndertoneError(
      'audio-unreadable',
      `${path} is no file of weights, or it is damaged. ${NEEDED}`,
      { cause },
    );
  }
}

/** Returns the values of a tensor. Throws an UndertoneError when it is not there or of another size. */
export function tensorOf(tensors: Tensors, name: string, size: number): Float32Array {
  const tensor = tensors.get(name);
  if (tensor?.data.length === size) return tensor.data;
  const found = tensor ? `has the shape [${tensor.shape}]` : 'is missing';
  throw new UndertoneError(
    'model-invalid',
    `These are the weights of another network: ${name}, of ${size} numbers, ${found}. ${NEEDED}`,
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
