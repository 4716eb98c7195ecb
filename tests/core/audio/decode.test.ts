import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { findFfmpeg } from '../../../core/audio/find-ffmpeg.ts';
import { UndertoneError } from '../../../core/errors.ts';
import { decode, SAMPLE_RATE } from '../../../core/index.ts';
import { voiceLike, wavFile } from '../../fixtures/audio.ts';
import { encode, ffmpeg, hasFfmpeg } from '../../fixtures/encode.ts';

const voice = voiceLike({ seconds: 2, seed: 3 });
const wav = wavFile(voice);

/** Cross-correlation with the voice, normalised, where the samples are late by `lag`: 1 for the same sound. */
function correlation(samples: Float32Array, lag: number): number {
  let cross = 0;
  let a = 0;
  let b = 0;
  for (let i = 2000; i < 20_000; i += 5) {
    const x = samples[i + lag] ?? 0;
    cross += x * voice[i];
    a += x * x;
    b += voice[i] * voice[i];
  }
  return cross / Math.sqrt(a * b);
}

/** Largest correlation within ±100 ms, looked for in steps of a quarter of a millisecond, then around the best. */
function likeness(samples: Float32Array): number {
  const bestOf = (from: number, to: number, step: number) => {
    let best = { lag: from, value: correlation(samples, from) };
    for (let lag = from + step; lag <= to; lag += step) {
      const value = correlation(samples, lag);
      if (value > best.value) best = { lag, value };
    }
    return best;
  };
  const { lag } = bestOf(-1600, 1600, 4);
  return bestOf(lag - 4, lag + 4, 1).value;
}

afterEach(() => vi.unstubAllEnvs());

describe('WAV in process', () => {
  test.each([
    ['int8', 1 / 128],
    ['int16', 1 / 32_768],
    ['int24', 2 ** -23],
    ['int32', 2 ** -24], // float32 holds 24 bits
    ['float32', 0],
    ['float64', 0],
  ] as const)('%s', async (encoding, step) => {
    const { samples, duration } = await decode(wavFile(voice, { encoding }));
    expect(duration).toBe(2);
    expect(samples.length).toBe(voice.length);
    const worst = samples.reduce((max, s, i) => Math.max(max, Math.abs(s - voice[i])), 0);
    expect(worst).toBeLessThanOrEqual(step);
  });

  test('many channels are mixed with equal weights', async () => {
    const frames = new Float32Array(voice.length * 8);
    voice.forEach((sample, i) => {
      frames[i * 8 + 5] = sample;
    });
    const { samples } = await decode(wavFile(frames, { channels: 8, encoding: 'float32' }));
    expect(samples[5000]).toBeCloseTo(voice[5000] / 8, 5);
  });

  test.each([
    8000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000,
  ])('%i Hz keeps a tone and its level', async (sampleRate) => {
    const tone = Float32Array.from(
      { length: sampleRate },
      (_, i) => 0.5 * Math.sin((2 * Math.PI * 1000 * i) / sampleRate),
    );
    const { samples, duration } = await decode(wavFile(tone, { sampleRate, encoding: 'float32' }));
    expect(duration).toBe(1);
    expect(Math.abs(samples.length - SAMPLE_RATE)).toBeLessThanOrEqual(1);
    let worst = 0;
    for (let i = 200; i < SAMPLE_RATE - 200; i++) {
      const expected = 0.5 * Math.sin((2 * Math.PI * 1000 * i) / SAMPLE_RATE);
      worst = Math.max(worst, Math.abs(samples[i] - expected));
    }
    expect(worst).toBeLessThan(2e-3);
  });

  test('what cannot be heard at 16 kHz does not fold back', async () => {
    const rate = 48_000;
    const tone = Float32Array.from({ length: rate }, (_, i) =>
      Math.sin((2 * Math.PI * 9000 * i) / rate),
    );
    const { samples } = await decode(wavFile(tone, { sampleRate: rate, encoding: 'float32' }));
    // The tone's own beginning and end are heard at all frequencies.
    const middle = samples.subarray(1000, -1000);
    const rms = Math.sqrt(middle.reduce((sum, s) => sum + s * s, 0) / middle.length);
    expect(20 * Math.log10(rms / Math.SQRT1_2)).toBeLessThan(-50);
  });

  test('one sample is a recording', async () => {
    const { samples } = await decode(wavFile(new Float32Array([0.5])));
    expect(samples.length).toBe(1);
  });

  test('an extensible header is read', async () => {
    const plain = wavFile(voice);
    const bytes = new Uint8Array(plain.length + 24);
    const view = new DataView(bytes.buffer);
    bytes.set(plain.subarray(0, 36));
    view.setUint32(16, 40, true);
    view.setUint16(20, 0xfffe, true);
    view.setUint16(36, 22, true);
    view.setUint16(38, 16, true);
    view.setUint16(44, 1, true);
    bytes.set(plain.subarray(36), 60);
    expect((await decode(bytes)).samples[5000]).toBeCloseTo(voice[5000], 3);
  });
});

