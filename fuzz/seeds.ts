import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../lib/root.ts';
import { voiceLike, type WavEncoding, wavFile } from '../tests/fixtures/audio.ts';
import { encode, hasFfmpeg } from '../tests/fixtures/encode.ts';
import { oggPage } from '../tests/fixtures/ogg.ts';
import { element, opusPackets, videoTrack, webmFile } from '../tests/fixtures/webm.ts';
import { createRandom } from '../training/random.ts';
import { concat, textAt } from './pieces.ts';

const note = new Uint8Array(readFileSync(join(ROOT, 'samples/plain.ogg')));
const { head, packets } = opusPackets(note);
const latin1 = (text: string) => Buffer.from(text, 'latin1');
const linesOf = (text: string) => text.trim().split('\n');

const ENCODINGS: WavEncoding[] = ['int8', 'int16', 'int24', 'int32', 'float32', 'float64'];

/** WAV files of a few milliseconds, in every encoding that is decoded in process. */
export function smallWavs(): Uint8Array[] {
  const samples = voiceLike({ seconds: 0.01 });
  const plain = wavFile(samples);
  const withChunk = (magic: string, chunk: string) =>
    concat([latin1(magic), plain.subarray(4, 12), latin1(chunk), plain.subarray(12)]);
  const extensible = plain.slice();
  extensible.set([0xfe, 0xff], 20);
  return [
    ...ENCODINGS.map((encoding) => wavFile(samples, { encoding, channels: 2 })),
    withChunk('RF64', 'ds64\x1c\0\0\0'.padEnd(36, '\0')),
    withChunk('RIFX', ''),
    withChunk('RIFF', 'LIST\x03\0\0\0abc\0'),
    extensible,
  ];
}

/** Ogg Opus files of a few packets: one, a chain, one with another codec, one with three channels. */
export function smallOggs(): Uint8Array[] {
  const file = (count: number, start = 0) => {
    const sound = packets.slice(0, count).map(({ data }) => data.subarray(0, 200));
    const position = BigInt(start + 960 * count);
    const tags = oggPage([latin1('OpusTags\0\0\0\0\0\0\0\0')], 0n, 0, 1);
    return concat([oggPage([head], 0n, 2, 0), tags, oggPage(sound, position, 4, 2)]);
  };
  const vorbis = oggPage([latin1('\x01vorbis\0\0\0\0\x01\x80\xbb\0\0')], 0n, 2, 0);
  const mapping = [3, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 1, 0, 2, 1];
  const surround = oggPage([concat([head.subarray(0, 9), Uint8Array.from(mapping)])], 0n, 2, 0);
  return [
    ...[file(3), file(1, 48_000), concat([file(1), file(2)])],
    ...[concat([file(1), vorbis]), concat([surround, file(1)]), note.subarray(0, 4_000)],
  ];
}

/** WebM files of a few packets. */
export function smallWebms(): Uint8Array[] {
  const few = packets.slice(0, 4);
  const [first] = few;
  return [
    webmFile({ head, packets: few, packetsPerCluster: 2 }),
    webmFile({ head, packets: few, isLive: true, otherTracks: [videoTrack()] }),
    webmFile({ head, packets: [{ ...first, discardPadding: 5_000_000 }] }),
    webmFile({ head, packets: [{ ...first, isLaced: true }] }),
    webmFile({ head, packets: few, trackExtras: [element('6d80', [new Uint8Array(3)])] }),
  ];
}

/** MP3 files of a few frames: silence, with a description in front, and what an encoder writes. */
export function smallMp3s(): Uint8Array[] {
  const silence = latin1(`\xff\xfb\x90\xc4${'\0'.repeat(413)}`);
  const info = silence.slice();
  info.set(latin1(`Info\0\0\0\x01\0\0\0\x02LAME3.100${'\0'.repeat(12)}\x24\x01\0`), 21);
  return [
    concat([silence, silence, silence]),
    concat([info, silence, silence]),
    ...['mp3 -b:a 32k -t 0.2', 'mp3 -ac 2 -ar 44100 -t 0.2', 'mp3 -ar 8000 -t 0.2'].flatMap(
      encodedVoice,
    ),
  ];
}

