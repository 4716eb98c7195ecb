import { afterEach, describe, expect, test, vi } from 'vitest';
import { decodeMp3, readMp3 } from '../../../core/audio/mp3.ts';
import { mpegAudio, mpegFrame, mpegStream } from '../../../core/audio/mpeg.ts';
import { decode } from '../../../core/node/decode.ts';

const bytesOf = (hex: string) => Buffer.from(hex, 'hex');
/** A header and zeros behind it, which is a frame of silence. */
const frame = (header: string, length: number) => Buffer.concat([bytesOf(header)], length);
const times = (count: number, bytes: Uint8Array) =>
  Buffer.concat(Array.from({ length: count }, () => bytes));

/** Stereo at 44,100 Hz and 128 kbit/s, of 417 bytes. */
const plain = frame('fffb9000', 417);
/** AAC of 100 bytes. */
const adts = frame('fff150800c9ffc', 100);

afterEach(() => vi.unstubAllEnvs());

/** Headers of each kind, the length of their frames, and where the description begins. */
const kinds: [kind: string, header: string, length: number, at: number][] = [
  ['MPEG 1 in stereo', 'fffb9000', 417, 36],
  ['MPEG 1 in mono', 'fffb90c0', 417, 21],
  ['MPEG 2 in stereo', 'fff38000', 208, 21],
  ['MPEG 2 in mono', 'fff380c0', 208, 13],
  ['MPEG 1 in stereo with a checksum', 'fffa9000', 417, 38],
  ['MPEG 2 in mono with a checksum', 'fff280c0', 208, 15],
];
/** How an encoder writes that it added 576 samples at the start and 1,000 at the end. */
const added = Buffer.concat([Buffer.from('LAME3.100'), Buffer.alloc(12), bytesOf('2403e8')]);
const known = { delay: 576 + 529, padding: 1000 - 529 };
const unknown = { delay: 0, padding: 0 };

/** A file of frames of one kind behind one that holds something. */
function described(
  [, header, length, at]: (typeof kinds)[number],
  { magic = 'Info', flags = 0, skip = 0, encoder = added as Uint8Array, count = 4 } = {},
): Buffer {
  const first = frame(header, length);
  first.write(magic, at);
  first[at + 7] = flags;
  first.set(encoder, at + 8 + skip);
  return Buffer.concat([first, times(count, frame(header, length))]);
}

