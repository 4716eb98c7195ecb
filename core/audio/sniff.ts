import { latin1 } from '../bytes.ts';
import { UndertoneError } from '../errors.ts';
import { mpegAudio, mpegStream } from './mpeg.ts';

/** A supported container. `demuxer` is the only demuxer that ffmpeg may use for it. */
export interface Container {
  readonly name: string;
  readonly demuxer: string;
  /** Bytes before it that belong to nothing: a tag, padding, or the header of a web server. */
  readonly start: number;
}

/** The supported formats, for people to read. */
export const ACCEPTED_FORMATS =
  'WAV, Ogg (Opus, Vorbis), FLAC, MP3, M4A/MP4, AAC, WebM, AMR, CAF, AIFF, AU, WMA, W64 and WavPack';

interface Signature extends Omit<Container, 'start'> {
  readonly offset: number;
  readonly magic: string;
  /** A second magic number that must match too, for containers that share their first bytes. */
  readonly also?: { readonly offset: number; readonly magic: readonly string[] };
}

/** Magic numbers of the supported containers, as Latin-1, from the format specifications. */
const SIGNATURES: readonly Signature[] = [
  ...['RIFF', 'RIFX', 'RF64', 'BW64'].map((magic) => ({
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

/** Boxes that a slice of an MP4 stream begins with (ISO/IEC 14496-12); how to decode it stands in another. */
const SLICES = ['styp', 'sidx', 'moof'];
const SLICE = 'a slice, without its beginning, of';

/** What people send by mistake, so that the error can name it. */
const REFUSED: readonly (readonly [magic: string, what: string])[] = [
  ['\x89PNG', 'a PNG image'],
  ['\xff\xd8\xff', 'a JPEG image'],
  ['GIF8', 'a GIF image'],
  ['%PDF', 'a PDF document'],
  ['PK\x03\x04', 'a ZIP archive'],
  ['PK\x05\x06', 'a ZIP archive'],
  ['\x1f\x8b', 'a gzip archive'],
  ['Rar!', 'a RAR archive'],
  ['7z\xbc\xaf', 'a 7z archive'],
  ['BZh', 'a bzip2 archive'],
  ['\xfd7zXZ', 'an XZ archive'],
  ['\x28\xb5\x2f\xfd', 'a Zstandard archive'],
  ['\x7fELF', 'a program'],
  ['MZ', 'a program'],
  ['MThd', 'a MIDI file, which holds notes but no audio'],
  ['#!SILK', 'a voice note in SILK, as WeChat and old Skype write it'],
  ['\x02#!SILK', 'a voice note in SILK, as WeChat and old Skype write it'],
  ['FLV\x01', 'a Flash video'],
  ['.RMF', 'a RealMedia file'],
  ['TTA1', 'True Audio'],
  ['MAC ', 'Monkey’s Audio'],
  ['MPCK', 'Musepack'],
  ['Creative Voice File', 'a Creative Voice File'],
  ['\x7f\xfe\x80\x01', 'DTS, the sound of a film'],
  ['\x0b\x77', 'AC-3, the sound of a DVD'],
  ['\x00\x00\x01\xba', 'an MPEG video'],
  ['\x00\x05\x16\x07', 'what macOS keeps beside a file whose name is the same without "._"'],
  ['NIST_1A', 'a NIST SPHERE file'],
  ['DSD ', 'DSD'],
  ['FRM8', 'DSD'],
  ['\xff\xfe', 'text in UTF-16'],
  ['\xfe\xff', 'text in UTF-16'],
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
  for (const start of startsOf(bytes)) {
    const rest = bytes.subarray(start);
    const found =
      SIGNATURES.find((signature) => matches(rest, signature)) ?? isoFile(rest) ?? mpegAudio(rest);
    if (found) return { name: found.name, demuxer: found.demuxer, start };
  }
  const refused = REFUSED.find(([magic]) => startsWith(bytes, magic))?.[1] ?? envelopeOf(bytes);
  const stream = refused ? undefined : mpegStream(bytes, MAX_JUNK);
  if (stream) return stream;
  // What is behind the tag may still be found by ffmpeg, which looks further.
  if (startsWith(bytes, 'ID3')) return { name: 'mp3', demuxer: 'mp3', start: 0 };
  throw new UndertoneError(
    'format-unsupported',
    `This is ${refused ?? nameOf(bytes)}, not a recording. Supported formats: ${ACCEPTED_FORMATS}.`,
  );
}

/** How far a container may lie behind the start of its file, unless a header says how long it is. */
const MAX_JUNK = 65_536;
/** How many tags, headers and runs of padding may precede it. */
const MAX_PRECEDING = 16;

/**
 * Yields where a container may start: at the beginning, and behind what precedes it in some files. The last
 * zeros of a padding may belong to it, as the size of a box, and so may the last 0xFF, as a sync word.
 */
function* startsOf(bytes: Uint8Array): Generator<number> {
  let at = 0;
  for (let count = 0; at < bytes.length && count <= MAX_PRECEDING; count++) {
    yield at;
    const length = precedingLength(bytes.subarray(at));
    if (length === 0) return;
    for (let own = 3; own > 0; own--)
      if (bytes[at + length - own] === bytes[at]) yield at + length - own;
    at += length;
  }
}

/** Whether MPEG audio comes behind tags or padding, as when files were appended to one another. */
export function precedesMpeg(bytes: Uint8Array): boolean {
  return [...startsOf(bytes)].some((start) => mpegStream(bytes.subarray(start), MAX_JUNK));
}

const PRINTED =
  /^(\xef\xbb\xbf)?[ \t\r\n]*((HTTP\/|ICY |--)[^\r\n\0]*\r\n)?([\x21-\x39\x3b-\x7e]+:[^\r\n\0]*\r\n)*(\r\n)?/;

/** Length of the tag, web server's header or padding at the beginning; 0 when there is none. */
function precedingLength(bytes: Uint8Array): number {
  if (startsWith(bytes, 'ID3') && bytes.length >= 10) {
    const footer = (bytes[5] & 0x10) !== 0 ? 10 : 0;
    return 10 + ((bytes[6] << 21) | (bytes[7] << 14) | (bytes[8] << 7) | bytes[9]) + footer;
  }
  if (startsWith(bytes, 'APETAGEX') && bytes.length >= 32) {
    return 32 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(12, true);
  }
  const head = latin1(bytes.subarray(0, MAX_JUNK));
  // What a script printed by mistake, and the headers of a web server or of a part of a form.
  const [printed] = head.match(PRINTED) ?? [''];
  if (printed.length > 0) return printed.length;
  if (bytes[0] !== 0 && !(bytes[0] === 0xff && bytes[1] === 0xff)) return 0;
  let at = 1;
  while (at < bytes.length && bytes[at] === bytes[0]) at++;
  return at < bytes.length ? at : 0;
}

function matches(bytes: Uint8Array, { offset, magic, also }: Signature): boolean {
  return (
    startsWith(bytes, magic, offset) &&
    (!also || also.magic.some((second) => startsWith(bytes, second, also.offset)))
  );
}

/** ISO base media files (mp4, m4a, mov, 3gp): a `ftyp` box whose brand is not an image's. */
function isoFile(bytes: Uint8Array): Omit<Container, 'start'> | undefined {
  if (!startsWith(bytes, 'ftyp', 4)) return undefined;
  if (IMAGE_BRANDS.some((brand) => startsWith(bytes, brand, 8))) return undefined;
  return { name: 'mp4', demuxer: 'mov' };
}

/** Says what a file is that may have whole frames of MP3 or AAC in it, of which some decode to noise. */
function envelopeOf(bytes: Uint8Array): string | undefined {
  if (startsWith(bytes, 'RIFF')) {
    return startsWith(bytes, 'AVI ', 8) ? 'an AVI video' : 'a RIFF file without WAVE audio';
  }
  if (startsWith(bytes, 'ustar', 257)) return 'a tar archive';
  // Packets of 188 bytes, with four more before each in those of cameras (M2TS).
  const isPacket = (at: number) => bytes[at] === 0x47 || (at > 0 && at >= bytes.length);
  const isStream = [0, 4].some((own) =>
    [0, 1, 2, 3].every((packet) => isPacket(own + packet * (188 + own))),
  );
  return isStream && bytes.length > 188 ? 'an MPEG transport stream' : undefined;
}

/** Says what an unsupported file is. */
function nameOf(bytes: Uint8Array): string {
  if (SLICES.some((box) => startsWith(bytes, box, 4))) return `${SLICE} an MP4 stream`;
  if (IMAGE_BRANDS.some((brand) => startsWith(bytes, brand, 8))) return 'an image';
  const head = latin1(bytes.subarray(0, MAX_JUNK));
  if (head.includes('OggS')) return `${SLICE} an Ogg file`;
  if (head.includes('\x1f\x43\xb6\x75')) return `${SLICE} a WebM file`;
  return isText(bytes.subarray(0, 512)) ? 'text' : 'a file of an unknown type';
}

function isText(bytes: Uint8Array): boolean {
  if (bytes.some((byte) => byte < 32 && ![9, 10, 13].includes(byte))) return false;
  try {
    // The last character may be cut off.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** Returns whether `magic`, as Latin-1, is found at `offset`. */
export function startsWith(bytes: Uint8Array, magic: string, offset = 0): boolean {
  if (bytes.length < offset + magic.length) return false;
  for (let i = 0; i < magic.length; i++) {
    if (bytes[offset + i] !== magic.charCodeAt(i)) return false;
  }
  return true;
}
