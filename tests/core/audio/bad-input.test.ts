import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { oggChecksum } from '../../../core/audio/ogg.ts';
import { readWavHeader } from '../../../core/audio/wav.ts';
import { type ErrorCode, UndertoneError } from '../../../core/errors.ts';
import { type DecodeOptions, decode } from '../../../core/index.ts';
import { silence, voiceLike, wavFile } from '../../fixtures/audio.ts';
import { encode, ffmpeg, hasFfmpeg } from '../../fixtures/encode.ts';
import { oggPage, opusSilence } from '../../fixtures/ogg.ts';
import { opusPackets, webmFile } from '../../fixtures/webm.ts';

const text = (content: string) => new TextEncoder().encode(content);

/** Decodes and returns the code of the named error, or 'decoded'. Anything else fails the test. */
async function outcome(bytes: Uint8Array, options?: DecodeOptions): Promise<ErrorCode | 'decoded'> {
  try {
    const { samples } = await decode(bytes, options);
    expect(samples.every(Number.isFinite)).toBe(true);
    return 'decoded';
  } catch (error) {
    expect(error).toBeInstanceOf(UndertoneError);
    const { code, message } = error as UndertoneError;
    expect(code).not.toBe('internal');
    expect(message).not.toMatch(/undefined|null|NaN|Error:|\bat \//);
    return code;
  }
}

describe('what is no recording', () => {
  const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]);
  const zip = new Uint8Array([0x50, 0x4b, 3, 4, 20, 0, 0, 0]);
  test.each<[string, Uint8Array, ErrorCode]>([
    ['nothing', new Uint8Array(0), 'audio-missing'],
    ['one byte', new Uint8Array([7]), 'format-unsupported'],
    ['text', text('I am so happy today!'), 'format-unsupported'],
    ['a PNG image', png, 'format-unsupported'],
    ['a ZIP archive', zip, 'format-unsupported'],
    ['an HLS playlist', text('#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n'), 'format-unsupported'],
    ['a concat script', text("ffconcat version 1.0\nfile '/etc/passwd'\n"), 'format-unsupported'],
    ['a program', text('\x7fELF\x02\x01\x01'), 'format-unsupported'],
    ['a picture in an ISO file', text('\0\0\0\x18ftypavif\0\0\0\0'), 'format-unsupported'],
    ['a RIFF file that is not WAVE', text('RIFF\x04\0\0\0AVI LIST'), 'format-unsupported'],
    ['a WAV of 12 bytes', text('RIFF\x04\0\0\0WAVE'), 'audio-unreadable'],
    ['Opus without a sample', opusSilence({ hours: 0 }), 'audio-unreadable'],
    ['an Ogg page that breaks off', text('OggS\0\x02'), 'audio-unreadable'],
    ['a FLAC of 4 bytes', text('fLaC'), 'audio-unreadable'],
  ])('%s', async (_, bytes, code) => {
    expect(await outcome(bytes)).toBe(code);
  });

  test('the error names what was sent', async () => {
    await expect(decode(png)).rejects.toThrow('This is a PNG image, not a recording.');
  });
});

const opusFile = readFileSync(new URL('../../../samples/plain.ogg', import.meta.url));