describe('WAV as some programs write it', () => {
  /** A WAV file with 16-byte format chunk whose fields are given, and the chunks around its samples. */
  function odd(options: {
    magic?: string;
    bits: number;
    bytes: number;
    /** They all have the same samples. */
    channels?: number;
    write: (view: DataView, at: number, sample: number) => void;
    before?: Uint8Array;
    after?: Uint8Array;
    dataSize?: number;
  }): Uint8Array {
    const {
      magic = 'RIFF',
      bits,
      bytes,
      channels = 1,
      write,
      before = new Uint8Array(),
      after = before,
    } = options;
    const frame = bytes * channels;
    const size = voice.length * frame;
    const head = Buffer.concat([Buffer.from(`${magic}....WAVE`), before, Buffer.alloc(32)]);
    const format = head.length - 32;
    head.write('fmt ', format);
    head.writeUInt32LE(16, format + 4);
    head.writeUInt16LE(1, format + 8);
    head.writeUInt16LE(channels, format + 10);
    head.writeUInt32LE(SAMPLE_RATE, format + 12);
    head.writeUInt32LE(SAMPLE_RATE * frame, format + 16);
    head.writeUInt16LE(frame, format + 20);
    head.writeUInt16LE(bits, format + 22);
    head.write('data', format + 24);
    head.writeUInt32LE(options.dataSize ?? size, format + 28);
    const data = Buffer.alloc(size);
    const view = new DataView(data.buffer, data.byteOffset, size);
    voice.forEach((sample, i) => {
      for (let c = 0; c < channels; c++) write(view, i * frame + c * bytes, sample);
    });
    return Buffer.concat([head, data, after === before ? Buffer.alloc(0) : after]);
  }
  const int16 = (view: DataView, at: number, sample: number) =>
    view.setInt16(at, Math.round(sample * 32_767), true);
  const junk = Buffer.concat([Buffer.from('LIST\x00\x10\x00\x00'), Buffer.alloc(4096, 0x55)]);

  test.each<[string, Parameters<typeof odd>[0]]>([
    [
      '24 bits in the upper part of four bytes',
      {
        bits: 24,
        bytes: 4,
        write: (view, at, sample) => view.setInt32(at, Math.round(sample * 0x7fffff) << 8, true),
      },
    ],
    [
      '24 bits in the lower part of four bytes',
      {
        bits: 24,
        bytes: 4,
        write: (view, at, sample) => view.setInt32(at, Math.round(sample * 0x7fffff), true),
      },
    ],
    [
      '20 bits in four bytes',
      {
        bits: 20,
        bytes: 4,
        write: (view, at, sample) => view.setInt32(at, Math.round(sample * 0x7ffff) << 12, true),
      },
    ],
    [
      '24 bits in four bytes of two channels',
      {
        bits: 24,
        bytes: 4,
        channels: 2,
        write: (view, at, sample) => view.setInt32(at, Math.round(sample * 0x7fffff) << 8, true),
      },
    ],
    [
      '20 bits in three bytes',
      {
        bits: 20,
        bytes: 3,
        write: (view, at, sample) => {
          const value = Math.round(sample * 0x7ffff) << 4;
          view.setUint8(at, value);
          view.setInt16(at + 1, value >> 8, true);
        },
      },
    ],
    [
      '12 bits in two bytes',
      {
        bits: 12,
        bytes: 2,
        write: (view, at, sample) => view.setInt16(at, Math.round(sample * 0x7ff) << 4, true),
      },
    ],
  ])('%s', async (_, options) => {
    const { samples, duration } = await decode(odd(options));
    expect(duration).toBe(2);
    expect(samples[5000]).toBeCloseTo(voice[5000], 2);
    expect(likeness(samples)).toBeGreaterThan(0.99);
  });

  test.each([
    'RF64',
    'BW64',
  ])('of more than four gigabytes (%s), with a chunk behind its samples', async (magic) => {
    const ds64 = Buffer.alloc(36);
    ds64.write('ds64');
    ds64.writeUInt32LE(28, 4);
    ds64.writeBigUInt64LE(BigInt(voice.length * 2), 16);
    const bytes = odd({
      ...{ magic, bits: 16, bytes: 2, write: int16, dataSize: 0xffffffff },
      ...{ before: ds64, after: junk },
    });
    expect((await decode(bytes)).duration).toBe(2);
  });
});

