import { rm } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  LiveListener,
  type LiveSummary,
  type LiveVerdict,
  liveSummarySchema,
  liveVerdictSchema,
  SampleRing,
} from '../../core/live.ts';
import { loadModel } from '../../core/model/folder.ts';
import type { Model } from '../../core/model/session.ts';
import { classify } from '../../core/node/classify.ts';
import { silence, twoStretches, voiceLike, wavFile, whiteNoise } from '../fixtures/audio.ts';
import { writeTinyModel } from '../fixtures/model.ts';
import { voiceOf, writePitchModel } from '../fixtures/pitch-model.ts';

const RATE = 16_000;

let folders: string[];
/** Hears three emotions by their pitch, in windows of 2.56 s. */
let pitch: Model;
/** Is 30 % sure of everything, in windows of 4 s. */
let unsure: Model;

beforeAll(async () => {
  folders = [await writePitchModel(), await writeTinyModel({ confidence: 0.3, threshold: 0.5 })];
  [pitch, unsure] = await Promise.all(folders.map(loadModel));
});
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

interface Told {
  readonly verdicts: readonly LiveVerdict[];
  readonly summary: LiveSummary;
}

/** Lets a listener hear chunks of these lengths, the last of which is used for the rest. */
async function listen(
  samples: Float32Array,
  lengths: readonly number[] = [samples.length],
  listener = new LiveListener({ model: pitch }),
): Promise<Told> {
  const verdicts: LiveVerdict[] = [];
  for (let from = 0, i = 0; from < samples.length; i++) {
    const to = from + lengths[Math.min(i, lengths.length - 1)];
    verdicts.push(...(await listener.push(samples.subarray(from, to))));
    from = to;
  }
  const { verdict, summary } = await listener.end();
  if (verdict) verdicts.push(verdict);
  return { verdicts, summary };
}

function joined(...parts: readonly Float32Array[]): Float32Array {
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

/** Samples as a WAV file of 16 bits has them. */
function as16Bits(samples: Float32Array): Float32Array {
  return samples.map((sample) => Math.round(sample * 0x8000) / 0x8000);
}

describe('verdicts', () => {
  test('come after the first second and then every half second, about the last 2.56 s', async () => {
    const { verdicts } = await listen(voiceOf('calm', 4));
    expect(verdicts.map(({ at }) => at)).toEqual([1, 1.5, 2, 2.5, 3, 3.5, 4]);
    for (const verdict of verdicts) {
      expect(liveVerdictSchema.parse(verdict)).toEqual(verdict);
      expect(verdict.end).toBe(verdict.at);
      expect(verdict.start).toBeCloseTo(Math.max(0, verdict.at - 2.56), 6);
    }
  });

  test('do not depend on how the stream is cut', async () => {
    const samples = joined(voiceOf('sad', 2.3), silence({ seconds: 1 }), voiceOf('happy', 1.9, 1));
    const whole = await listen(samples);
    expect(new Set(whole.verdicts.map(({ emotion }) => emotion)).size).toBeGreaterThan(1);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 30 }),
        async (lengths) => {
          expect(await listen(samples, lengths)).toEqual(whole);
        },
      ),
      { numRuns: 25 },
    );
  });

  test('are what classify says of a note, as long as all of it fits a window', async () => {
    for (const seconds of [1, 1.5, 2, 2.5]) {
      const note = as16Bits(voiceOf('sad', seconds));
      const { verdicts } = await listen(note);
      const { emotion, confidence, probabilities } = await classify(wavFile(note), {
        model: pitch,
      });
      expect(verdicts.at(-1)).toMatchObject({ at: seconds, emotion, confidence, probabilities });
      expect(emotion).toBe('sad');
    }
  });

  test('follow a change of voice as soon as it fills most of a window', async () => {
    const { verdicts } = await listen(joined(voiceOf('sad', 5), voiceOf('happy', 5, 1)));
    const said = (at: number) => verdicts.find((verdict) => verdict.at === at)?.emotion;
    expect([said(4), said(5)]).toEqual(['sad', 'sad']);
    expect([said(7.5), said(8), said(10)]).toEqual(['happy', 'happy', 'happy']);
  });

  test('are uncertain below the confidence of the card', async () => {
    const listener = new LiveListener({ model: unsure });
    expect(listener.window).toBe(4);
    const { verdicts, summary } = await listen(voiceLike({ seconds: 2 }), undefined, listener);
    expect(verdicts.map(({ emotion }) => emotion)).toEqual(Array(3).fill('uncertain'));
    expect(verdicts[0].confidence).toBeCloseTo(0.3, 2);
    expect(summary.summary).toEqual({ uncertain: 1 });
  });

  test('are no-speech when nobody speaks, in noise and in silence', async () => {
    for (const samples of [silence({ seconds: 5 }), whiteNoise({ seconds: 5, amplitude: 0.2 })]) {
      const { verdicts, summary } = await listen(samples);
      expect(verdicts).toHaveLength(9);
      for (const { emotion, confidence, probabilities } of verdicts) {
        expect({ emotion, confidence, probabilities }).toEqual({
          emotion: 'no-speech',
          confidence: 0,
          probabilities: null,
        });
      }
      expect(summary).toEqual({ duration: 5, speech: 0, summary: {} });
    }
  });

  test.each([
    0.01, 0.2,
  ])('fall silent when a voice has left the window, though noise of ±%f goes on', async (amplitude) => {
    const noise = whiteNoise({ seconds: 5, amplitude });
    const { verdicts } = await listen(joined(voiceOf('calm', 4), noise));
    const labels = (from: number, to: number) =>
      verdicts.filter(({ at }) => at >= from && at <= to).map(({ emotion }) => emotion);
    expect(new Set(labels(1, 4))).toEqual(new Set(['calm']));
    // A window that ends at 6.5 s begins when the voice has ended.
    expect(new Set(labels(6.5, 9))).toEqual(new Set(['no-speech']));
  });

  test('tell the level of the last half second, without DC', async () => {
    const sine = Float32Array.from(
      { length: 2 * RATE },
      (_, n) => 0.3 + (n < RATE ? 0.1 : 0.01) * Math.sin((2 * Math.PI * 440 * n) / RATE),
    );
    const { verdicts } = await listen(joined(sine, silence({ seconds: 1 })));
    expect(verdicts.map(({ level }) => level)).toEqual([-23, -43, -43, -100, -100]);
  });
});

