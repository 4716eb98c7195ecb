import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analyze } from '../../../core/analyze.ts';
import { EMOTIONS } from '../../../core/model/emotions.ts';
import { CARD_FILE, loadModel } from '../../../core/model/folder.ts';
import type { Model } from '../../../core/model/session.ts';
import { classify } from '../../../core/node/classify.ts';
import { verdictSchema } from '../../../core/verdict.ts';
import { joined, silence, wavFile, whiteNoise } from '../../fixtures/audio.ts';
import { voiceOf, writePitchModel } from '../../fixtures/pitch-model.ts';

let folder: string;
let model: Model;
beforeAll(async () => {
  folder = await writePitchModel();
  model = await loadModel(folder);
});
afterAll(() => rm(folder, { recursive: true }));

async function tell(...parts: Float32Array[]) {
  const note = wavFile(joined(...parts), { encoding: 'float32' });
  return verdictSchema.parse(await classify(note, { model }));
}

describe('the timeline of a note', () => {
  test('names each emotion once, with the change in the pause', async () => {
    const pause = silence({ seconds: 0.4 });
    const { timeline = [], summary } = await tell(
      ...[voiceOf('sad', 7), pause, voiceOf('happy', 4), pause, voiceOf('calm', 6)],
    );
    expect(timeline.map(({ emotion }) => emotion)).toEqual(['sad', 'happy', 'calm']);
    expect(Math.abs(timeline[0].end - 7.2)).toBeLessThan(0.2);
    expect(Math.abs(timeline[1].end - 11.6)).toBeLessThan(0.2);
    expect(timeline[1].start).toBe(timeline[0].end);
    expect(summary.sad).toBeCloseTo(7 / 17, 1);
    expect(summary.happy).toBeCloseTo(4 / 17, 1);
  });

  test('of a note that is sad, then happy, makes the sequence of the verdict', async () => {
    const verdict = await tell(
      ...[voiceOf('sad', 6), silence({ seconds: 0.4 }), voiceOf('happy', 7)],
    );
    // The mean over all of it stays where it was: the change is told beside it.
    const [best] = Object.entries(verdict.probabilities ?? {}).sort(([, a], [, b]) => b - a);
    expect(verdict.confidence).toBe(best[1]);
    expect(verdict.sequence).toEqual(['sad', 'happy']);
  });

  test('of 30 s in one voice is one stretch, which says what the verdict says', async () => {
    const {
      timeline = [],
      summary,
      speech,
      sequence,
      ...verdict
    } = await tell(voiceOf('calm', 30, 4));
    const { emotion, confidence, probabilities } = verdict;
    expect(timeline).toEqual([{ ...speech, emotion, confidence, probabilities }]);
    expect(emotion).toBe('calm');
    expect(sequence).toEqual([]);
    expect(summary).toEqual({ calm: 1 });
  });

  test('leaves a long pause out, and begins again after it', async () => {
    const { timeline = [] } = await tell(
      ...[voiceOf('happy', 5), silence({ seconds: 4 }), voiceOf('happy', 5, 1)],
    );
    expect(timeline.map(({ emotion }) => emotion)).toEqual(['happy', 'happy']);
    expect(timeline[0].end).toBeLessThan(5.1);
    expect(timeline[1].start).toBeGreaterThan(8.9);
  });

  test('joins what is uncertain to one stretch', async () => {
    const doubtful = { ...model, card: { ...model.card, threshold: 1 } };
    const samples = joined(voiceOf('sad', 6), voiceOf('happy', 6));
    const {
      timeline = [],
      summary,
      sequence,
    } = await classify(wavFile(samples), {
      model: doubtful,
    });
    expect(sequence).toEqual([]);
    expect(timeline.map(({ emotion }) => emotion)).toEqual(['uncertain']);
    expect(summary).toEqual({ uncertain: 1 });
  });
});

describe('sounds that are no voice', () => {
  /** As loud as a voice, and longer than a window, so that some windows hold nothing else. */
  const noise = (seconds: number) => whiteNoise({ seconds, amplitude: 0.2, seed: 3 });

  test('are left out of the verdict and of the timeline', async () => {
    const [before, after] = [voiceOf('calm', 6), voiceOf('calm', 6, 1)];
    const { timeline = [], ...verdict } = await tell(before, noise(6), after);
    expect(verdict.emotion).toBe('calm');
    expect(timeline.map(({ emotion }) => emotion)).toEqual(['calm', 'calm']);
    expect(timeline[0].start).toBe(verdict.speech?.start);
    expect(timeline[1].end).toBe(verdict.speech?.end);
    // A window that a voice fills by half counts, and what it holds with it.
    expect(timeline[0].end).toBeGreaterThan(5.9);
    expect(timeline[0].end).toBeLessThan(8);
    expect(timeline[1].start).toBeGreaterThan(10);
    expect(timeline[1].start).toBeLessThan(12.1);

    const note = wavFile(joined(before, noise(6), after), { encoding: 'float32' });
    const all = await classify(note, { model: heedless(model) });
    // Taken for a voice, the noise is told as what it is nearest to.
    expect(all.timeline?.some(({ emotion }) => emotion === 'sad')).toBe(true);
    expect(all.probabilities?.calm).toBeLessThan(verdict.probabilities?.calm ?? 0);
  });

  test('are all of some recordings: no-speech', async () => {
    expect(await tell(noise(1))).toMatchObject({
      emotion: 'no-speech',
      confidence: 0,
      probabilities: null,
      speech: null,
      sequence: [],
      timeline: [],
      summary: {},
    });
    expect(await tell(noise(8))).toMatchObject({ emotion: 'no-speech', timeline: [] });
  });

  test('are told by the threshold of the card', async () => {
    const loaded = async (voice?: { name: string; threshold: number }) => {
      const path = join(folder, CARD_FILE);
      const card = await readFile(path, 'utf8');
      await writeFile(path, JSON.stringify({ ...JSON.parse(card), voice }));
      const changed = await loadModel(folder);
      await writeFile(path, card);
      return changed;
    };
    const emotionOf = async (samples: Float32Array, of: Model) =>
      (await classify(wavFile(samples), { model: of })).emotion;
    expect(await emotionOf(noise(3), model)).toBe('no-speech');
    expect(await emotionOf(noise(3), await loaded({ name: 'voice', threshold: 0 }))).toBe('sad');
    // A model without that output takes every sound for speech.
    expect(await emotionOf(noise(3), await loaded())).toBe('sad');
  });
});

/** The same model, for which every sound is a voice. */
function heedless(of: Model): Model {
  return {
    ...of,
    predict: async (...speech) =>
      (await of.predict(...speech)).map((prediction) => ({ ...prediction, isVoice: true })),
  };
}

test('a short note gets the probabilities of its one window', async () => {
  const samples = voiceOf('sad', 2);
  const analysis = analyze(samples);
  if (!analysis) throw new Error('nothing is heard in it');
  const window = { from: 0, to: analysis.frames };
  const [expected] = await model.predict(analysis, [window]);
  const { probabilities, timeline } = await tell(samples);
  EMOTIONS.forEach((emotion, k) => {
    expect(probabilities?.[emotion]).toBe(Number(expected.probabilities[k].toFixed(6)));
  });
  expect(timeline).toMatchObject([{ probabilities }]);
});
