import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { decodeWithFfmpeg } from '../../../core/audio/ffmpeg.ts';
import { decodeFlac } from '../../../core/audio/flac.ts';
import { decodeMp3, readMp3 } from '../../../core/audio/mp3.ts';
import { sniff } from '../../../core/audio/sniff.ts';
import { UndertoneError } from '../../../core/errors.ts';
import { decode } from '../../../core/node/decode.ts';
import { voiceLike, wavFile } from '../../fixtures/audio.ts';
import { encode, hasFfmpeg } from '../../fixtures/encode.ts';

const wav = wavFile(voiceLike({ seconds: 1.5, seed: 4 }));
const note = new Uint8Array(readFileSync(new URL('../../../samples/plain.ogg', import.meta.url)));
const limits = () => ({ maxSeconds: 60, deadline: performance.now() + 60_000 });

afterEach(() => vi.unstubAllEnvs());

/** The largest difference between two signals; infinite if one is longer. */
function difference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0);
}

describe.skipIf(!hasFfmpeg)('what is decoded in process equals what ffmpeg makes of it', () => {
  test.each(
    [
      'mp3',
      'mp3 -b:a 32k',
      'mp3 -q:a 2 -ac 2',
      'mp3 -ar 48000 -b:a 320k',
      'mp3 -ar 22050 -abr 1 -b:a 48k',
      'mp3 -ar 8000',
      'mp3 -write_xing 0',
      'mp3 -reservoir 0',
      'mp3 -id3v2_version 3 -metadata title=x -write_id3v1 1',
    ].map((line) => line.split(' ')),
  )('%s %s %s %s %s', async (extension, ...options) => {
    const bytes = encode(wav, extension, options);
    const container = sniff(bytes);
    const expected = await decodeWithFfmpeg(bytes.subarray(container.start), container, limits());
    vi.stubEnv('FFMPEG_BIN', '/nowhere/ffmpeg');
    const { samples, duration } = await decode(bytes);
    expect(duration).toBeCloseTo(expected.duration, 6);
    expect(difference(samples, expected.samples)).toBeLessThan(1e-5);
  });
});

describe.skipIf(!hasFfmpeg)('a decoder that is used again', () => {
  const files = () => ({
    opus: note,
    stereo: encode(wav, 'ogg', ['-c:a', 'libopus', '-ac', '2']),
    mp3: encode(wav, 'mp3', ['-b:a', '48k']),
  });

  test('gives the same samples whatever it decoded before', async () => {
    const before = new Map<string, Float32Array>();
    for (let round = 0; round < 3; round++) {
      for (const [name, bytes] of Object.entries(files())) {
        const { samples } = await decode(bytes);
        expect(difference(samples, before.get(name) ?? samples), name).toBe(0);
        before.set(name, samples);
      }
    }
  });

  test('also when several recordings are decoded at the same time', async () => {
    const { opus, mp3 } = files();
    const together = await Promise.all([opus, mp3, opus, mp3].map((bytes) => decode(bytes)));
    expect(difference(together[0].samples, together[2].samples)).toBe(0);
    expect(difference(together[1].samples, together[3].samples)).toBe(0);
  });

  test('and after a damaged recording, of which nothing is printed', async () => {
    const print = vi.spyOn(console, 'error');
    const { opus, mp3 } = files();
    for (const bytes of [opus, mp3]) {
      const expected = await decode(bytes);
      const damaged = bytes.slice();
      for (let i = 3000; i < damaged.length; i += 7) damaged[i] ^= 0x5a;
      await decode(damaged).catch(() => {});
      expect(difference((await decode(bytes)).samples, expected.samples)).toBe(0);
    }
    expect(print).not.toHaveBeenCalled();
    print.mockRestore();
  });
});

