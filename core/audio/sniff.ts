import { UndertoneError } from '../errors.ts';

/** A supported container. `demuxer` is the only demuxer that ffmpeg may use for it. */
export interface Container {
  readonly name: string;
  readonly demuxer: string;
}

/** The supported formats, for people to read. */
export const ACCEPTED_FORMATS =
  'WAV, Ogg (Opus, Vorbis), FLAC, MP3, M4A/MP4, AAC, WebM, AMR, CAF, AIFF, AU, WMA, W64 and WavPack';

interface Signature extends Container {
  readonly offset: number;
  readonly magic: string;
  /** A second magic number that must match too, for containers that share their first bytes. */
  readonly also?: { readonly offset: number; readonly magic: readonly string[] };
}

/** Magic numbers of the supported containers, as Latin-1, from the format specifications. */
const SIGNATURES: readonly Signature[] = [
  ...['RIFF', 'RIFX', 'RF64'].map((magic) => ({
    name: 'wav',
    demuxer: 'wav',
    offset: 0,
    magic,
    also: { offset: 8, magic: ['WAVE'] },
  })),
  { name: 'ogg', demuxer: 'ogg', offset: 0, magic: 'OggS' },
  { name: 'flac', demuxer: 'flac', offset: 0, magic: 'fLaC' },
  { name: 'webm', demuxer: 'matroska', offset: 0, magic: '\x1a\x45\xdf\xa3' },
  { name: 'amr', demuxer: 'amr', offset: 0, magic: '#!AMR' },
  { name: 'caf', demuxer: 'caf', offset: 0, magic: 'caff' },
  { name: 'au', demuxer: 'au', offset: 0, magic: '.snd' },
  { name: 'wavpack', demuxer: 'wv', offset: 0, magic: 'wvpk' },
  { name: 'wma', demuxer: 'asf', offset: 0, magic: '\x30\x26\xb2\x75\x8e\x66\xcf\x11' },
  { name: 'w64', demuxer: 'w64', offset: 0, magic: 'riff\x2e\x91\xcf\x11' },
  {
    name: 'aiff',
    demuxer: 'aiff',
    offset: 0,
    magic: 'FORM',
    also: { offset: 8, magic: ['AIFF', 'AIFC'] },
  },
  // Old QuickTime files begin with any of these boxes; ISO files begin with ftyp (see below).
  ...['moov', 'mdat', 'wide', 'free', 'skip'].map((magic) => ({
    name: 'mp4',
    demuxer: 'mov',
    offset: 4,
    magic,
  })),
];

/** Brands of ISO files that hold images, not audio. */
const IMAGE_BRANDS = ['avif', 'avis', 'heic', 'heix', 'mif1', 'msf1', 'jxl '];

/** What people send by mistake, so that the error can name it. */
const REFUSED: readonly (readonly [magic: string, what: string])[] = [
  ['\x89PNG', 'a PNG image'],
  ['\xff\xd8\xff', 'a JPEG image'],
  ['GIF8', 'a GIF image'],
  ['%PDF', 'a PDF document'],
  ['PK\x03\x04', 'a ZIP archive'],
  ['PK\x05\x06', 'a ZIP archive'],
  ['\x1f\x8b', 'a gzip archive'],
  ['7z\xbc\xaf', 'a 7z archive'],
  ['\x7fELF', 'a program'],
  ['MZ', 'a program'],
  ['MThd', 'a MIDI file, which holds notes but no audio'],
  ['#EXTM3U', 'a playlist'],
  ['ffconcat', 'a playlist'],
  ['[playlist]', 'a playlist'],
];

/**
 * Identifies the container by its first bytes. File names and MIME types are ignored: chat platforms
 * label voice notes as video, and attackers label playlists as music.
 *
 * @throws UndertoneError `audio-missing` if there are no bytes, `format-unsupported` for anything that
 * is not one of ACCEPTED_FORMATS
 * @example
 * sniff(await readFile('note.ogg')).name; // 'ogg'
 */