describe('the chunks of a WAV file', () => {
  const [format, data] = [wav.subarray(12, 36), wav.subarray(44)];
  const half = Math.floor(data.length / 4) * 2;
  const chunk = (id: string, content: Uint8Array, pad = content.length % 2) => {
    const head = Buffer.from(`${id}....`);
    head.writeUInt32LE(content.length, 4);
    return Buffer.concat([head, content, Buffer.alloc(pad)]);
  };
  const file = (...chunks: Uint8Array[]) => Buffer.concat([Buffer.from('RIFF....WAVE'), ...chunks]);
  const other = chunk('LIST', Buffer.alloc(100, 0x55));
  const odd = (pad: number) => chunk('junk', Buffer.alloc(33, 0x55), pad);
  const [first, second] = [
    chunk('data', data.subarray(0, half)),
    chunk('data', data.subarray(half)),
  ];

  test.each<[string, Uint8Array]>([
    ['the samples in two of them', file(format, first, other, second, other)],
    ['an odd size and a zero behind it', file(format, odd(1), first, odd(1), second)],
    ['an odd size and nothing behind it', file(format, odd(0), first, odd(0), second)],
    ['the format behind the samples', file(first, format, second)],
    [
      'another file behind them, as when files are appended',
      Buffer.concat([file(format, first, other), file(format, second, other)]),
    ],
    ['a broken file behind them', Buffer.concat([file(format, chunk('data', data)), file(other)])],
  ])('with %s are read', async (_, bytes) => {
    const { samples, duration } = await decode(bytes);
    expect(duration).toBe(2);
    expect(likeness(samples)).toBeGreaterThan(0.99);
  });

  test('of which appended files have other rates are read as well', async () => {
    const slow = wavFile(voice.subarray(0, 8000), { sampleRate: 8000 });
    expect((await decode(Buffer.concat([wav, slow]))).duration).toBe(3);
  });

  test('behind no samples are not heard as samples', async () => {
    const empty = file(format, chunk('data', new Uint8Array()), other);
    await expect(decode(empty)).rejects.toMatchObject({ code: 'audio-unreadable' });
    // A recorder that was interrupted leaves the same size.
    const open = file(format, chunk('data', new Uint8Array()), data);
    expect((await decode(open)).duration).toBe(2);
    // Its first samples may look like a chunk, but not like one that fits.
    const alike = Buffer.concat([Buffer.from('abcd\x7f\x7f\x7f\x7f'), data.subarray(8)]);
    const looking = file(format, chunk('data', new Uint8Array()), alike);
    expect((await decode(looking)).duration).toBe(2);
  });
});