describe.skipIf(!hasFfmpeg)('MP3', () => {
  const plain = () => encode(wav, 'mp3', ['-write_xing', '0', '-id3v2_version', '0']);
  const described = () => encode(wav, 'mp3', ['-id3v2_version', '0']);

  test('what the encoder added is removed', async () => {
    expect(readMp3(described())).toMatchObject({ delay: 1105, channels: 1 });
    expect((await decode(described())).duration).toBeCloseTo(1.5, 3);
  });

  test('a description that claims other frames than follow changes nothing', async () => {
    const bytes = described();
    const at =
      Buffer.from(bytes).indexOf('Xing') >= 0
        ? Buffer.from(bytes).indexOf('Xing')
        : Buffer.from(bytes).indexOf('Info');
    const expected = await decodeMp3(bytes, limits());
    for (const count of [1, 0xffff_ffff]) {
      new DataView(bytes.buffer, bytes.byteOffset).setUint32(at + 8, count);
      expect((await decodeMp3(bytes, limits()))?.samples).toEqual(expected?.samples);
    }
  });

  test('one that claims to be all padding is given to ffmpeg', () => {
    const bytes = described();
    const at = Buffer.from(bytes).indexOf('Lavc');
    bytes.set([0xff, 0xff, 0xff], at + 21);
    expect(readMp3(bytes.subarray(0, 1500))).toBeNull();
  });

  test.each<[string, () => Uint8Array]>([
    ['junk between frames', () => spliced(plain(), Buffer.alloc(100, 0x11))],
    [
      'a change of rate',
      () => Buffer.concat([plain(), encode(wav, 'mp3', ['-ar', '44100', '-id3v2_version', '0'])]),
    ],
    [
      'a change of channels',
      () => Buffer.concat([plain(), encode(wav, 'mp3', ['-ac', '2', '-id3v2_version', '0'])]),
    ],
    ['layer II', () => encode(wav, 'mp2', [])],
  ])('with %s is left to ffmpeg, and read', async (_, make) => {
    const bytes = make();
    expect(readMp3(bytes)).toBeNull();
    expect((await decode(bytes)).duration).toBeGreaterThan(1.4);
  });

  test.each<[string, () => Uint8Array]>([
    ['nothing', () => new Uint8Array()],
    ['a tag of the second (ID3v2)', () => Buffer.from('ID3\x03\0\0\0\0\x02\0'.padEnd(266, '\0'))],
    [
      'a tag with a large picture',
      () =>
        Buffer.concat([Buffer.from('ID3\x04\0\0\0\x40\0\0', 'latin1'), Buffer.alloc(2 ** 20, 7)]),
    ],
    ['a tag of the first (ID3v1)', () => Buffer.from('TAG'.padEnd(128, '\0'))],
    ['padding', () => Buffer.alloc(100_000)],
  ])('is heard to the end of the file behind it, with %s in between', async (_, between) => {
    const { duration } = await decode(Buffer.concat([plain(), between(), plain()]));
    expect(duration).toBeCloseTo(2 * (await decode(plain())).duration, 1);
  });

  test('that breaks off in a frame is read up to there', async () => {
    const bytes = plain();
    const whole = readMp3(bytes)!;
    const cut = readMp3(bytes.subarray(0, bytes.length - 10))!;
    expect(cut.samples).toBe(whole.samples - 576);
    expect((await decode(bytes.subarray(0, bytes.length - 10))).duration).toBeGreaterThan(1.4);
  });

  test('that is too long is refused before it is decoded', async () => {
    const short = { maxSeconds: 1, deadline: performance.now() - 1 };
    await expect(decodeMp3(plain(), short)).rejects.toMatchObject({ code: 'audio-too-long' });
  });
});

