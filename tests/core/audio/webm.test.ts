import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { UndertoneError } from '../../../core/errors.ts';
import { decode } from '../../../core/node/decode.ts';
import { encode, ffmpeg, hasFfmpeg } from '../../fixtures/encode.ts';
import { element, opusPackets, videoTrack, webmFile } from '../../fixtures/webm.ts';

const ogg = new Uint8Array(readFileSync(new URL('../../../samples/long.ogg', import.meta.url)));
const note = opusPackets(ogg);
/** Samples at 16 kHz that a packet of the note gives. */
const PACKET = 320;

/** Says whether the same samples are in both; toEqual would take seconds. */
function areSame(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((sample, i) => sample === b[i]);
}

describe('Opus in WebM, in process', () => {
  beforeEach(() => {
    // So that whatever is decoded is decoded here.
    vi.stubEnv('FFMPEG_BIN', '/nowhere/ffmpeg');
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  test.each([false, true])('is what the same packets are in Ogg (live: %s)', async (isLive) => {
    const { samples } = await decode(webmFile({ ...note, isLive }));
    const expected = await decode(ogg);
    // Only Ogg tells where the last packet ends.
    expect(samples.length - expected.samples.length).toBeGreaterThanOrEqual(0);
    expect(samples.length - expected.samples.length).toBeLessThan(PACKET);
    expect(areSame(samples.subarray(0, expected.samples.length), expected.samples)).toBe(true);
  });

  test.each([
    ['many seconds', note.packets.length],
    ['two seconds', 100],
  ])('loses the padding at its end, also of %s', async (_, count) => {
    const own = note.packets.slice(0, count);
    const whole = await decode(webmFile({ ...note, packets: own }));
    const packets = [...own.slice(0, -1), { ...own[count - 1], discardPadding: 5_000_000 }];
    const { samples } = await decode(webmFile({ ...note, packets }));
    expect(areSame(samples, whole.samples.subarray(0, -80))).toBe(true);
  });

  test('is heard beside pictures', async () => {
    const expected = await decode(webmFile(note));
    const picture = { data: new Uint8Array(5000), track: 2 };
    const packets = note.packets.flatMap((packet) => [packet, picture]);
    const file = webmFile({ ...note, packets, otherTracks: [videoTrack()] });
    expect(areSame((await decode(file)).samples, expected.samples)).toBe(true);
  });

  test('that is cut off is heard until there', async () => {
    const file = webmFile({ ...note, isLive: true });
    const { samples } = await decode(file.subarray(0, file.length / 2));
    const { samples: whole } = await decode(file);
    expect(samples.length).toBeGreaterThan(whole.length / 3);
    expect(areSame(samples, whole.subarray(0, samples.length))).toBe(true);
  });

  test('that is damaged is heard again from the next cluster', async () => {
    const file = webmFile({ ...note, isLive: true });
    const cluster = Buffer.from(file).indexOf(Buffer.from('1f43b675', 'hex')) + 12;
    file.fill(0, cluster + 200, cluster + 600);
    const { duration } = await decode(file);
    const { duration: whole } = await decode(ogg);
    expect(duration).toBeLessThan(whole - 0.5);
    expect(duration).toBeGreaterThan(whole - 1.1);
  });

  test.each([
    ['another codec', webmFile({ ...note, codec: 'A_VORBIS' })],
    [
      'two languages',
      webmFile({ ...note, otherTracks: [element('ae', [element('83', [Uint8Array.of(2)])])] }),
    ],
    [
      'packets that are compressed once more',
      webmFile({ ...note, trackExtras: [element('6d80', [])] }),
    ],
    [
      'several packets in a block',
      webmFile({ ...note, packets: [...note.packets, { ...note.packets[0], isLaced: true }] }),
    ],
    ['no sound', webmFile({ head: note.head, packets: [], codec: 'V_VP9' })],
  ])('with %s is left to ffmpeg', async (_, file) => {
    await expect(decode(file)).rejects.toMatchObject({ code: 'decoder-missing' });
  });

  test('whose header or packets are none says so', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const packets = [{ data: Uint8Array.of(0xff, 0xff) }];
    for (const file of [
      webmFile({ ...note, head: note.head.subarray(0, 12) }),
      webmFile({ ...note, packets }),
      webmFile({ ...note, packets: [] }),
    ]) {
      await expect(decode(file)).rejects.toMatchObject({ code: 'audio-unreadable' });
    }
  });

  test('of ten hours of silence is refused before it fills the memory', async () => {
    const silent = { data: Uint8Array.of(0x58) };
    const packets = Array(600_000).fill(silent);
    const file = webmFile({ ...note, packets, packetsPerCluster: 10_000 });
    await expect(decode(file, { timeoutMs: 120_000 })).rejects.toMatchObject({
      code: 'audio-too-long',
    });
  });

  test('with changed bytes ends in samples or a named error', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const file = webmFile({ ...note, packets: note.packets.slice(0, 40), isLive: true });
    const edit = fc.tuple(fc.nat(file.length - 1), fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 20 }), async (edits) => {
        const bytes = file.slice();
        for (const [at, value] of edits) bytes[at] = value;
        await decode(bytes).catch((error) => expect(error).toBeInstanceOf(UndertoneError));
      }),
      { numRuns: 100 },
    );
  });
});

describe.skipIf(!hasFfmpeg)('WebM as others write it', () => {
  test.each([
    ['WebM', 'webm', []],
    ['WebM of a live stream', 'webm', ['-live', '1']],
    ['Matroska', 'mkv', []],
  ])('%s has the same samples as in Ogg, to the last one', async (_, extension, options) => {
    const file = ffmpeg(
      ['-i', 'IN.wav', '-c', 'copy', ...options, `OUT.${extension}`],
      ogg,
      `OUT.${extension}`,
    );
    const { samples } = await decode(file);
    expect(areSame(samples, (await decode(ogg)).samples)).toBe(true);
  });

  test('stereo is mixed', async () => {
    const file = encode(ogg, 'webm', ['-c:a', 'libopus', '-ac', '2']);
    const { duration } = await decode(file);
    expect(duration).toBeCloseTo((await decode(ogg)).duration, 4);
  });
});
