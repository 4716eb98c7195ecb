import { concatBytes, indexOfBytes } from '../bytes.ts';
import { type DecodedAudio, type DecodeLimits, damaged, MonoSink } from './mono-sink.ts';
import { type Chunk, chunkEnd, chunksOf, isListOfChunks } from './riff.ts';
import { startsWith } from './sniff.ts';

const FORMAT_PCM = 1;
const FORMAT_FLOAT = 3;
const FORMAT_EXTENSIBLE = 0xfffe;

/** Frames converted at a time: small enough to keep memory flat, large enough to be fast. */
const FRAMES_PER_CHUNK = 16_384;

/** Upper bound for the header that ffmpeg writes before the samples. */
const MAX_HEADER_BYTES = 4096;

/** `data`, which begins the samples. */
const DATA = [0x64, 0x61, 0x74, 0x61];

/** How samples are written. `int24in32` has 24 bits in the lower part of four bytes. */
type Encoding = 'int8' | 'int16' | 'int24' | 'int24in32' | 'int32' | 'float32' | 'float64';

/** Sample layout of a WAV file that can be decoded in process. */
export interface WavFormat {
  readonly sampleRate: number;
  readonly channels: number;
  readonly encoding: Encoding;
  readonly littleEndian: boolean;
  /** Bits that a sample claims; its bytes may hold more. */
  readonly bits: number;
  /** Byte offsets of the samples; the end never lies past the end of the file. */
  readonly dataStart: number;
  readonly dataEnd: number;
}

/** Bytes per sample. */
const SAMPLE_BYTES: Readonly<Record<Encoding, number>> = {
  ...{ int8: 1, int16: 2, int24: 3, int24in32: 4, int32: 4 },
  ...{ float32: 4, float64: 8 },
};

/**
 * Reads the header of a RIFF, RIFX, RF64 or BW64 WAVE file. Sizes in the header are not trusted: a data
 * chunk ends at the end of the file at the latest, and a size of zero or all ones, which streaming
 * writers leave behind, means "to the end", unless the chunk `ds64` has the real one (EBU Tech 3306).
 *
 * @returns null if the samples are compressed (A-law, ADPCM, GSM, MP3 …), which ffmpeg decodes
 * @throws UndertoneError `audio-unreadable` without a usable format or data chunk
 */
export function readWavHeader(bytes: Uint8Array): WavFormat | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const littleEndian = !startsWith(bytes, 'RIFX');
  let format: Omit<WavFormat, 'dataStart' | 'dataEnd'> | undefined;
  let data: Chunk | undefined;
  let longSize: number | undefined;
  for (const chunk of chunksOf(bytes)) {
    const { id, body, size } = chunk;
    if (id === 'fmt ') {
      const read = readFormat(view, body, Math.min(size, bytes.length - body), littleEndian);
      if (read === null) return null;
      format = read;
    } else if (id === 'ds64' && body + 16 <= bytes.length) {
      longSize = Number(view.getBigUint64(body + 8, littleEndian));
    } else if (id === 'data') {
      data ??= chunk;
    }
    if (format && data) break;
  }
  if (!data) throw unreadable('there is no data chunk');
  if (!format) throw unreadable('there is no format chunk');
  const { body, size } = data;
  const length = size === 0xffffffff ? longSize : size;
  const isEmpty = size === 0 && isListOfChunks(bytes, body);
  const dataEnd = length || isEmpty ? Math.min(body + (length ?? 0), bytes.length) : bytes.length;
  const found = { ...format, dataStart: body, dataEnd };
  return hasLowBits(bytes, found) ? { ...found, encoding: 'int24in32' } : found;
}

/** Decodes a whole WAV file; returns null if it needs ffmpeg (see readWavHeader). */
export function decodeWav(bytes: Uint8Array, limits: DecodeLimits): DecodedAudio | null {
  const format = readWavHeader(bytes);
  if (!format) return null;
  const sink = new MonoSink(format, limits);
  const step = SAMPLE_BYTES[format.encoding] * format.channels * FRAMES_PER_CHUNK;
  for (const [from, to] of dataChunks(bytes, format)) {
    for (let at = from; at < to; at += step) {
      sink.push(deinterleaved(bytes.subarray(at, Math.min(at + step, to)), format));
    }
  }
  return sink.finish();
}

/** Yields where each data chunk lies; recorders that were interrupted write several. */
function* dataChunks(bytes: Uint8Array, format: WavFormat): Generator<[from: number, to: number]> {
  const { dataStart, dataEnd } = format;
  yield [dataStart, dataEnd];
  for (const { id, body, size } of chunksOf(bytes, chunkEnd(bytes, dataEnd, dataEnd - dataStart)))
    if (id === 'data') yield [body, Math.min(body + size, bytes.length)];
}

/**
 * Decodes the WAV stream of float samples that ffmpeg writes to a pipe.
 *
 * @throws UndertoneError `audio-unreadable`, `audio-too-long`, `decode-timeout`; NotWav for anything else
 */
export class WavStreamReader {
  readonly #limits: DecodeLimits;
  #format: WavFormat | null = null;
  #sink: MonoSink | null = null;
  /** Bytes of an incomplete frame, or of an incomplete header. */
  #rest: Uint8Array = new Uint8Array();

  constructor(limits: DecodeLimits) {
    this.#limits = limits;
  }

  /** Whether nothing has come, not even a header. */
  get isEmpty(): boolean {
    return !this.#sink && this.#rest.length === 0;
  }

