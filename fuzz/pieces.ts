import { oggChecksum } from '../core/audio/ogg.ts';
import { startsWith } from '../core/audio/sniff.ts';

/** A part of a container with a head of its own: a chunk, box, element, page or frame. */
export interface Piece {
  head: Uint8Array;
  body: Uint8Array | Piece[];
  /** Where the head says how long the body is; absent where it does not, or where it is to lie. */
  size: SizeField | null;
  /** Whether it is padded to an even length. */
  readonly isEven?: boolean;
}

interface SizeField {
  readonly at: number;
  readonly width: number;
  readonly form: 'little' | 'big' | 'vint';
  /** Bytes of the head that it counts besides the body. */
  readonly counts: number;
}

/** How a container is made of pieces. */
interface Layout {
  readonly magic: string;
  readonly magicAt: number;
  /** Bytes before its first piece, and the size in them. */
  readonly start: number;
  readonly whole: SizeField | null;
  readonly head: number;
  readonly size: SizeField;
  readonly isEven?: boolean;
  /** Pieces that hold pieces, by the bytes of their name that follow the size or precede it. */
  readonly parents?: RegExp;
}

const field = (at: number, width: number, form: SizeField['form'], counts = 0) => ({
  ...{ at, width, form, counts },
});
const riff = (magic: string, form: 'little' | 'big'): Layout => ({
  ...{ magic, magicAt: 0, start: 12, whole: field(4, 4, form, 4) },
  ...{ head: 8, size: field(4, 4, form), isEven: true },
});

const LAYOUTS: readonly Layout[] = [
  ...['RIFF', 'RF64', 'BW64'].map((magic) => riff(magic, 'little')),
  ...['RIFX', 'FORM'].map((magic) => riff(magic, 'big')),
  { magic: 'caff', magicAt: 0, start: 8, whole: null, head: 12, size: field(4, 8, 'big') },
  { magic: 'fLaC', magicAt: 0, start: 4, whole: null, head: 4, size: field(1, 3, 'big') },
  {
    ...{ magic: 'ftyp', magicAt: 4, start: 0, whole: null, head: 8, size: field(0, 4, 'big', 8) },
    parents: /moov|trak|mdia|minf|stbl|udta|moof|traf|mvex|dinf|edts/,
  },
];

type Begins = (bytes: Uint8Array, at: number) => boolean;

const isMpeg: Begins = (bytes, at) => bytes[at] === 0xff && (bytes[at + 1] & 0xe0) === 0xe0;
/** Where frames begin in files that have nothing but frames, by the first bytes of the file. */
const FRAMES: readonly (readonly [magic: string, begins: Begins])[] = [
  ['OggS', (bytes, at) => startsWith(bytes, 'OggS', at)],
  ['\xff', isMpeg],
  ['ID3', isMpeg],
  ['#!AMR', (bytes, at) => bytes[at] === 0x3c],
];

/** Bytes of a piece of what is not known. */
const SLICE = 48;
const EBML_PARENTS = new Set(['1a45dfa3', '18538067', '1654ae6b', 'ae', '1f43b675', 'a0', 'e1']);

/** Takes a recording apart. Put together again (see `join`) it is the same, unless its sizes were wrong. */
export function split(bytes: Uint8Array): Piece {
  const layout = LAYOUTS.find(({ magic, magicAt }) => startsWith(bytes, magic, magicAt));
  if (layout) {
    const { start, whole } = layout;
    return {
      head: bytes.slice(0, start),
      body: chunks(bytes.subarray(start), layout),
      size: whole,
    };
  }
  const [, begins] = FRAMES.find(([magic]) => startsWith(bytes, magic)) ?? [];
  const isEbml = startsWith(bytes, '\x1a\x45\xdf\xa3');
  const body = isEbml ? elements(bytes) : slices(bytes, begins ?? ((_, at) => at % SLICE === 0));
  return { head: new Uint8Array(), body, size: null };
}

