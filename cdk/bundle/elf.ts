import { closeSync, openSync, readSync } from 'node:fs';
import type { Architecture } from './architecture.ts';

/** `e_machine` of the two processors that Lambda has (ELF specification; psABI of each). */
const MACHINES: Readonly<Record<number, Architecture>> = { 62: 'x86_64', 183: 'arm64' };
/** A program header that names the dynamic linker. */
const PT_INTERP = 3;
/** Program headers follow the file header at once; a page holds them all. */
const HEADER_BYTES = 4096;

/** What a Linux program needs to run. */
export interface Executable {
  readonly architecture: Architecture;
  /** Whether it brings its libraries along. */
  readonly isStatic: boolean;
}

/** Reads the header of a program for 64-bit Linux; null for any other file. */
export function readExecutable(path: string): Executable | null {
  const header = Buffer.alloc(HEADER_BYTES);
  const file = openSync(path, 'r');
  try {
    readSync(file, header, 0, HEADER_BYTES, 0);
  } finally {
    closeSync(file);
  }
  const isElf64 = header.readUInt32BE(0) === 0x7f454c46 && header[4] === 2 && header[5] === 1;
  const architecture = isElf64 ? MACHINES[header.readUInt16LE(18)] : undefined;
  if (!architecture) return null;
  const first = Number(header.readBigUInt64LE(32));
  const size = header.readUInt16LE(54);
  const count = header.readUInt16LE(56);
  const types = Array.from({ length: count }, (_, i) => first + i * size)
    .filter((at) => at + 4 <= HEADER_BYTES)
    .map((at) => header.readUInt32LE(at));
  return { architecture, isStatic: !types.includes(PT_INTERP) };
}