test.each<[string, Buffer, string]>([
  ['text in UTF-16', Buffer.from('\ufeffDear diary, today', 'utf16le'), 'text in UTF-16'],
  ['SILK', Buffer.from('\x02#!SILK_V3 and so on', 'latin1'), 'SILK'],
  ['a Flash video', Buffer.from('FLV\x01\x05\0\0\0\x09', 'latin1'), 'a Flash video'],
  ['an AVI video', Buffer.from('RIFF\0\0\0\0AVI LIST', 'latin1'), 'an AVI video'],
  [
    'a transport stream',
    Buffer.alloc(376, 0).fill('G', 0, 1).fill('G', 188, 189),
    'transport stream',
  ],
  ['a tar archive', Buffer.concat([Buffer.alloc(257, 'a'), Buffer.from('ustar')]), 'a tar archive'],
  ['what macOS keeps beside files', Buffer.from('\0\x05\x16\x07\0\x02\0\0'), 'macOS'],
  ['NIST SPHERE', Buffer.from('NIST_1A\n   1024\n'), 'SPHERE'],
  ['DTS', Buffer.from('\x7f\xfe\x80\x01\0\0\0\0', 'latin1'), 'DTS'],
  ['True Audio', Buffer.from('TTA1\x01\0', 'latin1'), 'True Audio'],
  ['RealMedia', Buffer.from('.RMF\0\0\0\x12', 'latin1'), 'RealMedia'],
  ['a slice of MP4', Buffer.from('\0\0\0\x18stypmsdh', 'latin1'), 'without its beginning'],
  ['a slice of Ogg', opusFile.subarray(1000), 'without its beginning, of an Ogg file'],
  [
    'a slice of WebM',
    Buffer.from('\xa3\x84\x81\0\0\x80..\x1f\x43\xb6\x75', 'latin1'),
    'a WebM file',
  ],
  ['bzip2', Buffer.from('BZh91AY&SY', 'latin1'), 'a bzip2 archive'],
  ['XZ', Buffer.from('\xfd7zXZ\0', 'latin1'), 'an XZ archive'],
  ['Zstandard', Buffer.from('\x28\xb5\x2f\xfd\x24', 'latin1'), 'a Zstandard archive'],
  ['text in UTF-8, with a character cut in two', Buffer.from(`${'x'.repeat(511)}é`), 'text'],
  ['samples without a header (A-law)', Buffer.alloc(2000, '\xd5\x54', 'latin1'), 'unknown type'],
  ['AC-3', Buffer.from('\x0b\x77\0\0\0\0\0\0', 'latin1'), 'AC-3'],
])('is named: %s', async (_, bytes, name) => {
  const error = await decode(bytes).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'format-unsupported' });
  expect(error.message).toContain(name);
});

test.skipIf(!hasFfmpeg).each([
  ['ts', [], 'transport stream'],
  ['ts', ['-mpegts_m2ts_mode', '1'], 'transport stream'],
  ['avi', ['-c:a', 'libmp3lame'], 'an AVI video'],
] as const)(
  'the frames in it are not taken for a recording: %s %j',
  async (extension, options, name) => {
    const bytes = encode(wavFile(voiceLike({ seconds: 2 })), extension, [...options]);
    await expect(decode(bytes)).rejects.toMatchObject({
      code: 'format-unsupported',
      message: expect.stringContaining(name),
    });
  },
);

test('an Ogg file without its first page says so', async () => {
  await expect(decode(opusFile.subarray(opusFile.indexOf('OggS', 1)))).rejects.toThrow(
    'its beginning is missing',
  );
});