export function sniff(bytes: Uint8Array): Container {
  if (bytes.length === 0) {
    throw new UndertoneError(
      'audio-missing',
      'The recording is empty. Send the bytes of an audio file.',
    );
  }
  const found =
    SIGNATURES.find((signature) => matches(bytes, signature)) ?? isoFile(bytes) ?? mpegAudio(bytes);
  if (found) return { name: found.name, demuxer: found.demuxer };
  throw new UndertoneError(
    'format-unsupported',
    `This is ${nameOf(bytes)}, not a recording. Supported formats: ${ACCEPTED_FORMATS}.`,
  );
}

function matches(bytes: Uint8Array, { offset, magic, also }: Signature): boolean {
  return (
    startsWith(bytes, magic, offset) &&
    (!also || also.magic.some((second) => startsWith(bytes, second, also.offset)))
  );
}

/** ISO base media files (mp4, m4a, mov, 3gp): a `ftyp` box whose brand is not an image's. */
function isoFile(bytes: Uint8Array): Container | undefined {
  if (!startsWith(bytes, 'ftyp', 4)) return undefined;
  if (IMAGE_BRANDS.some((brand) => startsWith(bytes, brand, 8))) return undefined;
  return { name: 'mp4', demuxer: 'mov' };
}

/** MPEG audio: an ID3v2 tag, or the sync word of an MP3 or AAC (ADTS) frame with a valid header. */
function mpegAudio(bytes: Uint8Array): Container | undefined {
  if (startsWith(bytes, 'ID3')) return afterId3(bytes);
  if (bytes.length < 4 || bytes[0] !== 0xff) return undefined;
  // ADTS: twelve sync bits, then layer bits that are always zero (ISO/IEC 13818-7).
  if ((bytes[1] & 0xf6) === 0xf0) return { name: 'aac', demuxer: 'aac' };
  const isFrame =
    (bytes[1] & 0xe0) === 0xe0 &&
    (bytes[1] & 0x18) !== 0x08 && // version 01 is reserved
    (bytes[1] & 0x06) !== 0 && // layer 00 is reserved
    (bytes[2] & 0xf0) !== 0xf0 && // bitrate 15 is forbidden
    (bytes[2] & 0x0c) !== 0x0c; // sampling rate 3 is reserved
  return isFrame ? { name: 'mp3', demuxer: 'mp3' } : undefined;
}

/** An ID3v2 tag usually precedes MP3, but some taggers put it before FLAC or AAC. */
function afterId3(bytes: Uint8Array): Container {
  const mp3 = { name: 'mp3', demuxer: 'mp3' };
  if (bytes.length < 10) return mp3;
  const size = (bytes[6] << 21) | (bytes[7] << 14) | (bytes[8] << 7) | bytes[9];
  const rest = bytes.subarray(10 + size);
  // ffmpeg's demuxers skip the tag; our own FLAC decoder does not, so these files go to ffmpeg.
  if (startsWith(rest, 'fLaC')) return { name: 'flac-id3', demuxer: 'flac' };
  return rest.length > 4 ? (mpegAudio(rest) ?? mp3) : mp3;
}

/** Says what an unsupported file is. */
function nameOf(bytes: Uint8Array): string {
  const refused = REFUSED.find(([magic]) => startsWith(bytes, magic));
  if (refused) return refused[1];
  if (IMAGE_BRANDS.some((brand) => startsWith(bytes, brand, 8))) return 'an image';
  if (startsWith(bytes, 'RIFF')) return 'a RIFF file without WAVE audio';
  const sample = bytes.subarray(0, 512);
  const isText = sample.every((byte) => byte >= 32 || byte === 9 || byte === 10 || byte === 13);
  return isText ? 'text' : 'a file of an unknown type';
}

/** Returns whether `magic`, as Latin-1, is found at `offset`. */
export function startsWith(bytes: Uint8Array, magic: string, offset = 0): boolean {
  if (bytes.length < offset + magic.length) return false;
  for (let i = 0; i < magic.length; i++) {
    if (bytes[offset + i] !== magic.charCodeAt(i)) return false;
  }
  return true;
}