function encodedVoice(line: string): Uint8Array[] {
  return hasFfmpeg ? encodedAs(wavFile(voiceLike({ seconds: 0.2, pitchHz: 180 })), line) : [];
}

/** The beginnings of files of every kind, alone and behind what precedes some files. */
export function beginnings(): Uint8Array[] {
  const files = [
    ...['RIFF\0\0\0\0WAVE', 'RIFF\0\0\0\0AVI ', 'OggS', 'fLaC', '#!AMR', 'caff', '.snd', 'wvpk'],
    ...[
      '\0\0\0\x18ftypM4A ',
      '\0\0\0\x18ftypavif',
      '\0\0\0\x08moov',
      'FORM\0\0\0\0AIFF',
      '\x89PNG',
    ],
    ...[
      `\xff\xfb\x90\x64${'\0'.repeat(413)}`.repeat(3),
      '\xff\xf1\x50\x80\x02\x1f\xfc',
      '#EXTM3U\n',
    ],
  ];
  const before = [
    ...['ID3\x03\0\0\0\0\0\x05hello', 'APETAGEX\xd0\x07\0\0\x05\0\0\0'.padEnd(37, 'a'), '\0\0\0\0'],
    ...['HTTP/1.1 200 OK\r\n\r\n', '\xff\xff\xff', 'ICY 200 OK\r\n\r\n'],
  ];
  return [...files, ...before.map((junk, i) => junk + files[i])].map(latin1);
}

/** What platforms and S3 send, one a line. */
export const payloads = () =>
  linesOf(readFileSync(join(ROOT, 'fuzz/payloads.jsonl'), 'utf8')).map(latin1);

/** What ffmpeg writes: an extension and options, for every container and codec that is taken. */
const ENCODED = linesOf(`
mp3 -b:a 32k
mp3 -ar 48000 -ac 2 -id3v2_version 3 -metadata title=x
aac
m4a -c:a aac
m4a -c:a aac -movflags +faststart
m4a -c:a alac
mp4 -c:a aac -movflags +frag_keyframe+empty_moov
mov -c:a pcm_s16le
3gp -c:a aac
webm -c:a libopus
webm -c:a libvorbis
mkv -c:a libopus -ac 2
mka -c:a aac
ogg -c:a libopus -b:a 16k
ogg -c:a libvorbis
ogg -c:a flac
ogg -c:a libspeex
flac
flac -ac 2 -ar 44100
aiff
aiff -c:a pcm_f32be
caf -c:a pcm_s16le
caf -c:a alac
au
w64
wv
wma
wav -c:a pcm_alaw
wav -c:a adpcm_ms
wav -c:a adpcm_ima_wav
wav -rf64 always`);

/** Half a second of something like a voice, in every container that the product takes. */
export function recordings(): Uint8Array[] {
  const voice = voiceLike({ seconds: 0.5, pitchHz: 180 });
  const wav = wavFile(voice);
  const encoded = hasFfmpeg ? ENCODED.flatMap((line) => encodedAs(wav, line)) : [];
  const opus = encoded.find((bytes) => textAt(bytes, 28, 8) === 'OpusHead') ?? note;
  const wavs = ENCODINGS.map((encoding) => wavFile(voice, { encoding }));
  return [...wavs, webmFile(opusPackets(opus)), concat([opus, opus]), amr(), ...encoded];
}

/** Builds of ffmpeg differ in their encoders: what one lacks is left out. */
function encodedAs(wav: Uint8Array, line: string): Uint8Array[] {
  const [extension, ...options] = line.split(' ');
  try {
    return [encode(wav, extension, options)];
  } catch {
    return [];
  }
}

/** AMR at 12.2 kbit/s, for which few builds of ffmpeg have an encoder. Any bits are sound. */
function amr(): Uint8Array {
  const random = createRandom(1);
  const frame = () => Uint8Array.from({ length: 32 }, (_, i) => (i ? random.integer(256) : 0x3c));
  return concat([latin1('#!AMR\n'), ...Array.from({ length: 25 }, frame)]);
}