function chunks(bytes: Uint8Array, layout: Layout): Piece[] {
  const { head, size, isEven = false, parents } = layout;
  const pieces: Piece[] = [];
  let at = 0;
  while (at + head <= bytes.length) {
    const body = at + head;
    const end = Math.min(
      body + Math.max(0, readNumber(bytes, at, size) - size.counts),
      bytes.length,
    );
    const content = bytes.slice(body, end);
    const holdsPieces = parents?.test(textAt(bytes, at, head));
    pieces.push({
      head: bytes.slice(at, body),
      body: holdsPieces ? chunks(content, layout) : content,
      size,
      isEven,
    });
    at = end + (isEven ? (end - body) % 2 : 0);
    // The last metadata block of FLAC; frames follow.
    if (layout.magic === 'fLaC' && bytes[body - head] >= 0x80) break;
  }
  if (at < bytes.length) pieces.push(...slices(bytes.subarray(at), (_, i) => i % 512 === 0));
  return pieces;
}

function elements(bytes: Uint8Array): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  while (at < bytes.length) {
    const idLength = Math.clz32(bytes[at]) - 23;
    const width = Math.clz32(bytes[at + idLength] ?? 0) - 23;
    const body = at + idLength + width;
    if (idLength > 4 || width > 8 || body > bytes.length) break;
    const size: SizeField = { at: idLength, width, form: 'vint', counts: 0 };
    const length = readNumber(bytes, at, size);
    const isUnknown = length >= 2 ** (7 * width) - 1;
    const end = isUnknown ? bytes.length : Math.min(body + length, bytes.length);
    const id = Buffer.from(bytes.subarray(at, at + idLength)).toString('hex');
    const content = bytes.slice(body, end);
    pieces.push({
      head: bytes.slice(at, body),
      body: EBML_PARENTS.has(id) ? elements(content) : content,
      size: isUnknown ? null : size,
    });
    at = end;
  }
  if (at < bytes.length) pieces.push(...slices(bytes.subarray(at), () => false));
  return pieces;
}

function slices(bytes: Uint8Array, begins: Begins): Piece[] {
  const starts = [0];
  for (let at = 1; at < bytes.length; at++) if (begins(bytes, at)) starts.push(at);
  return starts.map((from, i) => {
    const piece = bytes.slice(from, starts[i + 1] ?? bytes.length);
    const head = startsWith(piece, 'OggS') ? 27 + (piece[26] ?? 0) : 4;
    return { head: piece.slice(0, head), body: piece.slice(head), size: null };
  });
}

/** Puts pieces together, with the sizes and checksums that fit what they hold now. */
export function join({ head, body, size, isEven }: Piece): Uint8Array {
  const content = Array.isArray(body) ? concat(body.map(join)) : body;
  let start = head;
  if (size && size.at + size.width <= head.length) {
    start = head.slice();
    writeNumber(start, size, content.length + size.counts);
  }
  const padding = new Uint8Array(isEven ? content.length % 2 : 0);
  const bytes = concat([start, content, padding]);
  if (startsWith(bytes, 'OggS') && !Array.isArray(body) && bytes.length >= 27) {
    // Most of what is behind a wrong checksum would never be looked at.
    new DataView(bytes.buffer).setUint32(22, oggChecksum(bytes), true);
  }
  return bytes;
}

function readNumber(bytes: Uint8Array, from: number, { at, width, form }: SizeField): number {
  const field = bytes.slice(from + at, from + at + width);
  if (form === 'vint') field[0] &= 0xff >> width;
  if (form === 'little') field.reverse();
  return field.reduce((value, byte) => value * 256 + byte, 0);
}

function writeNumber(head: Uint8Array, { at, width, form }: SizeField, value: number): void {
  let rest = value;
  for (let i = 0; i < width; i++, rest = Math.floor(rest / 256)) {
    head[at + (form === 'little' ? i : width - 1 - i)] = rest % 256;
  }
  // Not added to the value: no number is exact that has eight bytes.
  if (form === 'vint') head[at] |= 0x100 >> width;
}

export function textAt(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
