import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  activeLevel,
  applyChain,
  type Chain,
  CLEAN,
  drawChain,
  PROBABILITIES,
  pinkNoise,
  whiteNoise,
} from '../../../training/augment/index.ts';
import { createRandom } from '../../../training/random.ts';
import { silence, voiceLike } from '../../fixtures/audio.ts';
import { bandDb, decibels } from './measure.ts';

const resources = {
  noises: [
    pinkNoise(20_000, createRandom(1)),
    silence({ seconds: 1 }),
    new Float32Array(3).fill(1),
  ],
};
const STEPS = Object.keys(PROBABILITIES) as (keyof typeof PROBABILITIES)[];
const ALWAYS = Object.fromEntries(STEPS.map((step) => [step, 1]));
const NEVER = Object.fromEntries(STEPS.map((step) => [step, 0]));

const speech = voiceLike({ seconds: 1 });
const inputs: [string, Float32Array][] = [
  ['nothing', new Float32Array(0)],
  ['one sample', Float32Array.of(0.5)],
  ['less than a frame', voiceLike({ seconds: 0.01 })],
  ['silence', silence({ seconds: 1 })],
  ['a constant', new Float32Array(8000).fill(0.3)],
  ['speech', speech],
  ['clipped speech', speech.map((x) => Math.sign(x))],
];

describe('applyChain', () => {
  test.each(inputs)('%s stays finite, bounded and repeatable through any chain', (_, samples) => {
    const before = samples.slice();
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const chain = drawChain(createRandom(seed), resources, ALWAYS);
        const out = applyChain(samples, chain, resources);
        expect(out.every((x) => Math.abs(x) < 2)).toBe(true);
        expect(out.length).toBe(Math.ceil((samples.length * 100) / Math.round(chain.tempo * 100)));
        const again = JSON.parse(JSON.stringify(chain)) as Chain;
        expect(applyChain(samples, again, resources)).toEqual(out);
        expect(samples).toEqual(before);
      }),
      { numRuns: 8 },
    );
  });

  test('the clean chain gives a copy', () => {
    const out = applyChain(speech, CLEAN, resources);
    expect(out).toEqual(speech);
    expect(out.buffer).not.toBe(speech.buffer);
  });

  test('the order is that of a recording: the gain hears the noise, the line comes last', () => {
    const chain: Chain = {
      ...CLEAN,
      noise: { source: 'white', snrDb: 0, seed: 1 },
      gain: { decibels: 60 },
      telephone: true,
    };
    const out = applyChain(speech, chain, resources);
    // Clipping and hiss reach up to 8 kHz; the telephone took that away again.
    expect(bandDb(out, 400, 3300) - bandDb(out, 4200, 8000)).toBeGreaterThan(30);
    // A pause in the speech is as loud as the speech: its noise was amplified into clipping.
    expect(decibels(activeLevel(out) ?? 0)).toBeGreaterThan(-6);
    const level = applyChain(
      speech,
      { ...chain, gain: { levelDbfs: -40 }, telephone: false },
      resources,
    );
    expect(decibels(activeLevel(level) ?? 0)).toBeCloseTo(-40, 1);
  });

  test('names a noise that is not there', () => {
    const chain = { ...CLEAN, noise: { source: 7, snrDb: 10, seed: 1 } };
    expect(() => applyChain(speech, chain, resources)).toThrow(/noise 7, of 3/);
  });
});

describe('drawChain', () => {
  test('draws each step as often as told, within its range', () => {
    const draws = 2000;
    const chains = Array.from({ length: draws }, (_, i) =>
      drawChain(createRandom(1, i), resources),
    );
    const share = (happens: (chain: Chain) => boolean) => chains.filter(happens).length / draws;
    const shares = {
      tempo: share(({ tempo }) => tempo !== 1),
      room: share(({ room }) => room !== null),
      noise: share(({ noise }) => noise !== null),
      microphone: share(({ microphone }) => microphone !== null),
      gain: share(({ gain }) => gain !== null),
      telephone: share(({ telephone }) => telephone),
      disturbance: share(({ disturbance }) => disturbance !== null),
    };
    for (const step of STEPS) {
      expect(Math.abs(shares[step] - PROBABILITIES[step])).toBeLessThan(0.04);
    }
    const sources = new Set(chains.map(({ noise }) => noise?.source));
    expect([0, 1, 2, 'white', 'pink'].every((source) => sources.has(source as number))).toBe(true);
    for (const { tempo, noise } of chains) {
      expect(tempo >= 0.88 && tempo <= 1.12).toBe(true);
      if (noise) expect(noise.snrDb >= 0 && noise.snrDb <= 30).toBe(true);
    }
  });

  test('draws nothing when told so, and generated noise when there is no other', () => {
    expect(drawChain(createRandom(1), resources, NEVER)).toEqual(CLEAN);
    for (let seed = 0; seed < 20; seed++) {
      const none = { noises: [] };
      const { noise } = drawChain(createRandom(seed), none, ALWAYS);
      expect(typeof noise?.source).toBe('string');
    }
  });

  test('white noise is heard as such', () => {
    const chain: Chain = { ...CLEAN, noise: { source: 'white', snrDb: 20, seed: 1 } };
    const added = applyChain(speech, chain, resources).map((x, n) => x - speech[n]);
    const wanted = whiteNoise(speech.length, createRandom(1));
    const flatness = bandDb(added, 4000, 8000) - bandDb(added, 0, 4000);
    expect(
      Math.abs(flatness - (bandDb(wanted, 4000, 8000) - bandDb(wanted, 0, 4000))),
    ).toBeLessThan(1);
  });
});
