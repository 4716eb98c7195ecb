import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Activity, findActivity, frameSeconds, HOP } from '../../../core/audio/speech.ts';
import { silence, voiceLike, whiteNoise } from '../../fixtures/audio.ts';

const RATE = 16_000;
const SECONDS = 4;
const LENGTH = SECONDS * RATE;

/** Three seconds of a voice at about −26 dBFS, half a second of silence on both sides. */
const voice = new Float32Array(LENGTH);
voice.set(voiceLike({ seconds: 3, seed: 2, amplitude: 0.25 }), RATE / 2);
const clean = activityOf(voice);

function activityOf(samples: Float32Array): Activity {
  const activity = findActivity(samples);
  if (!activity) throw new Error('nothing is heard in it');
  return activity;
}

const decibels = (ratio: number) => 20 * Math.log10(ratio);
const ofDbfs = (dbfs: number) => 10 ** (dbfs / 20);
const aboveVoice = (db: number) => clean.level * ofDbfs(db);

/** A sine of the given root mean square over the whole recording. */
function sine(hz: number, level: number): Float32Array {
  return Float32Array.from(
    { length: LENGTH },
    (_, n) => Math.SQRT2 * level * Math.sin((2 * Math.PI * hz * n) / RATE),
  );
}

/** Silence but for these seconds of a sound. */
function event(sound: Float32Array, from: number, to: number): Float32Array {
  return sound.map((value, n) => (n >= from * RATE && n < to * RATE ? value : 0));
}

function sum(...sounds: Float32Array[]): Float32Array {
  return voice.map((_, n) => sounds.reduce((total, sound) => total + sound[n], 0));
}

/** White noise has a root mean square of its amplitude over √3. */
const noise = (level: number) =>
  whiteNoise({ seconds: SECONDS, amplitude: Math.sqrt(3) * level, seed: 5 });

const DISTURBANCES: [string, Float32Array][] = [
  ['rumble of 8 Hz at −10 dBFS', sine(8, ofDbfs(-10))],
  [
    'an offset that settles',
    Float32Array.from({ length: LENGTH }, (_, n) => 0.4 * Math.exp(-n / (0.3 * RATE))),
  ],
  ['a bump of 60 Hz, 20 dB above the voice', event(sine(60, aboveVoice(20)), 2, 2.15)],
  ['squelch at the end, 12 dB above the voice', event(noise(aboveVoice(12)), 3.6, 3.8)],
  [
    'hum of 50 Hz with harmonics at −30 dBFS',
    sum(sine(50, ofDbfs(-30)), sine(100, ofDbfs(-42)), sine(150, ofDbfs(-46))),
  ],
  [
    'a pop at the start, 30 dB above the voice',
    Float32Array.from({ length: LENGTH }, (_, n) => aboveVoice(30) * Math.exp(-n / (0.004 * RATE))),
  ],
  ['a whistle of 6 kHz as loud as the voice', sine(6000, aboveVoice(0))],
  ['a beep of 1 kHz, 24 dB above the voice', event(sine(1000, aboveVoice(24)), 1.5, 1.75)],
];

describe('findActivity', () => {
  test('finds the voice and not the silence around it', () => {
    expect(Math.abs(frameSeconds(clean.from) - 0.5)).toBeLessThan(0.1);
    expect(Math.abs(frameSeconds(clean.to) - 3.5)).toBeLessThan(0.1);
    const active = clean.active.reduce((a, b) => a + b, 0);
    // The syllables fill three quarters of it.
    expect(frameSeconds(active)).toBeGreaterThan(2);
    expect(frameSeconds(active)).toBeLessThan(2.9);
    expect(clean.active).toHaveLength(1 + LENGTH / HOP);
  });

  test('finds one word in half a minute of a quiet room', () => {
    const room = whiteNoise({ seconds: 30, amplitude: ofDbfs(-60), seed: 6 });
    const word = voiceLike({ seconds: 0.8, seed: 3, amplitude: 0.25 });
    word.forEach((sample, n) => {
      room[10 * RATE + n] += sample;
    });
    const { from, to, level } = activityOf(room);
    expect(Math.abs(frameSeconds(from) - 10)).toBeLessThan(0.15);
    expect(Math.abs(frameSeconds(to) - 10.8)).toBeLessThan(0.15);
    expect(Math.abs(decibels(level / activityOf(word).level))).toBeLessThan(1);
  });

  test.each(DISTURBANCES)('hears the voice under %s as before', (_, disturbance) => {
    const disturbed = activityOf(sum(voice, disturbance));
    const peak = disturbance.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const sounds = disturbance.map((value) => (Math.abs(value) > peak / 100 ? 1 : 0));
    const isEvent = sounds.reduce((a, b) => a + b) < LENGTH / 4;
    let compared = 0;
    let different = 0;
    clean.active.forEach((isActive, t) => {
      // What an event itself covers may count or not.
      if (isEvent && sounds.subarray(Math.max(0, (t - 2) * HOP), (t + 2) * HOP).includes(1)) return;
      compared++;
      if (isActive !== disturbed.active[t]) different++;
    });
    expect(compared).toBeGreaterThan(0.85 * clean.active.length);
    expect(different / compared).toBeLessThan(0.1);
    // Its mean power rises by far more: by 15 dB under the beep.
    expect(Math.abs(decibels(disturbed.level / clean.level))).toBeLessThan(3);
  });

  test('finds the same at any gain, and a level that follows it', () => {
    fc.assert(
      fc.property(fc.double({ min: -50, max: 30, noNaN: true }), (gain) => {
        const louder = activityOf(voice.map((sample) => sample * ofDbfs(gain)));
        expect(louder.active).toEqual(clean.active);
        expect([louder.from, louder.to]).toEqual([clean.from, clean.to]);
        expect(decibels(louder.level / clean.level)).toBeCloseTo(gain, 2);
      }),
      { numRuns: 10 },
    );
  });

  test.each<[string, Float32Array]>([
    ['nothing', new Float32Array(0)],
    ['digital silence', silence({ seconds: 2 })],
    ['a constant', new Float32Array(RATE).fill(0.4)],
    ['the noise of 16 bits', whiteNoise({ seconds: 1, amplitude: 1 / 65_536 })],
  ])('finds nothing in %s', (_, samples) => {
    expect(findActivity(samples)).toBeNull();
  });
});