describe('WAV headers that lie', () => {
  const note = wavFile(voiceLike({ seconds: 0.5 }));
  const patched = (edit: (view: DataView) => void) => {
    const bytes = note.slice();
    edit(new DataView(bytes.buffer));
    return bytes;
  };
  test.each<[string, Uint8Array, ErrorCode | 'decoded']>([
    ['a data size of 4 GB', patched((v) => v.setUint32(40, 0xfffffffe, true)), 'decoded'],
    ['a RIFF size of 0', patched((v) => v.setUint32(4, 0, true)), 'decoded'],
    ['no channels', patched((v) => v.setUint16(22, 0, true)), 'audio-unreadable'],
    ['60000 channels', patched((v) => v.setUint16(22, 60_000, true)), 'audio-unreadable'],
    ['a rate of 0', patched((v) => v.setUint32(24, 0, true)), 'audio-unreadable'],
    ['a rate of 4 GHz', patched((v) => v.setUint32(24, 0xffffffff, true)), 'audio-unreadable'],
    ['a block align of 0', patched((v) => v.setUint16(32, 0, true)), 'decoded'],
    ['samples of 0 bits', patched((v) => v.setUint16(34, 0, true)), 'audio-unreadable'],
    ['samples of 7 bits', patched((v) => v.setUint16(34, 7, true)), 'audio-unreadable'],
    ['samples of 40 bits', patched((v) => v.setUint16(34, 40, true)), 'audio-unreadable'],
    [
      'a format chunk of 4 GB',
      patched((v) => v.setUint32(16, 0xfffffff0, true)),
      'audio-unreadable',
    ],
    ['no samples', wavFile(new Float32Array(0)), 'audio-unreadable'],
    [
      'sizes of more than four gigabytes that break off',
      Buffer.from('RF64\xff\xff\xff\xffWAVEds64\x1c\0\0\0\0\0', 'latin1'),
      'audio-unreadable',
    ],
  ])('%s', async (_, bytes, expected) => {
    expect(await outcome(bytes)).toBe(expected);
  });

  test('NaN and infinite samples become silence', async () => {
    const broken = wavFile(new Float32Array([Number.NaN, Number.POSITIVE_INFINITY, 0.25, -1e30]), {
      encoding: 'float32',
    });
    new DataView(broken.buffer).setFloat32(44, Number.NaN, true);
    new DataView(broken.buffer).setFloat32(48, Number.POSITIVE_INFINITY, true);
    const { samples } = await decode(broken);
    expect(Array.from(samples.slice(0, 3))).toEqual([0, 0, 0.25]);
  });

  test('any bytes behind a RIFF header end in a format, a null or a named error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 120 }), (tail) => {
        const bytes = new Uint8Array([...text('RIFF\xff\xff\xff\x7fWAVE').slice(0, 12), ...tail]);
        try {
          const format = readWavHeader(bytes);
          if (format) expect(format.dataEnd).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(UndertoneError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('any change of the header of a real file ends in samples or a named error', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 12, max: 43 }), fc.integer({ min: 0, max: 255 })), {
          minLength: 1,
          maxLength: 6,
        }),
        async (edits) => {
          const bytes = note.slice();
          for (const [at, value] of edits) bytes[at] = value;
          // Compressed formats go to ffmpeg, which is too slow to be asked hundreds of times.
          const isPcm = [1, 3].includes(bytes[20]) && bytes[21] === 0;
          if (isPcm) await outcome(bytes);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('recordings that break off', () => {
  const note = wavFile(voiceLike({ seconds: 1 }));
  const opus = readFileSync(new URL('../../../samples/plain.ogg', import.meta.url));
  const tenths = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const cases: [string, Uint8Array][] = [
    ['WAV', note],
    ['Ogg Opus', new Uint8Array(opus)],
  ];
  if (hasFfmpeg) {
    cases.push(
      ['MP3', encode(note, 'mp3')],
      ['M4A', encode(note, 'm4a', ['-c:a', 'aac'])],
      ['FLAC', encode(note, 'flac')],
      ['WebM', encode(note, 'webm', ['-c:a', 'libopus'])],
    );
  }

  test.each(cases)('%s at every tenth', async (_, bytes) => {
    for (const tenth of tenths) {
      const result = await outcome(bytes.subarray(0, Math.floor((bytes.length * tenth) / 10)));
      expect(['decoded', 'audio-unreadable', 'audio-missing']).toContain(result);
    }
    expect(await outcome(bytes)).toBe('decoded');
  });
});

describe('damage in the middle', () => {
  // The decoders of FLAC and Opus write to the console when they meet damage.
  beforeAll(() => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    vi.spyOn(console, 'warn').mockImplementation(() => {});
  });
  afterAll(() => vi.restoreAllMocks());

  const opus = new Uint8Array(readFileSync(new URL('../../../samples/plain.ogg', import.meta.url)));

  test('Ogg Opus with changed bytes still ends well', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(opus.length - 1), fc.integer({ min: 0, max: 255 })), {
          minLength: 1,
          maxLength: 20,
        }),
        async (edits) => {
          const bytes = opus.slice();
          for (const [at, value] of edits) bytes[at] = value;
          await outcome(bytes);
        },
      ),
      { numRuns: 60 },
    );
  });

  test.skipIf(!hasFfmpeg)('FLAC with changed bytes still ends well', async () => {
    const flac = encode(wavFile(voiceLike({ seconds: 1 })), 'flac');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(flac.length - 1), fc.integer({ min: 0, max: 255 })), {
          minLength: 1,
          maxLength: 20,
        }),
        async (edits) => {
          const bytes = flac.slice();
          for (const [at, value] of edits) bytes[at] = value;
          await outcome(bytes);
        },
      ),
      { numRuns: 10 },
    );
  });
});