describe.skipIf(!hasFfmpeg)('FLAC', () => {
  const rate = 16_000;
  /** Frames of 1,152 samples. */
  const flac = (samples: number) =>
    encode(wavFile(voiceLike({ seconds: samples / rate, seed: 4 })), 'flac', [
      '-frame_size',
      '1152',
    ]);

  /** For what is to be decoded in process alone. */
  const nowhere = () => Promise.reject(new Error('ffmpeg was asked'));

  test.each([
    [],
    ['-ar', '44100', '-ac', '2'],
    ['-ar', '96000', '-sample_fmt', 's32'],
    ['-ar', '8000', '-ac', '6'],
  ])('is decoded in process, to what ffmpeg makes of it: %s %s %s %s', async (...options) => {
    const bytes = encode(wav, 'flac', options);
    const expected = await decodeWithFfmpeg(bytes, { name: 'flac', demuxer: 'flac' }, limits());
    const { samples, duration } = await decodeFlac(bytes, limits(), nowhere);
    expect(duration).toBe(expected.duration);
    // Half a step of 16 bits apart: the two have another idea of full scale.
    expect(difference(samples, expected.samples)).toBeLessThan(5e-5);
  });

  test('that is as long as allowed is taken, and refused before it is decoded if longer', async () => {
    const bytes = flac(8000);
    expect((await decodeFlac(bytes, { ...limits(), maxSeconds: 0.5 }, nowhere)).duration).toBe(0.5);
    const late = { maxSeconds: 0.49, deadline: performance.now() - 1 };
    await expect(decodeFlac(bytes, late, nowhere)).rejects.toMatchObject({
      code: 'audio-too-long',
    });
    // 36 bits tell how many samples there are.
    bytes[21] |= 1;
    await expect(decodeFlac(bytes, limits(), nowhere)).rejects.toMatchObject({
      code: 'audio-too-long',
    });
  });

  test('whose header says too little about its length is found too long all the same', async () => {
    const bytes = flac(8000);
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(22, 1000);
    const short = { ...limits(), maxSeconds: 0.1 };
    await expect(decodeFlac(bytes, short, nowhere)).rejects.toMatchObject({
      code: 'audio-too-long',
    });
  });

  test('with another number of samples than it says is decoded elsewhere', async () => {
    const elsewhere = { samples: new Float32Array(5), duration: 3 };
    for (const count of [7999, 8001]) {
      const bytes = flac(8000);
      new DataView(bytes.buffer, bytes.byteOffset).setUint32(22, count);
      expect(await decodeFlac(bytes, limits(), async () => elsewhere)).toBe(elsewhere);
    }
    const none = flac(8000).subarray(0, 42);
    new DataView(none.buffer, none.byteOffset).setUint32(22, 0);
    expect(await decodeFlac(none, limits(), async () => elsewhere)).toBe(elsewhere);
  });

  /** A file whose header does not say how long it is, as written into a pipe. */
  function withoutLength(bytes: Uint8Array): Buffer {
    const piped = Buffer.from(bytes);
    piped[21] &= 0xf0;
    piped.fill(0, 22, 26);
    return piped;
  }

  test('that does not say how long it is is decoded in process, unless a frame is missing', async () => {
    const bytes = flac(24_000);
    const piped = withoutLength(bytes);
    const { samples } = await decodeFlac(piped, limits(), nowhere);
    expect(samples).toEqual((await decodeFlac(bytes, limits(), nowhere)).samples);

    const elsewhere = { samples: new Float32Array(5), duration: 3 };
    // Frames begin with the same four bytes.
    const first = piped.indexOf(Buffer.from([0xff, 0xf8]), 42);
    const sync = piped.subarray(first, first + 4);
    const frames: number[] = [];
    for (let at = first; at >= 0; at = piped.indexOf(sync, at + 1)) frames.push(at);
    expect(frames.length).toBeGreaterThan(15);
    const middle = frames[8];
    const damages: [string, Uint8Array][] = [
      ['a bit of a frame', piped.map((byte, i) => (i === middle + 50 ? byte ^ 0x10 : byte))],
      ['the header of a frame', piped.map((byte, i) => (i === middle ? 0 : byte))],
      ['a frame is cut out', Buffer.concat([piped.subarray(0, middle), piped.subarray(frames[9])])],
      ['the end is cut off', piped.subarray(0, frames[10] + 40)],
      ['a tag is behind it', Buffer.concat([piped, Buffer.from('TAG'), Buffer.alloc(125)])],
      ['another is behind it', Buffer.concat([piped, piped])],
    ];
    for (const [damage, file] of damages) {
      expect([damage, await decodeFlac(file, limits(), async () => elsewhere)]).toEqual([
        damage,
        elsewhere,
      ]);
    }
  });

  test('that is damaged is what came before the damage, where it cannot be decoded elsewhere', async () => {
    const bytes = flac(24_000);
    bytes[bytes.length >> 1] ^= 0x10;
    for (const code of ['audio-unreadable', 'decoder-missing'] as const) {
      const { duration } = await decodeFlac(bytes, limits(), async () => {
        throw new UndertoneError(code, 'No.');
      });
      expect(duration).toBeGreaterThan(0.2);
      expect(duration).toBeLessThan(1);
    }
    const timeout = new UndertoneError('decode-timeout', 'No.');
    await expect(decodeFlac(bytes, limits(), () => Promise.reject(timeout))).rejects.toBe(timeout);
  });

  test('without a whole header says so', async () => {
    const bytes = flac(8000);
    const other = bytes.slice();
    other[4] = 4;
    for (const file of [bytes.subarray(0, 41), other]) {
      await expect(decodeFlac(file, limits(), nowhere)).rejects.toMatchObject({
        code: 'audio-unreadable',
        message:
          'This FLAC file is damaged: its header is truncated. Record it again or export it again.',
      });
    }
  });

  test('in which no frame comes is searched no longer than to the deadline', async () => {
    const late = { maxSeconds: 60, deadline: performance.now() - 1 };
    const bytes = flac(8000).fill(0, 42);
    await expect(decodeFlac(bytes, late, nowhere)).rejects.toMatchObject({
      code: 'decode-timeout',
    });
  });

  test('without any metadata but its format is read to its end', async () => {
    const bytes = flac(1153);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    let at = 4;
    for (let isLast = false; !isLast; at += 4 + (view.getUint32(at) & 0xffffff))
      isLast = bytes[at] >= 0x80;
    // More than the format, which ends at byte 42, is there.
    expect(at).toBeGreaterThan(50);
    const bare = Buffer.concat([bytes.subarray(0, 42), bytes.subarray(at)]);
    bare[4] |= 0x80;
    expect((await decodeFlac(bare, limits(), nowhere)).duration).toBe(1153 / rate);
  });

  test('with a short last frame is read to its end', async () => {
    const lengths = [1, 2, 1152].map((last) => 20 * 1152 + last);
    const files = lengths.map(flac);
    vi.stubEnv('FFMPEG_BIN', '/nowhere/ffmpeg');
    for (const [i, bytes] of files.entries()) {
      expect((await decode(bytes)).duration).toBe(lengths[i] / rate);
    }
  });

  test.each<[string, (bytes: Buffer) => Uint8Array]>([
    [
      'a changed bit',
      (bytes) => {
        bytes[bytes.length >> 2] ^= 0x10;
        return bytes;
      },
    ],
    ['zeros in the middle', (bytes) => bytes.fill(0, bytes.length >> 1, (bytes.length >> 1) + 50)],
    ['a tag at its end', (bytes) => Buffer.concat([bytes, Buffer.from('TAG'), Buffer.alloc(125)])],
    ['another behind it', (bytes) => Buffer.concat([bytes, flac(rate)])],
  ])('with %s loses no more than is damaged', async (_, edit) => {
    const { duration } = await decode(edit(Buffer.from(flac(24_001))));
    expect(duration).toBeGreaterThan(1.5 - 2 * (1152 / rate));
  });

  test('that is damaged is read up to there without ffmpeg', async () => {
    const bytes = flac(24_000);
    vi.stubEnv('FFMPEG_BIN', '/nowhere/ffmpeg');
    expect((await decode(bytes.subarray(0, bytes.length >> 1))).duration).toBeGreaterThan(0.2);
    await expect(decode(bytes.subarray(0, 300))).rejects.toMatchObject({
      code: 'audio-unreadable',
    });
  });
});

/** Puts some bytes between two frames in the middle. */
function spliced(mp3: Uint8Array, junk: Uint8Array): Uint8Array {
  const first = readMp3(mp3)!;
  let at = 0;
  while (at < mp3.length / 2) at += lengthAt(mp3, at);
  expect(first.bytes.length).toBeGreaterThan(at);
  return Buffer.concat([mp3.subarray(0, at), junk, mp3.subarray(at)]);
}

/** Length of a frame: up to where the rest of the file is read as one stream again. */
function lengthAt(mp3: Uint8Array, at: number): number {
  let length = 24;
  while (!readMp3(mp3.subarray(at + length))) length++;
  return length;
}