  push(chunk: Uint8Array): void {
    let bytes = this.#rest.length > 0 ? concatBytes([this.#rest, chunk]) : chunk;
    if (!this.#format) {
      const at = indexOfBytes(bytes, DATA);
      if (at < 0 || at + 8 > bytes.length) {
        if (bytes.length > MAX_HEADER_BYTES) throw new NotWav();
        this.#rest = bytes;
        return;
      }
      this.#format = headerOf(bytes);
      this.#sink = new MonoSink(this.#format, this.#limits);
      bytes = bytes.subarray(this.#format.dataStart);
    }
    const frameBytes = 4 * this.#format.channels;
    const whole = bytes.length - (bytes.length % frameBytes);
    if (whole > 0) this.#sink?.push(deinterleaved(bytes.subarray(0, whole), this.#format));
    this.#rest = bytes.subarray(whole);
  }

  finish(): DecodedAudio {
    if (this.#sink) return this.#sink.finish();
    throw this.isEmpty ? unreadable('nothing was decoded') : new NotWav();
  }
}

/** What claims to be ffmpeg has written something that ffmpeg does not write. */
export class NotWav extends Error {}

function headerOf(bytes: Uint8Array): WavFormat {
  try {
    const format = startsWith(bytes, 'RIFF') ? readWavHeader(bytes) : null;
    if (format?.encoding === 'float32') return format;
  } catch {
    // Told below.
  }
  throw new NotWav();
}

type FrameFormat = Pick<WavFormat, 'channels' | 'encoding' | 'littleEndian'>;

/** Returns the channels of interleaved frames, full scale at ±1. An incomplete last frame is ignored. */
export function deinterleaved(bytes: Uint8Array, format: FrameFormat): Float32Array[] {
  const { channels, encoding, littleEndian } = format;
  if (channels === 1) return [framesToMono(bytes, format)];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sampleBytes = SAMPLE_BYTES[encoding];
  const read = sampleReader(view, encoding, littleEndian);
  const frames = Math.floor(bytes.length / (channels * sampleBytes));
  return Array.from({ length: channels }, (_, c) =>
    Float32Array.from({ length: frames }, (_, i) => read((channels * i + c) * sampleBytes)),
  );
}

/** Returns the mean of the channels of interleaved frames, full scale at ±1. */
export function framesToMono(
  bytes: Uint8Array,
  { channels, encoding, littleEndian }: FrameFormat,
): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sampleBytes = SAMPLE_BYTES[encoding];
  const read = sampleReader(view, encoding, littleEndian);
  const mono = new Float32Array(Math.floor(bytes.length / (sampleBytes * channels)));
  for (let i = 0, at = 0; i < mono.length; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++, at += sampleBytes) sum += read(at);
    mono[i] = sum / channels;
  }
  return mono;
}

/**
 * Whether samples of up to 24 bits in four bytes lie in the lower three. They belong into the upper three (RIFF),
 * where the lowest byte is zero.
 */
function hasLowBits(
  bytes: Uint8Array,
  { bits, encoding, littleEndian, dataStart, dataEnd }: WavFormat,
): boolean {
  if (bits > 24 || encoding !== 'int32') return false;
  const lowest = littleEndian ? 0 : 3;
  for (let at = dataStart; at + 4 <= dataEnd; at += 4) if (bytes[at + lowest] !== 0) return true;
  return false;
}

function sampleReader(view: DataView, encoding: Encoding, little: boolean) {
  switch (encoding) {
    case 'int8': // the only unsigned one
      return (at: number) => (view.getUint8(at) - 128) / 128;
    case 'int16':
      return (at: number) => view.getInt16(at, little) / 0x8000;
    case 'int24':
      return little
        ? (at: number) => ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 0x800000
        : (at: number) => ((view.getInt8(at) << 16) | view.getUint16(at + 1, false)) / 0x800000;
    case 'int24in32':
      return (at: number) => (view.getInt32(at, little) << 8) / 0x80000000;
    case 'int32':
      return (at: number) => view.getInt32(at, little) / 0x80000000;
    case 'float32':
      return (at: number) => view.getFloat32(at, little);
    case 'float64':
      return (at: number) => view.getFloat64(at, little);
  }
}

function readFormat(view: DataView, at: number, size: number, little: boolean) {
  if (size < 16) throw unreadable('the format chunk is truncated');
  let tag = view.getUint16(at, little);
  // In an extensible header the real tag is the first field of the sub-format GUID.
  if (tag === FORMAT_EXTENSIBLE) {
    if (size < 26) throw unreadable('the extensible format chunk is truncated');
    tag = view.getUint16(at + 24, little);
  }
  if (tag !== FORMAT_PCM && tag !== FORMAT_FLOAT) return null;
  const bits = view.getUint16(at + 14, little);
  const channels = view.getUint16(at + 2, little);
  // Samples of 12 or 20 bits fill whole bytes from above. Those of 20 or 24 may come in four bytes, which the
  // size of a frame tells; of other widths it is more often wrong than meant.
  const isWide = bits > 16 && bits <= 24 && view.getUint16(at + 12, little) === 4 * channels;
  const bytes = isWide ? 4 : Math.ceil(bits / 8);
  const encoding = `${tag === FORMAT_FLOAT ? 'float' : 'int'}${8 * bytes}`;
  if (bits < 8 || !Object.hasOwn(SAMPLE_BYTES, encoding)) {
    throw unreadable(
      `it claims ${bits}-bit ${tag === FORMAT_FLOAT ? 'float' : 'integer'} samples; integers of 8 to 32 bits and floats of 32 and 64 bits are supported`,
    );
  }
  return {
    channels,
    bits,
    sampleRate: view.getUint32(at + 4, little),
    encoding: encoding as Encoding,
    littleEndian: little,
  };
}

function unreadable(why: string) {
  return damaged('WAV', why);
}
