import { type DecodedAudio, type DecodeLimits, damaged, MonoSink } from './mono-sink.ts';
import { startsWith } from './sniff.ts';

const FORMAT_PCM = 1;
const FORMAT_FLOAT = 3;
const FORMAT_EXTENSIBLE = 0xfffe;

/** Frames converted at a time: small enough to keep memory flat, large enough to be fast. */
const FRAMES_PER_CHUNK = 16_384;

/** Sample layout of a WAV file that can be decoded in process. */
export interface WavFormat {
  readonly sampleRate: number;
  readonly channels: number;
  readonly encoding: 'int8' | 'int16' | 'int24' | 'int32' | 'float32' | 'float64';
  readonly littleEndian: boolean;
  /** Byte offsets of the samples; the end never lies past the end of the file. */
  readonly dataStart: number;
  readonly dataEnd: number;
}

/** Bytes per sample. */
const SAMPLE_BYTES = { int8: 1, int16: 2, int24: 3, int32: 4, float32: 4, float64: 8 } as const;

/**
 * Reads the header of a RIFF, RIFX or RF64 WAVE file. Sizes in the header are not trusted: a data
 * chunk ends at the end of the file at the latest, and a size of zero or all ones, which streaming
 * writers leave behind, means "to the end".
 *
 * @returns null if the samples are compressed (A-law, ADPCM, GSM, MP3 …), which ffmpeg decodes
 * @throws UndertoneError `audio-unreadable` without a usable format or data chunk
 */
export function readWavHeader(bytes: Uint8Array): WavFormat | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const littleEndian = !startsWith(bytes, 'RIFX');
  let format: Omit<WavFormat, 'dataStart' | 'dataEnd'> | null | undefined;
  let offset = 12;
  while (offset + 8 <= bytes.length) {
    const size = view.getUint32(offset + 4, littleEndian);
    const body = offset + 8;
    if (startsWith(bytes, 'fmt ', offset)) {
      format = readFormat(view, body, Math.min(size, bytes.length - body), littleEndian);
      if (format === null) return null;
    } else if (startsWith(bytes, 'data', offset)) {
      if (!format) throw unreadable('the data chunk comes before the format chunk');
      const isOpenEnded = size === 0 || size === 0xffffffff;
      const dataEnd = isOpenEnded ? bytes.length : Math.min(body + size, bytes.length);
      return { ...format, dataStart: body, dataEnd };
    }
    // Chunks are padded to even sizes (RIFF).
    offset = body + size + (size % 2);
  }
  throw unreadable('there is no data chunk');
}

/** Decodes a whole WAV file; returns null if it needs ffmpeg (see readWavHeader). */
export function decodeWav(bytes: Uint8Array, limits: DecodeLimits): DecodedAudio | null {
  const format = readWavHeader(bytes);
  if (!format) return null;
  const sink = new MonoSink(format, limits);
  const frameBytes = SAMPLE_BYTES[format.encoding] * format.channels;
  for (let at = format.dataStart; at < format.dataEnd; at += FRAMES_PER_CHUNK * frameBytes) {
    const end = Math.min(at + FRAMES_PER_CHUNK * frameBytes, format.dataEnd);
    sink.push(framesToMono(bytes.subarray(at, end), format));
  }
  return sink.finish();
}

/**
 * Mixes interleaved frames to mono with equal weights, full scale at ±1. An incomplete last frame is
 * ignored.
 */
export function framesToMono(
  bytes: Uint8Array,
  { channels, encoding, littleEndian }: Pick<WavFormat, 'channels' | 'encoding' | 'littleEndian'>,
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

function sampleReader(view: DataView, encoding: WavFormat['encoding'], little: boolean) {
  switch (encoding) {
    case 'int8': // the only unsigned one
      return (at: number) => (view.getUint8(at) - 128) / 128;
    case 'int16':
      return (at: number) => view.getInt16(at, little) / 0x8000;
    case 'int24':
      return little
        ? (at: number) => ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 0x800000
        : (at: number) => ((view.getInt8(at) << 16) | view.getUint16(at + 1, false)) / 0x800000;
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
  const encoding = `${tag === FORMAT_FLOAT ? 'float' : 'int'}${bits}`;
  if (!Object.hasOwn(SAMPLE_BYTES, encoding)) {
    throw unreadable(
      `it claims ${bits}-bit ${tag === FORMAT_FLOAT ? 'float' : 'integer'} samples; 8, 16, 24 and 32-bit integers and 32 and 64-bit floats are supported`,
    );
  }
  return {
    channels: view.getUint16(at + 2, little),
    sampleRate: view.getUint32(at + 4, little),
    encoding: encoding as WavFormat['encoding'],
    littleEndian: little,
  };
}

function unreadable(why: string) {
  return damaged('WAV', why);
}