describe('the summary', () => {
  test('tells how much of the stream is speech, and of which emotion', async () => {
    const samples = joined(voiceOf('sad', 6), silence({ seconds: 8 }), voiceOf('happy', 3, 1));
    const { summary } = await listen(samples);
    expect(liveSummarySchema.parse(summary)).toEqual(summary);
    expect(summary.duration).toBe(17);
    // The voices of the fixtures are silent for a quarter of the time, between syllables.
    expect(summary.speech).toBeGreaterThan(6);
    expect(summary.speech).toBeLessThan(9);
    expect(summary.summary.sad).toBeGreaterThan(0.55);
    expect(summary.summary.happy).toBeGreaterThan(0.25);
  });

  test('counts what one window hears as often as what many hear', async () => {
    const { summary } = await listen(twoStretches());
    const once = await listen(twoStretches().subarray(0, 6 * RATE));
    const other = await listen(twoStretches().subarray(14 * RATE));
    expect(summary.speech).toBeCloseTo(once.summary.speech + other.summary.speech, 0);
  });

  test('of a stream that ends between two verdicts comes after one more', async () => {
    const { verdicts, summary } = await listen(voiceOf('calm', 1.7));
    expect(verdicts.map(({ at }) => at)).toEqual([1, 1.5, 1.7]);
    expect(summary.duration).toBe(1.7);
  });

  test('of a stream that is shorter than a first verdict has one all the same', async () => {
    const { verdicts } = await listen(voiceOf('calm', 0.8));
    expect(verdicts).toMatchObject([{ at: 0.8, start: 0, emotion: 'calm' }]);
  });

  test('of nothing is empty', async () => {
    const nothing = { verdicts: [], summary: { duration: 0, speech: 0, summary: {} } };
    expect(await listen(new Float32Array(0))).toEqual(nothing);
  });
});

test('verdicts that come too late are left out, and their speech counts with the next', async () => {
  const asked: number[] = [];
  const listener = new LiveListener({
    model: pitch,
    isLate: (at) => asked.push(at) > 0 && at > 1 && at < 2.5,
  });
  const { verdicts, summary } = await listen(voiceOf('sad', 3), undefined, listener);
  expect(asked).toEqual([1, 1.5, 2, 2.5, 3]);
  expect(verdicts.map(({ at }) => at)).toEqual([1, 2.5, 3]);
  const complete = await listen(voiceOf('sad', 3));
  expect(summary.speech).toBeCloseTo(complete.summary.speech, 1);
});

test('a long stream takes no more memory than a short one', async () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const listener = new LiveListener({ model: pitch });
  const tenSeconds = joined(voiceOf('sad', 8), silence({ seconds: 2 }));
  const used = async (rounds: number) => {
    for (let i = 0; i < rounds; i++) await listener.push(tenSeconds);
    // What one collection finds unused is freed in the background, and counted until then.
    collect();
    await setTimeout(100);
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return (heapUsed + arrayBuffers) / 2 ** 20;
  };
  const before = await used(2);
  const after = await used(9);
  // 90 seconds of samples alone would be 5.5 MiB.
  expect(after - before).toBeLessThan(2.5);
});

describe('the ring buffer', () => {
  test('keeps the last samples of whatever is pushed, in order', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 12 }),
        fc.integer({ min: 0, max: 40 }),
        (capacity, lengths, count) => {
          const ring = new SampleRing(capacity);
          const all: number[] = [];
          for (const length of lengths) {
            const chunk = Array.from({ length }, (_, i) => all.length + i);
            ring.push(Float32Array.from(chunk));
            all.push(...chunk);
          }
          const kept = Math.min(count, capacity, all.length);
          expect([...ring.last(count)]).toEqual(all.slice(all.length - kept));
        },
      ),
    );
  });

  test('hands out copies, which later samples do not change', () => {
    const ring = new SampleRing(2);
    ring.push(Float32Array.of(1, 2));
    const copy = ring.last(2);
    ring.push(Float32Array.of(3, 4));
    expect([...copy]).toEqual([1, 2]);
  });
});