describe('the header of a frame', () => {
  test.each([
    // MPEG 1, 2 and 2.5 at each of their rates.
    ['fffb9000', 417, 1152, 44_100],
    ['fffb9400', 384, 1152, 48_000],
    ['fffb9800', 576, 1152, 32_000],
    ['fff38000', 208, 576, 22_050],
    ['fff38400', 192, 576, 24_000],
    ['fff38800', 288, 576, 16_000],
    ['ffe38000', 417, 576, 11_025],
    ['ffe38400', 384, 576, 12_000],
    ['ffe38800', 576, 576, 8_000],
    // One byte more (of layer I four).
    ['fffb9200', 418, 1152, 44_100],
    ['ffff4200', 140, 384, 44_100],
    // Bitrates at both ends.
    ['fffb1000', 104, 1152, 44_100],
    ['fffbe000', 1044, 1152, 44_100],
    ['ffe31800', 72, 576, 8_000],
    // Layers I and II.
    ['ffff4000', 136, 384, 44_100],
    ['fff74000', 136, 384, 22_050],
    ['fffd8000', 417, 1152, 44_100],
    ['fff58000', 417, 1152, 22_050],
  ])('%s: %i bytes for %i samples at %i Hz', (header, length, samples, sampleRate) => {
    expect(mpegFrame(frame(header, 6))).toMatchObject({ name: 'mp3', length, samples, sampleRate });
    // As long as it says, so that the next one follows.
    expect(mpegAudio(times(2, frame(header, length)))).toMatchObject({ length });
  });

  test.each([
    ['fffb9000', { layer: 3, isMpeg1: true, channels: 2, hasChecksum: false }],
    ['fffa9040', { layer: 3, isMpeg1: true, channels: 2, hasChecksum: true }],
    ['fff38080', { layer: 3, isMpeg1: false, channels: 2, hasChecksum: false }],
    ['ffe280c0', { layer: 3, isMpeg1: false, channels: 1, hasChecksum: true }],
    ['fffd80c4', { layer: 2, isMpeg1: true, channels: 1, hasChecksum: false }],
    ['ffff4000', { layer: 1, isMpeg1: true, channels: 2, hasChecksum: false }],
  ])('%s: %j', (header, expected) => {
    expect(mpegFrame(frame(header, 6))).toMatchObject(expected);
  });

  test('of AAC has its length in thirteen bits', () => {
    for (const header of ['fff150829abfcc', 'fff850829abfcc', 'fff950829abfcc']) {
      expect(mpegFrame(bytesOf(header))).toEqual({
        ...{ name: 'aac', demuxer: 'aac' },
        length: (2 << 11) + (0x9a << 3) + 5,
      });
    }
  });

  test.each([
    ['another first byte', 'fefb90000000'],
    ['a bit missing in the sync word', 'ff7b90000000'],
    ['the second bit missing in it', 'ffbb90000000'],
    ['the third bit missing in it', 'ffdb90000000'],
    ['a reserved version', 'ffeb90000000'],
    ['a reserved layer', 'ffe190000000'],
    ['a forbidden bitrate', 'fffbf0000000'],
    ['a reserved rate', 'fffb9c000000'],
    ['fewer than six bytes', 'fffb900000'],
  ])('is none with %s', (_, header) => {
    expect(mpegFrame(bytesOf(header))).toBeUndefined();
  });
});

describe('frames', () => {
  test('are believed where another of their kind follows, as far as that can be seen', () => {
    for (const first of [plain, adts]) {
      const { name } = mpegFrame(first)!;
      expect(mpegAudio(Buffer.concat([first, first.subarray(0, 6)]))?.name).toBe(name);
      const other = first === plain ? adts : plain;
      for (const next of [other, Buffer.alloc(6)]) {
        expect(mpegAudio(Buffer.concat([first, next.subarray(0, 5)]))?.name).toBe(name);
        expect(mpegAudio(Buffer.concat([first, next.subarray(0, 6)]))).toBeUndefined();
      }
    }
  });

  test('without a length are believed, except those that padding looks like', () => {
    // Free format: a bitrate of 0.
    expect(mpegAudio(frame('fffb0000', 50))).toMatchObject({ length: 0 });
    expect(mpegAudio(frame('fffb0200', 50))).toMatchObject({ length: 1 });
    expect(mpegAudio(Buffer.alloc(50, 'fffe', 'hex'))).toBeUndefined();
    expect(mpegAudio(frame('fffe0000', 50))).toBeUndefined();
    // The shortest of AAC that holds more than a header.
    const aac = (length: number) =>
      Buffer.concat([bytesOf('fff15080'), Buffer.of(length >> 3, (length & 7) << 5)]);
    expect(mpegAudio(Buffer.concat([aac(6), Buffer.alloc(50)]))?.name).toBe('aac');
    expect(mpegAudio(Buffer.concat([aac(7), Buffer.alloc(50)]))).toBeUndefined();
  });

  test('in a row are found behind something else, three of them and no fewer', () => {
    const junk = Buffer.alloc(1000, 0x11);
    for (const one of [plain, adts]) {
      const { name } = mpegFrame(one)!;
      const headers = (rest: number) => Buffer.concat([junk, one, one, one.subarray(0, rest)]);
      expect(mpegStream(headers(6), 5000)).toEqual({ name, demuxer: name, start: 1000 });
      expect(mpegStream(headers(5), 5000)).toBeUndefined();
      expect(mpegStream(Buffer.concat([junk, one, one, junk]), 5000)).toBeUndefined();
      expect(mpegStream(Buffer.concat([junk, one, junk, one, one, one]), 5000)).toMatchObject({
        start: 2000 + one.length,
      });
      expect(mpegStream(headers(6), 1001)).toMatchObject({ start: 1000 });
      expect(mpegStream(headers(6), 1000)).toBeUndefined();
    }
    expect(mpegStream(Buffer.concat([junk, frame('fffb0000', 50), junk]), 5000)).toBeUndefined();
  });
});