describe('two channels', () => {
  const stereo = (right: (sample: number, i: number) => number) => {
    const frames = new Float32Array(voice.length * 2);
    voice.forEach((sample, i) => {
      frames[2 * i] = sample;
      frames[2 * i + 1] = right(sample, i);
    });
    return wavFile(frames, { channels: 2, encoding: 'float32' });
  };
  const level = (samples: Float32Array) =>
    Math.sqrt(samples.reduce((sum, s) => sum + s * s, 0) / samples.length);

  test.each<[string, (sample: number, i: number) => number, number]>([
    ['of opposite phase are not their residue', (sample) => -sample, 1],
    ['of nearly opposite phase neither', (sample) => -0.9 * sample, 1],
    ['of which one is silent are half of the other', () => 0, 0.5],
    ['that are the same are one', (sample) => sample, 1],
  ])('%s', async (_, right, expected) => {
    const { samples } = await decode(stereo(right));
    expect(likeness(samples)).toBeGreaterThan(0.99);
    expect(level(samples) / level(voice)).toBeCloseTo(expected, 2);
  });

  test('that are unrelated are mixed', async () => {
    const other = voiceLike({ seconds: 2, seed: 9 });
    const { samples } = await decode(stereo((_, i) => other[i]));
    expect(samples[5000]).toBeCloseTo((voice[5000] + other[5000]) / 2, 4);
  });

  test.each([
    ['two of four', [1, -1, 0, 0]],
    ['four of four', [1, -1, -1, 1]],
    ['the last of six', [0, 0, 0, 0, -1, 1]],
    ['the sides of an ambience (W, X, Y, Z)', [0.7, -0.7, 0.3, -0.3]],
  ])('of opposite phase, %s, are heard', async (_, signs) => {
    const frames = new Float32Array(voice.length * signs.length);
    for (let i = 0; i < frames.length; i++) {
      frames[i] = signs[i % signs.length] * voice[Math.floor(i / signs.length)];
    }
    const { samples } = await decode(
      wavFile(frames, { channels: signs.length, encoding: 'float32' }),
    );
    const sign = Math.sign(samples[5000] * voice[5000]);
    expect(likeness(samples.map((sample) => sign * sample))).toBeGreaterThan(0.99);
  });

  test.skipIf(!hasFfmpeg).each(['m4a', 'mp3', 'opus', 'flac'])(
    'of opposite phase are heard in %s',
    async (extension) => {
      const output = `OUT.${extension}`;
      const bytes = ffmpeg(
        ['-i', 'IN.wav', output],
        stereo((sample) => -sample),
        output,
      );
      const { samples } = await decode(bytes);
      expect(level(samples) / level(voice)).toBeGreaterThan(0.7);
    },
  );
});

