import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyMicrophone, drawMicrophone } from '../../../training/augment/index.ts';
import { responseDb } from '../../../training/augment/microphone.ts';
import { createRandom } from '../../../training/random.ts';
import { voiceLike } from '../../fixtures/audio.ts';
import { bandDb, lagOf, tone } from './measure.ts';

test('shapes tones as it says', () => {
  for (let seed = 0; seed < 6; seed++) {
    const microphone = drawMicrophone(createRandom(seed));
    for (const hertz of [300, 700, 1500, 3000, 5000, 7000]) {
      const before = tone(hertz, 0.6);
      const change = bandDb(applyMicrophone(before, microphone), 0, 8000) - bandDb(before, 0, 8000);
      expect(Math.abs(change - responseDb(microphone, hertz))).toBeLessThan(0.7);
    }
  }
});

test('is smooth, bounded and plain JSON for every draw', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const microphone = drawMicrophone(createRandom(seed));
      expect(JSON.parse(JSON.stringify(microphone))).toEqual(microphone);
      expect(microphone).toEqual(drawMicrophone(createRandom(seed)));
      for (let hertz = 300; hertz < 8000; hertz += 50) {
        const db = responseDb(microphone, hertz);
        expect(Math.abs(db)).toBeLessThan(26);
        expect(Math.abs(responseDb(microphone, hertz + 50) - db)).toBeLessThan(2);
      }
    }),
    { numRuns: 50 },
  );
});

test('keeps length and time, and its input', () => {
  const microphone = drawMicrophone(createRandom(4));
  for (const length of [0, 1, 50, 16_000]) {
    const speech = voiceLike({ seconds: length / 16_000 });
    const before = speech.slice();
    const after = applyMicrophone(speech, microphone);
    expect(after.length).toBe(length);
    expect(after.every((x) => Number.isFinite(x))).toBe(true);
    expect(speech).toEqual(before);
    if (length > 1000) expect(Math.abs(lagOf(after, speech))).toBeLessThanOrEqual(1);
  }
});
