import type { Random } from '../training/random.ts';
import { concat, join, type Piece, split } from './pieces.ts';

/** Largest input; those that are kept to be changed further are smaller. */
const MAX_BYTES = 2 ** 20;
const MAX_PIECES = 2000;

/** Makes another input of one; `others` are inputs that parts may be taken from. */
export type Mutate = (
  input: Uint8Array,
  others: readonly Uint8Array[],
  random: Random,
) => Uint8Array;

/** Changes a recording by its structure, mostly with sizes and checksums that fit, and by its bytes. */
export const mutateRecording: Mutate = (input, others, random) => {
  const root = split(input);
  for (let edits = 1 + random.integer(4); edits > 0; edits--) editPiece(root, others, random);
  const bytes = join(root);
  const edited = random.integer(5) === 0 ? editBytes(bytes, random) : bytes;
  return edited.subarray(0, MAX_BYTES);
};

function editPiece(root: Piece, others: readonly Uint8Array[], random: Random): void {
  const pieces = piecesIn(root);
  // Copies of copies would soon be more than the memory holds.
  if (pieces.length > MAX_PIECES) return;
  const { siblings, index } = pieces[random.integer(pieces.length)] ?? {
    siblings: [root],
    index: 0,
  };
  const piece = siblings[index];
  switch (random.integer(8)) {
    case 0:
      if (siblings.length > 1) siblings.splice(index, 1);
      return;
    case 1: {
      const times = random.integer(8) === 0 ? 2 ** random.integer(9) : 1 + random.integer(3);
      siblings.splice(index, 0, ...Array<Piece>(times).fill(piece));
      return;
    }
    case 2: {
      const other = random.integer(siblings.length);
      [siblings[index], siblings[other]] = [siblings[other], piece];
      return;
    }
    case 3: {
      const donor = piecesIn(split(one(others, random)));
      if (donor.length === 0) return;
      const { siblings: from, index: at } = one(donor, random);
      siblings.splice(index, random.integer(2), from[at]);
      return;
    }
    default: {
      const { head, body, size } = piece;
      siblings[index] =
        Array.isArray(body) || random.integer(4) === 0
          ? { ...piece, head: numberSet(head, random), size: one([size, null], random) }
          : { ...piece, body: editBytes(body, random) };
    }
  }
}

interface Place {
  readonly siblings: Piece[];
  readonly index: number;
}

/** Every piece below a piece, and where it stands. */
function piecesIn({ body }: Piece): Place[] {
  if (!Array.isArray(body)) return [];
  return body.flatMap((piece, index) => [{ siblings: body, index }, ...piecesIn(piece)]);
}

/** Numbers at the limits of what fields hold and of what programs do with them. */
const NUMBERS = [0, 1, 3, 4, 6, 7, 8, 10, 15, 16, 24, 31, 32, 53, 63, 64].map(
  (bits) => 2n ** BigInt(bits),
);

/** Changes bytes without regard to what they mean. */
export function editBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.integer(bytes.length + 1);
  const length = Math.min(2 ** random.integer(10), bytes.length - at);
  const range = bytes.subarray(at, at + length);
  const spliced = (...middle: Uint8Array[]) =>
    concat([bytes.subarray(0, at), ...middle, bytes.subarray(at + length)]);
  switch (random.integer(8)) {
    case 0:
      return numberSet(bytes, random);
    case 1:
      return bytes.subarray(0, at);
    case 2:
      return spliced();
    case 3:
      return spliced(range, range);
    case 4:
      return spliced(range.map(() => random.integer(256)));
    case 5: {
      // Long runs of the same bytes show what takes time with the square of the length.
      if (length === 0 || random.integer(6) > 0) return spliced(new Uint8Array(length));
      const beginning = bytes.subarray(0, 4 + random.integer(16));
      const part = range.subarray(0, 1 + random.integer(64));
      const short = one([beginning, part, Uint8Array.of(0), Uint8Array.of(255)], random);
      const total = 2 ** (13 + random.integer(8));
      return spliced(Uint8Array.from({ length: total }, (_, i) => short[i % short.length]));
    }
    default: {
      const flipped = bytes.slice();
      if (length > 0) flipped[at] ^= 1 << random.integer(8);
      return flipped;
    }
  }
}

function numberSet(bytes: Uint8Array, random: Random): Uint8Array {
  const width = 2 ** random.integer(4);
  if (bytes.length < width) return bytes;
  const changed = bytes.slice();
  const at = random.integer(bytes.length - width + 1);
  const little = random.integer(2) === 0;
  const near = BigInt(random.integer(3) - 1);
  let rest = BigInt.asUintN(8 * width, one(NUMBERS, random) + near);
  for (let i = 0; i < width; i++, rest >>= 8n) {
    changed[at + (little ? i : width - 1 - i)] = Number(rest & 0xffn);
  }
  return changed;
}

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const ODD: readonly Json[] = [
  ...[null, true, -1, 0.5, 1e308, '', '\0', '\ud800', '\r\n', '\r\n\r\n', 'a'.repeat(5000)],
  ...'0 __proto__ constructor toString % %00 + ../.. --x --x-- " ;boundary=y'.split(' '),
];

/** Returns the object in an input; an empty one where there is none. */
export function parsed(input: Uint8Array): Record<string, Json> {
  try {
    return Object(JSON.parse(Buffer.from(input).toString()));
  } catch {
    return {};
  }
}

/** Changes a document in JSON by its values; rarely by its bytes. */
export const mutateJson: Mutate = (input, _, random) => {
  if (random.integer(12) === 0) return editBytes(input, random);
  const holder = { root: parsed(input) };
  try {
    for (let edits = 1 + random.integer(3); edits > 0; edits--) editValue(holder, random);
    return Buffer.from(JSON.stringify(holder.root));
  } catch {
    // Nested too deep to be written.
    return input;
  }
};

function editValue(holder: Parent, random: Random): void {
  const places = valuesIn(holder);
  const [parent, name] = one(places, random);
  const value = parent[name];
  switch (random.integer(6)) {
    case 0:
      if (parent !== holder) delete parent[name];
      return;
    case 1: {
      const [from, its] = one(places, random);
      parent[name] = structuredClone(from[its]);
      return;
    }
    case 2: {
      // As deep as what it stands in, over and over.
      let nested: Json = value;
      for (let depth = 4 ** random.integer(7); depth > 0; depth--)
        nested = Array.isArray(value) ? [nested] : { [name]: nested };
      parent[name] = nested;
      return;
    }
    case 3:
      parent[name] = one(ODD, random);
      return;
    default:
      parent[name] =
        typeof value === 'string'
          ? Buffer.from(editBytes(Buffer.from(value), random)).toString()
          : Number(one(NUMBERS, random)) * one([1, -1, 0.5], random);
  }
}

type Parent = Record<string, Json>;

/** Every value below one, by what holds it. Deep ones are left alone. */
function valuesIn(value: unknown, depth = 0): [Parent, string][] {
  if (typeof value !== 'object' || value === null || depth > 20) return [];
  return Object.keys(value).flatMap((name) => [
    [value as Parent, name] as [Parent, string],
    ...valuesIn((value as Parent)[name], depth + 1),
  ]);
}

export function one<T>(values: readonly T[], random: Random): T {
  return values[random.integer(values.length)];
}