describe('what is repeated takes no more than its share of time', () => {
  const MOST_MS = 2_000;
  const opus = new Uint8Array(readFileSync(new URL('../../../samples/plain.ogg', import.meta.url)));
  const { head, packets } = opusPackets(opus);
  const repeated = (bytes: Uint8Array, size: number) => new Uint8Array(Buffer.alloc(size, bytes));
  /** One packet that goes on over many pages of one segment. */
  const longPacket = (size: number) => {
    const page = (isContinued: boolean) => {
      const bytes = new Uint8Array(28 + 255).fill(1);
      bytes.set(text('OggS\0'));
      bytes.fill(0, 5, 26);
      bytes.set([1, 255], 26);
      if (isContinued) bytes[5] = 1;
      new DataView(bytes.buffer).setUint32(22, oggChecksum(bytes), true);
      return bytes;
    };
    return Buffer.concat([oggPage([head], 0n, 2, 0), page(false), repeated(page(true), size)]);
  };
  // A stream without a frame, in which the decoder looks for one.
  const flacHead = new Uint8Array(42);
  flacHead.set(text('fLaC'));
  flacHead.set([0x80, 0, 0, 34, 16, 0, 16, 0], 4);
  flacHead.set([3, 0xe8, 0, 0xf0], 18);
  const sync = new Uint8Array([0xff, 0xf8, 0xc9, 0x18, 0]);

  test.each<[string, Uint8Array, ErrorCode | 'decoded', DecodeOptions?]>([
    ['beginnings of Ogg pages', repeated(text('OggS'), 2 ** 20), 'audio-unreadable'],
    ['pages that one packet goes on over', longPacket(283 * 40_000), 'audio-unreadable'],
    [
      'zeros in the name of a codec',
      webmFile({ head, packets: packets.slice(0, 9), codec: `A_OPUS${'\0'.repeat(2 ** 17)}x` }),
      'decoded',
    ],
    ['headers of a radio station', repeated(text('ICY \r\n\r\n'), 2 ** 20), 'format-unsupported'],
    ['colons', repeated(text(':'), 2 ** 20), 'format-unsupported'],
    ['names of headers without an end', repeated(text('a:'), 2 ** 20), 'format-unsupported'],
    ['headers without an end', repeated(text('a: b\r\n'), 2 ** 20), 'format-unsupported'],
    ['dashes', repeated(text('-'), 2 ** 20), 'format-unsupported'],
    ['runs of padding', repeated(new Uint8Array([0, 255, 255]), 2 ** 22), 'format-unsupported'],
    [
      'beginnings of FLAC frames, ended at the deadline',
      Buffer.concat([flacHead, repeated(sync, 2 ** 22)]),
      'decode-timeout',
      { timeoutMs: 100 },
    ],
  ])('%s', async (_, bytes, expected, options) => {
    const before = process.cpuUsage();
    expect(await outcome(bytes, options)).toBe(expected);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(MOST_MS);
  });
});

test('pages without a packet do not fill the memory', async () => {
  const opus = readFileSync(new URL('../../../samples/plain.ogg', import.meta.url));
  const { head } = opusPackets(opus);
  const empty = Buffer.alloc(20 * 2 ** 20, oggPage([], 0n, 0, 0));
  const before = process.memoryUsage.rss();
  expect(await outcome(Buffer.concat([oggPage([head], 0n, 2, 0), empty]))).toBe('audio-unreadable');
  expect(process.memoryUsage.rss() - before).toBeLessThan(150 * 2 ** 20);
});

describe('bombs', () => {
  test.each([false, true])('ten hours of silence as a small Opus file (lies: %s)', async (lies) => {
    const bytes = opusSilence({ hours: 10, lies });
    expect(bytes.length).toBeLessThan(2 * 2 ** 20);
    const before = process.memoryUsage().rss;
    expect(await outcome(bytes)).toBe('audio-too-long');
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 2 ** 20);
  });

  test.skipIf(!hasFfmpeg)('an hour of silence as a small FLAC file', async () => {
    const options = ['-f', 'lavfi', '-i', 'anullsrc=r=8000:cl=mono', '-t', '3600', 'OUT.flac'];
    const bytes = ffmpeg(options, wavFile(silence({ seconds: 0.1 })), 'OUT.flac');
    expect(await outcome(bytes)).toBe('audio-too-long');
  });
});
