import { startsWith } from './sniff.ts';

/** Files that may be appended to one another. Each takes some time, however short it is. */
const MAX_FILES = 1000;

/** Returns WAV files that were appended to one another, of which players play the first; mostly only one. */
export function wavFiles(bytes: Uint8Array): Uint8Array[] {
  const files: Uint8Array[] = [];
  let rest = bytes;
  while (files.length < MAX_FILES) {
    const next = nextFile(rest);
    files.push(rest.subarray(0, next));
    if (next === undefined) break;
    rest = rest.subarray(next);
  }
  return files;
}

function nextFile(bytes: Uint8Array): number | undefined {
  for (const { id, body } of chunksOf(bytes))
    if (/^(RIF[FX]|RF64|BW64)$/.test(id) && startsWith(bytes, 'WAVE', body)) return body - 8;
  return undefined;
}

export interface Chunk {
  readonly id: string;
  /** Offset of its content. */
  readonly body: number;
  /** Bytes that it claims to have. */
  readonly size: number;
}

/** Yields the chunks of a WAV file from an offset on. */
export function* chunksOf(bytes: Uint8Array, from = 12): Generator<Chunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const littleEndian = !startsWith(bytes, 'RIFX');
  for (let at = from; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, littleEndian);
    yield { id: idAt(bytes, at), body: at + 8, size };
    at = chunkEnd(bytes, at + 8 + size, size);
  }
}

/**
 * Returns where the next chunk begins. Chunks are padded with a zero to even sizes (RIFF), but some programs
 * forget it.
 */
export function chunkEnd(bytes: Uint8Array, end: number, size: number): number {
  return size % 2 === 1 && !CHUNK_ID.test(idAt(bytes, end)) ? end + 1 : end;
}

const CHUNK_ID = /^[ -~]{4}$/;

function idAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
}

/** Whether nothing but chunks comes from an offset to the end. */
export function isListOfChunks(bytes: Uint8Array, from: number): boolean {
  let end = from;
  for (const { id, body, size } of chunksOf(bytes, from)) {
    if (!CHUNK_ID.test(id)) return false;
    end = body + size;
  }
  return end > from && end <= bytes.length && end >= bytes.length - 1;
}
