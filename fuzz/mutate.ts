import type { Random } from '../training/random.ts';
import { concat, join, type Piece, split } from './pieces.ts';

/** Largest input; those that are kept to be changed further are smaller. */
const MAX_BYTES = 2 ** 20;

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
    case 4:
      siblings[index] = {
        ...piece,
        head: numberSet(piece.head, random),
        size: one([piece.size, null], random),
      };
      return;
    default:
      if (Array.isArray(piece.body))
        siblings[index] = { ...piece, head: numberSet(piece.head, random) };
      else siblings[index] = { ...piece, body: editBytes(piece.body, random) };
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
const NUMBERS = [
  0,
  1,
  2,
  3,
  7,
  8,
  16,
  64,
  127,
  128,
  255,
  256,
  1000,
  32767,
  32768,
  65535,
  65536,
  2 ** 24,
]
  .map(BigInt)
  .concat([
    2n ** 31n - 1n,
    2n ** 31n,
    2n ** 32n - 1n,
    2n ** 32n,
    2n ** 53n,
    2n ** 63n - 1n,
    2n ** 64n - 1n,
  ]);

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
      if (length === 0 || random.integer(16) > 0) return spliced(new Uint8Array(length));
      const total = 2 ** random.integer(21);
      const short = range.subarray(0, 1 + random.integer(Math.min(length, 64)));
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
  ...[
    null,
    true,
    0,
    -1,
    1e308,
    2 ** 53,
    '',
    '0',
    '__proto__',
    'constructor',
    'toString',
    '\0',
    '\ud800',
  ],
  ...[
    '%',
    '%00',
    '+',
    '../..',
    'a'.repeat(5000),
    '\r\n',
    '\r\n\r\n',
    '--x',
    '--x--',
    '"',
    '; boundary=y',
  ],
];

/** Changes a document in JSON by its values; rarely by its bytes. */
export const mutateJson: Mutate = (input, _, random) => {
  const holder = readJson(input);
  if (!holder || random.integer(12) === 0) return editBytes(input, random);
  try {
    for (let edits = 1 + random.integer(3); edits > 0; edits--) editValue(holder, random);
    return Buffer.from(JSON.stringify(holder.root));
  } catch {
    // Nested too deep to be written.
    return input;
  }
};

function readJson(input: Uint8Array): { root: Json } | null {
  try {
    return { root: JSON.parse(Buffer.from(input).toString()) };
  } catch {
    return null;
  }
}

function editValue(holder: { root: Json }, random: Random): void {
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
      if (typeof value === 'number')
        parent[name] = Number(one(NUMBERS, random)) * one([1, -1, 0.5], random);
      else if (typeof value === 'string') parent[name] = editText(value, random);
      else parent[name] = one(ODD, random);
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

function editText(value: string, random: Random): string {
  const at = random.integer(value.length + 1);
  const end = at + random.integer(Math.min(20, value.length - at) + 1);
  const middle = [
    () => '',
    () => String(one(ODD, random)),
    () => value.slice(at, end).repeat(2),
    () => value.slice(at, end).toUpperCase(),
    () => String.fromCharCode(random.integer(256)),
  ];
  return value.slice(0, at) + one(middle, random)() + value.slice(end);
}

export function one<T>(values: readonly T[], random: Random): T {
  return values[random.integer(values.length)];
}
