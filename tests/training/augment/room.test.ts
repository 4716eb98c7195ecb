import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  activeLevel,
  drawRoom,
  impulseResponse,
  reverberate,
  SMALL_ROOM,
} from '../../../training/augment/index.ts';
import { createRandom } from '../../../training/random.ts';
import { silence, voiceLike } from '../../fixtures/audio.ts';
import { decibels, lagOf } from './measure.ts';

/** RT60 from the backward integral between −5 and −25 dB (Schroeder 1965). */
function reverberationTime(response: Float32Array): number {
  const energy = Float64Array.from(response, (x) => x * x);
  energy[0] = 0;
  for (let n = energy.length - 2; n >= 0; n--) energy[n] += energy[n + 1];
  const below = (db: number) => energy.findIndex((e) => 10 * Math.log10(e / energy[0]) < db);
  return (3 * (below(-25) - below(-5))) / 16_000;
}

describe('drawRoom', () => {
  test('puts talker and microphone into the room, in plain JSON, as the seed says', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const room = drawRoom(createRandom(seed), { rt60Range: [0.2, 0.4], distanceRange: [1, 1] });
        room.dimensions.forEach((side, axis) => {
          for (const point of [room.talker, room.microphone]) {
            expect(point[axis]).toBeGreaterThan(0);
            expect(point[axis]).toBeLessThan(side);
          }
        });
        expect(room.rt60).toBeGreaterThanOrEqual(0.2);
        expect(room.rt60).toBeLessThanOrEqual(0.4);
        const reach = Math.hypot(
          room.talker[0] - room.microphone[0],
          room.talker[1] - room.microphone[1],
        );
        expect(reach).toBeLessThanOrEqual(1 + 1e-9);
        expect(JSON.parse(JSON.stringify(room))).toEqual(room);
      }),
      { numRuns: 50 },
    );
  });
});

describe('impulseResponse', () => {
  test('begins with the direct path and is the same for the same room', () => {
    const response = impulseResponse(SMALL_ROOM);
    expect(response[0]).toBe(1);
    expect(response.subarray(1).every((x) => Math.abs(x) < 1)).toBe(true);
    expect(response).toEqual(impulseResponse(SMALL_ROOM));
    expect(response).not.toEqual(impulseResponse({ ...SMALL_ROOM, seed: 2 }));
  });

  test.each([0.2, 0.35, 0.7])('decays by 60 dB in about %f s', (rt60) => {
    const measured = reverberationTime(impulseResponse({ ...SMALL_ROOM, rt60 }));
    expect(measured / rt60).toBeGreaterThan(0.75);
    expect(measured / rt60).toBeLessThan(1.2);
  });

  test('has the direct-to-reverberant ratio of theory: less with distance', () => {
    const ratioDb = (distance: number) => {
      const room = {
        ...SMALL_ROOM,
        microphone: [1.4 + distance, 1.9, 1.2] as const,
      };
      const reverberant = impulseResponse(room)
        .subarray(1)
        .reduce((sum, x) => sum + x * x, 0);
      // Critical distance of a source of directivity 2: 0.057 √(2 V / RT60).
      const critical = 0.057 * Math.sqrt((2 * 4 * 3.2 * 2.6) / 0.35);
      return -10 * Math.log10(reverberant) - decibels(critical / distance);
    };
    for (const distance of [0.3, 0.5, 1, 2]) expect(Math.abs(ratioDb(distance))).toBeLessThan(3);
  });

  test('goes over from reflections to noise without a step', () => {
    const response = impulseResponse({ ...SMALL_ROOM, rt60: 0.7 });
    const energy = (fromMs: number, toMs: number) =>
      response.subarray(fromMs * 16, toMs * 16).reduce((sum, x) => sum + x * x, 0);
    expect(Math.abs(10 * Math.log10(energy(20, 30) / energy(30, 40)))).toBeLessThan(4);
  });
});

describe('reverberate', () => {
  const response = impulseResponse(SMALL_ROOM);

  test('keeps length, level and time', () => {
    const speech = voiceLike({ seconds: 2 });
    const before = speech.slice();
    const wet = reverberate(speech, response);
    expect(speech).toEqual(before);
    expect(wet.length).toBe(speech.length);
    expect(lagOf(wet, speech)).toBe(0);
    const change = (activeLevel(wet) ?? 0) / (activeLevel(speech) ?? 1);
    expect(Math.abs(decibels(change))).toBeLessThan(0.1);
  });

  test('rings on after the voice', () => {
    const speech = silence({ seconds: 2 });
    speech.set(voiceLike({ seconds: 1 }));
    const wet = reverberate(speech, response);
    expect(wet.subarray(16_000, 17_600).some((x) => Math.abs(x) > 1e-3)).toBe(true);
  });

  test('silence stays silence, however short', () => {
    for (const length of [0, 1, 7, 16_000]) {
      const wet = reverberate(new Float32Array(length), response);
      expect(wet.length).toBe(length);
      expect(wet.every((x) => x === 0)).toBe(true);
    }
  });
});