describe('what precedes a recording', () => {
  const note = readFileSync(new URL('../../../samples/plain.ogg', import.meta.url));
  const id3 = (size: number) => {
    const tag = Buffer.alloc(10 + size, 0x41);
    tag.write('ID3\x03\x00\x00');
    for (const [i, shift] of [21, 14, 7, 0].entries()) tag[6 + i] = (size >> shift) & 0x7f;
    return tag;
  };
  const ape = Buffer.alloc(32 + 100, 0x42);
  ape.write('APETAGEX');
  ape.writeUInt32LE(2000, 8);
  ape.writeUInt32LE(100, 12);
  const cases: [string, Uint8Array][] = [
    ['a tag (ID3)', id3(300)],
    ['two tags', Buffer.concat([id3(10), id3(4000)])],
    ['a tag (APE)', ape],
    ['zeros', Buffer.alloc(1000)],
    ['many zeros', Buffer.alloc(100_000)],
    ['what a script printed', Buffer.from('\ufeff\r\n \n')],
    ['the header of HTTP/2', Buffer.from('HTTP/2 200 \r\ncontent-type: audio/ogg\r\n\r\n')],
    ['a form', Buffer.from('--x\r\nContent-Disposition: form-data; name="é"\r\n\r\n')],
    ['ones', Buffer.alloc(1000, 0xff)],
    ['a web server’s header', Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: audio/ogg\r\n\r\n')],
    ['a radio station’s header', Buffer.from('ICY 200 OK\r\nicy-name: x\r\n\r\n')],
  ];

  test.each(cases)('does not hide a WAV or Ogg file: %s', async (_, before) => {
    const heard = await decode(Buffer.concat([before, wav]));
    expect(heard.duration).toBe(2);
    expect(likeness(heard.samples)).toBeGreaterThan(0.99);
    const plain = await decode(note);
    expect((await decode(Buffer.concat([before, note]))).samples).toEqual(plain.samples);
  });

  test.skipIf(!hasFfmpeg).each(cases)(
    'does not hide an MP3, AAC, M4A or AIFF file: %s',
    async (_, before) => {
      for (const extension of ['mp3', 'aac', 'm4a', 'aiff'] as const) {
        const output = `OUT.${extension}`;
        const bytes = ffmpeg(['-i', 'IN.wav', output], wav, output);
        const { samples } = await decode(Buffer.concat([before, bytes]));
        expect(likeness(samples), extension).toBeGreaterThan(0.9);
      }
    },
  );

  test.skipIf(!hasFfmpeg).each(['mp3', 'aac'] as const)(
    'is part of a frame: an %s cut anywhere',
    async (extension) => {
      const output = `OUT.${extension}`;
      const bytes = ffmpeg(['-i', 'IN.wav', output], wav, output);
      for (const cut of [50, 333, 1001]) {
        expect((await decode(bytes.subarray(cut))).duration).toBeGreaterThan(1.5);
      }
    },
  );
});

describe('a chain of Ogg files', () => {
  const note = readFileSync(new URL('../../../samples/plain.ogg', import.meta.url));
  const long = readFileSync(new URL('../../../samples/long.ogg', import.meta.url));

  test('is heard to the end of each', async () => {
    const [one, other] = [await decode(note), await decode(long)];
    for (const links of [
      [note, note],
      [note, long, note],
    ]) {
      const expected = links.reduce((sum, l) => sum + (l === note ? one : other).duration, 0);
      expect((await decode(Buffer.concat(links))).duration).toBeCloseTo(expected, 3);
    }
  });
});

test.skipIf(!hasFfmpeg)('a chain of Ogg files of several codecs is heard to the end', async () => {
  const note = readFileSync(new URL('../../../samples/plain.ogg', import.meta.url));
  const { duration } = await decode(note);
  const links = ['libvorbis', 'flac'].map((codec) => encode(wav, 'ogg', ['-c:a', codec]));
  const chain = Buffer.concat([note, links[0], note, links[1]]);
  expect((await decode(chain)).duration).toBeCloseTo(2 * duration + 4, 1);
  await expect(decode(chain, { maxSeconds: 10 })).rejects.toMatchObject({ code: 'audio-too-long' });
});

test('Ogg Opus in process: the sample note has its length and sounds', async () => {
  const bytes = readFileSync(new URL('../../../samples/plain.ogg', import.meta.url));
  const { samples, duration } = await decode(bytes);
  expect(duration).toBeGreaterThan(3);
  expect(samples.length).toBe(Math.ceil(duration * SAMPLE_RATE));
});

describe.skipIf(!hasFfmpeg)('encoded by ffmpeg', () => {
  test.each([
    ['mp3', ['-b:a', '64k']],
    ['m4a', ['-c:a', 'aac']],
    ['mp4', ['-c:a', 'aac']],
    ['aac', ['-c:a', 'aac']],
    ['flac', []],
    ['webm', ['-c:a', 'libopus']],
    ['mka', ['-c:a', 'libvorbis']],
    ['ogg', ['-c:a', 'libvorbis']],
    ['ogg', ['-c:a', 'libopus', '-b:a', '32k']],
    ['ogg', ['-c:a', 'flac']],
    ['caf', ['-c:a', 'pcm_s16le']],
    ['aiff', []],
    ['au', []],
    ['w64', []],
    ['wv', []],
    ['wma', []],
    ['wav', ['-c:a', 'pcm_alaw']],
    ['wav', ['-c:a', 'adpcm_ms']],
    ['wav', ['-rf64', 'always']],
  ])('%s %j sounds the same', async (extension, options) => {
    const { samples, duration } = await decode(encode(wav, extension, options));
    expect(Math.abs(duration - 2)).toBeLessThan(0.15);
    expect(likeness(samples)).toBeGreaterThan(0.9);
  });

  test('an MP4 whose index comes last, and one whose index comes first', async () => {
    const last = encode(wav, 'm4a', ['-c:a', 'aac']);
    const first = encode(wav, 'm4a', ['-c:a', 'aac', '-movflags', '+faststart']);
    for (const bytes of [last, first]) {
      expect((await decode(bytes)).samples.length).toBeGreaterThan(1.8 * SAMPLE_RATE);
    }
  });

  test('a video without sound says that it has no audio track', async () => {
    const video = ffmpeg(
      ['-f', 'lavfi', '-i', 'color=red:size=64x64:duration=1', '-an', 'OUT.mp4'],
      wav,
      'OUT.mp4',
    );
    await expect(decode(video)).rejects.toMatchObject({
      code: 'audio-unreadable',
      message: expect.stringContaining('no audio track'),
    });
  });

  test('a video with sound is heard', async () => {
    const video = ffmpeg(
      ['-f', 'lavfi', '-i', 'color=red:size=64x64:duration=2', '-i', 'IN.wav', 'OUT.mp4'],
      wav,
      'OUT.mp4',
    );
    expect(likeness((await decode(video)).samples)).toBeGreaterThan(0.9);
  });

  test.each([
    'mov',
    'mkv',
  ])('no decoder of video is opened for the pictures of a %s', async (extension) => {
    const pictures = ['-f', 'lavfi', '-i', 'testsrc=size=64x64:rate=5:duration=2'];
    const output = `OUT.${extension}`;
    const options = [...pictures, '-i', 'IN.wav', '-c:v', 'magicyuv', '-c:a', 'aac', output];
    const video = ffmpeg(options, wav, output);
    const folder = mkdtempSync(join(tmpdir(), 'undertone-decoders-'));
    try {
      const log = join(folder, 'log');
      const wrapper = join(folder, 'ffmpeg');
      writeFileSync(wrapper, `#!/bin/sh\nexec '${findFfmpeg()}' "$@" 2>'${log}'\n`, {
        mode: 0o700,
      });
      vi.stubEnv('FFMPEG_BIN', wrapper);
      expect(likeness((await decode(video)).samples)).toBeGreaterThan(0.9);
      expect(readFileSync(log, 'utf8')).toMatch(/Codec \(magicyuv\) not on whitelist/);
    } finally {
      vi.unstubAllEnvs();
      rmSync(folder, { recursive: true });
    }
  });

  test.each([
    ['mp3', ['-id3v2_version', '3']],
    ['m4a', ['-c:a', 'aac', '-disposition:v', 'attached_pic']],
  ])('cover art in an %s does not hide the sound', async (extension, options) => {
    const picture = ['-f', 'lavfi', '-i', 'testsrc=size=64x64:duration=1:rate=1'];
    const output = `OUT.${extension}`;
    const art = [...picture, '-i', 'IN.wav', '-map', '1', '-map', '0', '-c:v', 'png'];
    const song = ffmpeg([...art, ...options, output], wav, output);
    expect(likeness((await decode(song)).samples)).toBeGreaterThan(0.9);
  });

  test('an ID3 tag before FLAC does not hide it', async () => {
    const flac = encode(wav, 'flac');
    const tag = new Uint8Array(10 + 20);
    tag.set([0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, 20]);
    const tagged = new Uint8Array([...tag, ...flac]);
    expect(likeness((await decode(tagged)).samples)).toBeGreaterThan(0.99);
  });

  test('a FLAC file after another one is decoded by the same instance, as if it were the first', async () => {
    const flac = encode(wav, 'flac');
    const first = await decode(flac);
    // The types of Node leave it out.
    const { WebAssembly } = globalThis as unknown as {
      WebAssembly: { instantiate(): Promise<unknown> };
    };
    const instantiate = vi.spyOn(WebAssembly, 'instantiate');
    expect(await decode(flac)).toEqual(first);
    expect(instantiate).not.toHaveBeenCalled();
    instantiate.mockRestore();
  });

  test('stereo Opus and FLAC are mixed', async () => {
    for (const [extension, codec] of [
      ['ogg', 'libopus'],
      ['flac', 'flac'],
    ]) {
      const stereo = encode(wav, extension, ['-ac', '2', '-c:a', codec]);
      expect(likeness((await decode(stereo)).samples)).toBeGreaterThan(0.95);
    }
  });

  test('without ffmpeg the error says how to get it, and WAV, FLAC, Opus and MP3 still work', async () => {
    const m4a = encode(wav, 'm4a');
    const mp3 = encode(wav, 'mp3');
    const flac = encode(wav, 'flac');
    const opus = encode(wav, 'ogg', ['-c:a', 'libopus']);
    vi.stubEnv('FFMPEG_BIN', '/nowhere/ffmpeg');
    await expect(decode(m4a)).rejects.toMatchObject({
      code: 'decoder-missing',
      message: expect.stringMatching(/apt install ffmpeg.*FFMPEG_BIN/),
    });
    for (const bytes of [wav, flac, opus, mp3]) await decode(bytes);
  });

  test('a decoder that hangs is stopped at the deadline', async () => {
    const m4a = encode(wav, 'm4a');
    await expect(decode(m4a, { timeoutMs: 1 })).rejects.toMatchObject({ code: 'decode-timeout' });
  });

  test.each([Number.POSITIVE_INFINITY, 2 ** 40])('has all the time in %d ms', async (timeoutMs) => {
    const { duration } = await decode(encode(wav, 'm4a'), { timeoutMs });
    expect(duration).toBeGreaterThan(0);
  });
});

describe('limits', () => {
  test('too many bytes', async () => {
    await expect(decode(wav, { maxBytes: 1000 })).rejects.toMatchObject({
      code: 'audio-too-large',
    });
  });

  test('too many seconds', async () => {
    await expect(decode(wav, { maxSeconds: 1 })).rejects.toMatchObject({ code: 'audio-too-long' });
  });

  test.skipIf(!hasFfmpeg).each(['mp3', 'flac', 'ogg'])(
    'too many seconds of %s',
    async (extension) => {
      const options = extension === 'ogg' ? ['-c:a', 'libopus'] : [];
      const bytes = encode(wav, extension, options);
      await expect(decode(bytes, { maxSeconds: 1 })).rejects.toMatchObject({
        code: 'audio-too-long',
      });
    },
  );
});

test('every failure is an UndertoneError with a sentence', async () => {
  const error = await decode(new Uint8Array(0)).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UndertoneError);
  expect((error as UndertoneError).message).toMatch(/\. .*\.$/);
});