describe('a file of MP3', () => {
  test('is its frames, and what is removed from them', () => {
    expect(readMp3(times(3, plain))).toEqual({
      ...{ sampleRate: 44_100, channels: 2, bytes: times(3, plain), samples: 3 * 1152 },
      ...{ delay: 0, padding: 0 },
    });
  });

  test.each([
    ['a tag of ID3v1', 'TAG'],
    ['a tag of APE', 'APETAGEX'],
    ['lyrics', 'LYRICSBEGIN'],
    ['a tag of ID3v2', 'ID3'],
    ['padding', '\0'],
  ])('ends before %s', (_, magic) => {
    const file = times(3, plain);
    const tag = Buffer.from(magic);
    expect(readMp3(Buffer.concat([file, tag, Buffer.alloc(100, 0x11)]))?.bytes).toEqual(file);
    // Only where it is whole.
    if (tag.length > 1) expect(readMp3(Buffer.concat([file, tag.subarray(0, -1)]))).toBeNull();
    // Not where frames follow it.
    expect(readMp3(Buffer.concat([file, tag, Buffer.alloc(100, 0x11), file]))).toBeNull();
  });

  test.each<[string, Uint8Array]>([
    ['nothing', Buffer.alloc(0)],
    ['another thing behind it', Buffer.concat([times(3, plain), Buffer.from('and more')])],
    ['another rate', Buffer.concat([times(3, plain), times(3, frame('fffb9400', 384))])],
    ['another number of channels', Buffer.concat([times(3, plain), frame('fffb90c0', 417)])],
    ['layer II', times(3, frame('fffd8000', 417))],
    ['a layer II behind it', Buffer.concat([times(3, plain), frame('fffd8000', 417)])],
    ['no bitrate', frame('fffb0000', 417)],
    ['AAC', times(3, adts)],
    ['part of one frame', plain.subarray(0, 416)],
  ])('is none with %s', (_, bytes) => {
    expect(readMp3(bytes)).toBeNull();
  });

  test('that breaks off in a frame ends before it', () => {
    const file = times(2, plain);
    for (const rest of [416, 6]) {
      const cut = Buffer.concat([file, plain.subarray(0, rest)]);
      expect(readMp3(cut)).toMatchObject({ samples: 2 * 1152, bytes: file });
    }
  });

  test('may change its bitrate and its stereo', () => {
    const file = Buffer.concat([plain, frame('fffb1040', 104), frame('fffbe080', 1044)]);
    expect(readMp3(file)).toMatchObject({ samples: 3 * 1152, bytes: file });
  });
});

