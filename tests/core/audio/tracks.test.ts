import { describe, expect, test } from 'vitest';
import { decode } from '../../../core/node/decode.ts';
import { voiceLike, wavFile } from '../../fixtures/audio.ts';
import { ffmpeg, hasFfmpeg } from '../../fixtures/encode.ts';

/** ffmpeg shares two cores with the other tests here; its time limit has tests of its own. */
const PATIENT = { timeoutMs: 50_000 };

const voice = voiceLike({ seconds: 2, seed: 3 });

/** Level of samples compared with the voice: 1 if they are the voice, 0 if they are silent. */
function level(samples: Float32Array): number {
  const power = (values: Float32Array) => values.reduce((sum, s) => sum + s * s, 0);
  return Math.sqrt(power(samples) / power(voice));
}

/** What a track may hold, as ffmpeg's input. */
const INPUTS = {
  voice: ['-i', 'IN.wav'],
  silence: ['-f', 'lavfi', '-i', 'anullsrc=r=16000:cl=mono'],
  hiss: ['-f', 'lavfi', '-i', 'anoisesrc=r=16000:a=0.0005'],
  hum: ['-f', 'lavfi', '-i', 'sine=r=16000:f=50'],
  click: ['-f', 'lavfi', '-i', 'sine=r=16000:f=400:d=0.08'],
  pictures: ['-f', 'lavfi', '-i', 'color=red:size=64x64:rate=5'],
} as const;

/** Returns a file whose tracks are these, each with its codec. */
function file(
  extension: string,
  tracks: readonly (readonly [keyof typeof INPUTS, codec: string])[],
  { options = [] as string[], seconds = 2, edit = (_: Buffer) => {} } = {},
): Buffer {
  const output = `OUT.${extension}`;
  const codecs = tracks.flatMap(([, codec], i) => [`-c:${i}`, codec]);
  const maps = tracks.flatMap((_, i) => ['-map', String(i)]);
  const inputs = tracks.flatMap(([input]) => INPUTS[input]);
  const rest = ['-t', String(seconds), ...codecs, ...options, output];
  const bytes = Buffer.from(ffmpeg([...inputs, ...maps, ...rest], wavFile(voice), output));
  edit(bytes);
  return bytes;
}

describe.skipIf(!hasFfmpeg)('the track with the voice is heard', () => {
  test.each<[extension: string, ...tracks: [keyof typeof INPUTS, codec: string][]]>([
    ['m4a', ['silence', 'aac'], ['voice', 'aac']],
    ['m4a', ['voice', 'aac'], ['silence', 'aac']],
    ['m4a', ['hiss', 'aac'], ['voice', 'alac']],
    ['mov', ['pictures', 'mpeg4'], ['hum', 'pcm_s16le'], ['voice', 'pcm_s16le']],
    ['mov', ['click', 'aac'], ['voice', 'aac']],
    ['mp4', ['silence', 'aac'], ['voice', 'libopus']],
    ['mp4', ['silence', 'libopus'], ['voice', 'aac']],
    ['mp4', ['voice', 'libmp3lame'], ['silence', 'libopus']],
    ['mkv', ['silence', 'libvorbis'], ['voice', 'libopus']],
    ['mkv', ['voice', 'libvorbis'], ['silence', 'libopus']],
    ['webm', ['silence', 'libopus'], ['silence', 'libopus'], ['voice', 'libopus']],
    ['ogg', ['silence', 'libopus'], ['voice', 'libopus']],
    ['ogg', ['silence', 'libvorbis'], ['voice', 'libopus']],
    ['ogg', ['voice', 'libspeex'], ['silence', 'libopus']],
    ['ogv', ['pictures', 'libtheora'], ['voice', 'libopus']],
    ['ogv', ['pictures', 'libtheora'], ['silence', 'libvorbis'], ['voice', 'libvorbis']],
    ['wma', ['silence', 'wmav2'], ['voice', 'wmav2']],
  ])('%s of %j, %j %j', async (extension, ...tracks) => {
    const { samples } = await decode(file(extension, tracks), PATIENT);
    expect(level(samples)).toBeGreaterThan(0.9);
    expect(level(samples)).toBeLessThan(1.1);
  });

  test.each<[string, extension: string, first: string, edit: (bytes: Buffer) => unknown]>([
    ['a codec that is unknown', 'mkv', 'aac', (mkv) => mkv.write('A_XYZ', mkv.indexOf('A_AAC'))],
    ['a codec that is unknown', 'mp4', 'alac', (mp4) => mp4.write('apac', mp4.indexOf('alac'))],
    ['damage', 'mkv', 'aac', () => {}],
    ['damage', 'mkv', 'libopus', () => {}],
    ['damage', 'mkv', 'libvorbis', () => {}],
  ])('behind one with %s, in %s of %s', async (what, extension, first, edit) => {
    const options = what === 'damage' ? ['-bsf:a:0', 'noise=amount=2'] : [];
    const tracks = [
      ['voice', first],
      ['voice', 'libopus'],
    ] as const;
    const { samples } = await decode(file(extension, tracks, { options, edit }), PATIENT);
    expect(level(samples)).toBeGreaterThan(0.9);
    expect(level(samples)).toBeLessThan(1.1);
  });

  test('beside one that is too long', async () => {
    const bytes = file(
      'm4a',
      [
        ['voice', 'aac'],
        ['silence', 'aac'],
      ],
      { seconds: 5 },
    );
    expect((await decode(bytes, { maxSeconds: 3 })).samples.length).toBeLessThan(3 * 16_000);
  });

  test('and of two with a voice the first, unless it is too long', async () => {
    const bytes = file(
      'm4a',
      [
        ['voice', 'aac'],
        ['voice', 'aac'],
      ],
      {
        options: ['-filter:a:0', 'volume=0.5'],
      },
    );
    expect(level((await decode(bytes)).samples)).toBeCloseTo(0.5, 1);
    await expect(decode(bytes, { maxSeconds: 1 })).rejects.toMatchObject({
      code: 'audio-too-long',
    });
  });

  test('of none that can be decoded there is one sentence', async () => {
    const bytes = file(
      'mkv',
      [
        ['voice', 'aac'],
        ['voice', 'aac'],
      ],
      {
        edit: (mkv) => {
          for (let at = mkv.indexOf('A_AAC'); at >= 0; at = mkv.indexOf('A_AAC'))
            mkv.write('A_XYZ', at);
        },
      },
    );
    await expect(decode(bytes)).rejects.toMatchObject({ code: 'audio-unreadable' });
  });
});
