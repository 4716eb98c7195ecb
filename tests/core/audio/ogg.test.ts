import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { decode } from '../../../core/node/decode.ts';
import { oggPage } from '../../fixtures/ogg.ts';
import { opusPackets, webmFile } from '../../fixtures/webm.ts';

const { head, packets } = opusPackets(
  new Uint8Array(readFileSync(new URL('../../../samples/plain.ogg', import.meta.url))),
);
const sound = packets.slice(0, 100).map(({ data }) => data);
/** Packets on a page, and granules (at 48 kHz) in a packet. */
const ON_A_PAGE = 10;
const IN_A_PACKET = 960;
const IN_A_PAGE = ON_A_PAGE * IN_A_PACKET;

/** The header with another gain, in 256ths of a decibel, and another number of granules to skip. */
function headWith({ gain = 0, preSkip = 312 }): Uint8Array {
  const bytes = head.slice();
  const view = new DataView(bytes.buffer);
  view.setUint16(10, preSkip, true);
  view.setInt16(16, gain, true);
  return bytes;
}

interface OggOptions {
  readonly header?: Uint8Array;
  /** Position at which the sound begins. */
  readonly start?: number;
  /** Granules of the last page that are padding. */
  readonly padding?: number;
  readonly edit?: (pages: Uint8Array[]) => Uint8Array[];
}

/** A file of two seconds, with ten pages of sound. */
function oggFile({
  header = headWith({}),
  start = 0,
  padding = 0,
  edit = (pages) => pages,
}: OggOptions = {}): Uint8Array {
  const pages: Uint8Array[] = [];
  for (let at = 0; at < sound.length; at += ON_A_PAGE) {
    const isLast = at + ON_A_PAGE === sound.length;
    const position = start + (at + ON_A_PAGE) * IN_A_PACKET - (isLast ? padding : 0);
    const flags = isLast ? 4 : 0;
    pages.push(oggPage(sound.slice(at, at + ON_A_PAGE), BigInt(position), flags, pages.length + 2));
  }
  const tags = oggPage([new TextEncoder().encode('OpusTags\0\0\0\0\0\0\0\0')], 0n, 0, 1);
  return Buffer.concat([oggPage([header], 0n, 2, 0), tags, ...edit(pages)]);
}

/** Seconds that some granules take, of which the header says how many are skipped. */
const seconds = (granules: number) => (granules - 312) / 48_000;
const whole = seconds(sound.length * IN_A_PACKET);

beforeEach(() => {
  // So that whatever is decoded is decoded here.
  vi.stubEnv('FFMPEG_BIN', '/nowhere/ffmpeg');
});
afterEach(() => vi.unstubAllEnvs());

describe('the positions of an Ogg Opus file', () => {
  test.each<[string, OggOptions, number]>([
    ['cut off padding at the end', { padding: 600 }, whole - 600 / 48_000],
    ['cut off no more than the last page', { padding: IN_A_PAGE }, whole - IN_A_PAGE / 48_000],
    ['that go back are wrong, and cut off nothing', { padding: IN_A_PAGE + 1 }, whole],
    ['may begin late', { start: 48_000 * 3600, padding: 600 }, whole - 600 / 48_000],
    ['may begin below zero', { start: -48_000, padding: 600 }, whole - 600 / 48_000],
    [
      'cut off nothing more because a page comes twice',
      {
        padding: 600,
        edit: (pages) => pages.flatMap((page, i) => (i === 3 ? [page, page] : page)),
      },
      whole + (IN_A_PAGE - 600) / 48_000,
    ],
    [
      'nor because pages are lost',
      { padding: 600, edit: (pages) => pages.filter((_, i) => i !== 3) },
      whole - (IN_A_PAGE + 600) / 48_000,
    ],
    [
      'and nothing where the page before the last is lost, as nobody knows where it ended',
      { padding: 600, edit: (pages) => pages.filter((_, i) => i !== 8) },
      whole - IN_A_PAGE / 48_000,
    ],
    [
      'of a single page count from zero',
      { edit: () => [oggPage(sound.slice(0, 5), 4000n, 4, 2)] },
      seconds(4000),
    ],
  ])('%s', async (_, options, expected) => {
    expect((await decode(oggFile(options))).duration).toBeCloseTo(expected, 4);
  });
});

describe('the gain in the header of Opus', () => {
  const decibels = (gain: number) => 10 ** (gain / 20);
  const scaled = (samples: Float32Array, factor: number) => samples.map((x) => factor * x);
  /** The largest difference between two signals; infinite if one is longer. */
  const difference = (a: Float32Array, b: Float32Array) =>
    a.length === b.length
      ? a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0)
      : Number.POSITIVE_INFINITY;

  test.each([12, -40, 0.5])('is applied: %d dB', async (gain) => {
    const header = headWith({ gain: 256 * gain });
    const plain = await decode(oggFile());
    const ogg = await decode(oggFile({ header }));
    const webm = await decode(webmFile({ head: header, packets: packets.slice(0, 100) }));
    expect(difference(ogg.samples, scaled(plain.samples, decibels(gain)))).toBeLessThan(1e-5);
    expect(difference(webm.samples, ogg.samples)).toBeLessThan(1e-5);
  });

  test('and the start to skip are those of each link of a chain', async () => {
    const headers = [{}, { gain: 6 * 256, preSkip: 3120 }, { preSkip: 0 }].map(headWith);
    const links = headers.map((header) => oggFile({ header }));
    const chain = (await decode(Buffer.concat(links))).samples;
    let at = 0;
    for (const link of links) {
      const { samples } = await decode(link);
      const part = chain.subarray(at, at + samples.length);
      // Where links meet, the filters hear a little of both.
      expect(difference(part.subarray(500, -500), samples.subarray(500, -500))).toBeLessThan(1e-4);
      at += samples.length;
    }
    expect(at).toBe(chain.length);
  });
});

describe('the channel mapping in the header of Opus', () => {
  /** A header of mapping family 1, with so many streams, coupled ones and the stream of each channel. */
  const mapped = (streams: number, coupled: number, ...channels: number[]) => {
    const header = Uint8Array.of(...headWith({}), streams, coupled, ...channels);
    header[9] = channels.length;
    header[18] = 1;
    return oggFile({ header });
  };

  test('of one stream is the same sound as without', async () => {
    const { samples } = await decode(mapped(1, 0, 0));
    expect(samples).toEqual((await decode(oggFile())).samples);
  });

  test.each([
    ['no streams', 0, 0, 255],
    ['more coupled streams than streams', 1, 2, 0],
    ['more streams than a channel can name', 200, 100, 0],
    ['a stream that is not there', 1, 0, 1],
  ])('of %s is told', async (_, ...mapping) => {
    await expect(decode(mapped(...mapping))).rejects.toMatchObject({
      code: 'audio-unreadable',
      message: expect.stringContaining('channel mapping'),
    });
  });
});
