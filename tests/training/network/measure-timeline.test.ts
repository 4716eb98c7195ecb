import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Analysis } from '../../../core/analyze.ts';
import { EMOTIONS } from '../../../core/model/emotions.ts';
import { loadModel } from '../../../core/model/folder.ts';
import type { Model } from '../../../core/model/session.ts';
import type { FrameRange } from '../../../core/windows.ts';
import { measureTimelines, scoreTimelines } from '../../../training/network/measure-timeline.ts';
import { joinClips, type SpokenClip } from '../../../training/network/timeline-notes.ts';
import { createRandom } from '../../../training/random.ts';
import {
  PITCHES,
  type PitchedEmotion,
  voiceOf,
  writePitchModel,
} from '../../fixtures/pitch-model.ts';

const HOPS_A_SECOND = 50;
const emotions = Object.keys(PITCHES) as PitchedEmotion[];
const clips: SpokenClip[] = ['ann', 'bob'].flatMap((speaker, s) =>
  emotions.flatMap((emotion) =>
    [2, 2.6, 3].map((seconds, i) => {
      const samples = voiceOf(emotion, seconds, 10 * s + i);
      return { speaker, emotion, samples };
    }),
  ),
);
const options = { seed: 3, notesPerSpeaker: 2 };

let folder: string;
let model: Model;
beforeAll(async () => {
  folder = await writePitchModel();
  model = await loadModel(folder);
});
afterAll(() => rm(folder, { recursive: true }));

describe('joinClips', () => {
  const notes = joinClips(clips, options);

  test('makes notes of 6 to 10 clips with short pauses, each emotion for 1 to 3 of them', () => {
    expect(notes.map(({ speaker }) => speaker)).toEqual(['ann', 'ann', 'bob', 'bob']);
    for (const { samples, emotionAt } of notes) {
      const frames = Math.floor(samples.length / 320);
      const runs: { emotion: string | null; frames: number }[] = [];
      for (let t = 0; t < frames; t++) {
        const emotion = emotionAt(t);
        const last = runs.at(-1);
        if (last?.emotion === emotion) last.frames++;
        else runs.push({ emotion, frames: 1 });
      }
      const pauses = runs.filter(({ emotion }) => emotion === null);
      for (const pause of pauses) {
        expect(pause.frames / HOPS_A_SECOND).toBeGreaterThanOrEqual(0.18);
        expect(pause.frames / HOPS_A_SECOND).toBeLessThanOrEqual(0.82);
      }
      const spoken = runs.filter(({ emotion }) => emotion !== null);
      expect(spoken.length).toBeGreaterThanOrEqual(6);
      expect(spoken.length).toBeLessThanOrEqual(10);
      expect(new Set(spoken.map(({ emotion }) => emotion)).size).toBeGreaterThan(1);
      for (let i = 3; i < spoken.length; i++) {
        const row = spoken.slice(i - 3, i + 1).map(({ emotion }) => emotion);
        expect(new Set(row).size).toBeGreaterThan(1);
      }
    }
  });

  test('is the same for a seed and other for another', () => {
    const lengths = (seed: number) =>
      joinClips(clips, { ...options, seed }).map(({ samples }) => samples.length);
    expect(lengths(3)).toEqual(notes.map(({ samples }) => samples.length));
    expect(lengths(4)).not.toEqual(lengths(3));
  });

  test('leaves out clips that are too short, and speakers of one emotion', () => {
    const short = clips.map((clip) => ({ ...clip, samples: clip.samples.subarray(0, 16_000) }));
    expect(joinClips(short, options)).toEqual([]);
    const sad = clips.filter(({ emotion }) => emotion === 'sad');
    expect(joinClips(sad, options)).toEqual([]);
  });
});

describe('scoreTimelines', () => {
  const evaluate = async (...args: Parameters<typeof measureTimelines>) =>
    scoreTimelines([await measureTimelines(...args)])!;

  test('is nearly all right for a model that hears what the clips differ in', async () => {
    const scores = await evaluate(clips, model, options);
    expect(scores.notes).toBe(4);
    expect(scores.seconds).toBeGreaterThan(40);
    expect(scores.timeWeightedAccuracy).toBeGreaterThan(0.85);
    expect(scores.timeWeightedAccuracy).toBeGreaterThan(scores.withoutSmoothing);
  });

  test('is about chance for a model that guesses', async () => {
    const random = createRandom(5);
    const guess = {
      card: model.card,
      predict: async (_: Analysis, windows: readonly FrameRange[]) =>
        windows.map(() => {
          const row = Float64Array.from(EMOTIONS, () => random.uniform());
          const sum = row.reduce((a, b) => a + b, 0);
          return { probabilities: row.map((p) => p / sum), isVoice: true };
        }),
    };
    const scores = await evaluate(clips, guess, options);
    expect(scores.timeWeightedAccuracy).toBeLessThan(0.4);
  });

  test('pools folds by their seconds', async () => {
    const whole = await evaluate(clips, model, options);
    const counts = await measureTimelines(clips, model, options);
    expect(scoreTimelines([counts])).toEqual(whole);
    expect(scoreTimelines([counts, counts])).toEqual({
      ...whole,
      notes: 2 * whole.notes,
      seconds: 2 * whole.seconds,
    });
  });
});