describe('a first frame that describes the others', () => {
  test.each(kinds)('is no sound: %s', (...kind) => {
    const [, header, length] = kind;
    for (const magic of ['Xing', 'Info']) {
      expect(readMp3(described(kind, { magic }))).toMatchObject({
        ...known,
        bytes: times(4, frame(header, length)),
      });
    }
    // One byte off, it is sound like the rest.
    for (const off of [-1, 1]) {
      const at = kind[3] + off;
      expect(readMp3(described([kind[0], header, length, at]))).toMatchObject({
        ...unknown,
        samples: 5 * mpegFrameOf(header).samples,
      });
    }
  });

  test.each([
    [0b0001, 4],
    [0b0010, 4],
    [0b0100, 100],
    [0b1000, 4],
    [0b1111, 112],
    [0b0101, 104],
  ])('has optional parts (%i) of %i bytes before what the encoder added', (flags, skip) => {
    expect(readMp3(described(kinds[0], { flags, skip }))).toMatchObject(known);
    expect(readMp3(described(kinds[0], { flags, skip: skip + 1 }))).toMatchObject(unknown);
  });

  test.each([
    ['LAME', known],
    ['Lavf', known],
    ['Lavc', known],
    ['GOGO', unknown],
  ])('says what was added where it was written by %s: %j', (name, expected) => {
    const encoder = Buffer.from(added);
    encoder.write(name);
    expect(readMp3(described(kinds[0], { encoder }))).toMatchObject(expected);
  });

  test('says nothing where it is too short for that', () => {
    // 13 bytes before the description, 8 of it, 4 of an optional part, and 24 of the encoder.
    const short = { flags: 1, skip: 4, encoder: added.subarray(0, 23) };
    expect(
      readMp3(described(['', 'fff326c0', 49, 13], { ...short, encoder: added })),
    ).toMatchObject(known);
    expect(readMp3(described(['', 'fff324c0', 48, 13], short))).toMatchObject(unknown);
  });

  test('says that nothing was added, of VBRI', () => {
    const first = Buffer.from(plain);
    first.write('VBRI', 36);
    expect(readMp3(Buffer.concat([first, times(4, plain)]))).toMatchObject({
      ...unknown,
      samples: 4 * 1152,
    });
  });

  test('alone is no recording, nor is one of which everything was added', () => {
    expect(readMp3(described(kinds[0], { count: 0 }))).toBeNull();
    const all = (end: string) =>
      described(kinds[0], {
        encoder: Buffer.concat([added.subarray(0, 21), bytesOf(end)]),
        count: 1,
      });
    // 576 and 576 samples of 1,152, and one fewer.
    expect(readMp3(all('240240'))).toBeNull();
    expect(readMp3(all('24023f'))).toMatchObject({ delay: 1105, padding: 46, samples: 1152 });
    // No more is cut off than was added: a decoder comes late by 529 samples.
    expect(readMp3(all('000210'))).toMatchObject({ delay: 529, padding: 0 });
  });

  test('is obeyed to the sample', async () => {
    vi.stubEnv('FFMPEG_BIN', '/nowhere/ffmpeg');
    const file = described(kinds[0], { count: 40 });
    const { duration } = await decode(file);
    expect(duration * 44_100).toBeCloseTo(40 * 1152 - known.delay - known.padding, 6);
  });
});

describe('decoding in process', () => {
  const limits = (maxSeconds: number) => ({ maxSeconds, deadline: performance.now() + 60_000 });

  test('takes a recording that is exactly as long as allowed', async () => {
    // 0.36 s at 32,000 Hz.
    const file = times(10, frame('fffb9800', 576));
    expect((await decodeMp3(file, limits(0.36)))?.duration).toBe(0.36);
    await expect(decodeMp3(file, limits(0.3599))).rejects.toMatchObject({ code: 'audio-too-long' });
    // What the encoder added does not count: 9,944 of 11,520 samples are the recording.
    const shorter = described(kinds[0], { count: 10 });
    expect((await decodeMp3(shorter, limits(0.2255)))?.duration).toBe(9944 / 44_100);
    await expect(decodeMp3(shorter, limits(0.2254))).rejects.toMatchObject({
      code: 'audio-too-long',
    });
  });

  test('ends at the deadline', async () => {
    const late = { maxSeconds: 60, deadline: performance.now() - 1 };
    await expect(decodeMp3(times(10, plain), late)).rejects.toMatchObject({
      code: 'decode-timeout',
    });
  });
});

function mpegFrameOf(header: string): { readonly samples: number } {
  const found = mpegFrame(frame(header, 6));
  if (found?.name !== 'mp3') throw new Error(`${header} is no header of MP3`);
  return found;
}
