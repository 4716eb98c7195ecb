import '../../core/model/telemetry.ts';
import { readFile } from 'node:fs/promises';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { analyze } from '../../core/analyze.ts';
import { FEATURE_CONFIG } from '../../core/features/config.ts';
import type { InputKind } from '../../core/model/card.ts';
import { EMOTIONS, type Emotion } from '../../core/model/emotions.ts';
import { windowSizeOf } from '../../core/model/input.ts';
import { type Model, predict } from '../../core/model/session.ts';
import { decode } from '../../core/node/decode.ts';
import { mostLikely, stepsOf, timelineOf } from '../../core/timeline/timeline.ts';
import { type FrameRange, modelWindows } from '../../core/windows.ts';
import { EMOTION_OUTPUT, type Ensemble, exportEnsemble } from './export.ts';
import { INPUTS } from './graph-input.ts';
import type { PreparedCorpus } from './prepare.ts';
import type { NetworkResults } from './results.ts';
import type { Scaling } from './scaling.ts';
import { joinClips, type LongNote, type SpokenClip } from './timeline-notes.ts';

const SEED = 1;
const NOTES_PER_SPEAKER = 4;

/** What classifies the test actors of one fold, and their clips. */
export interface TimelineFold {
  readonly ensemble: Ensemble;
  readonly rows: Int32Array;
}

/** Joins the clips of each fold's actors to long notes and classifies them with that fold's ensemble. */
export async function measureTimeline(
  folds: readonly TimelineFold[],
  { clips }: PreparedCorpus,
  scaling: Scaling,
): Promise<NetworkResults['timeline']> {
  const counts: TimelineCounts[] = [];
  for (const { ensemble, rows } of folds) {
    const spoken = [];
    for (const row of rows) {
      const { path, speaker, emotion } = clips[row];
      spoken.push({ samples: (await decode(await readFile(path))).samples, speaker, emotion });
    }
    const session = await InferenceSession.create(exportEnsemble(ensemble, scaling), {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
    });
    const options = { seed: SEED, notesPerSpeaker: NOTES_PER_SPEAKER };
    counts.push(await measureTimelines(spoken, listenerOf(session), options));
    await session.release();
  }
  return scoreTimelines(counts);
}

function listenerOf(session: InferenceSession): Listener {
  const card = { inputs: INPUTS, output: { name: EMOTION_OUTPUT } };
  return { card, predict: (...speech) => predict({ Tensor }, session, card, ...speech) };
}

/** The parts of a loaded model that are asked: which input it takes, and its answers. */
export interface Listener {
  readonly card: { readonly inputs: readonly { readonly kind: InputKind }[] };
  readonly predict: Model['predict'];
}

/** What results.json says of the timeline; the shares are of the seconds of speech. */
export interface TimelineScores {
  readonly notes: number;
  /** Seconds of speech in them. */
  readonly seconds: number;
  /** Share whose stretch is named rightly; what would be "uncertain" counts by its top emotion. */
  readonly timeWeightedAccuracy: number;
  /** The same where each step is named by the windows around it alone. */
  readonly withoutSmoothing: number;
}

export interface TimelineEvaluationOptions {
  readonly seed: number;
  /** Long notes made of each speaker's clips. */
  readonly notesPerSpeaker: number;
}

/** Frames of speech, and how many of them are named rightly. */
export interface TimelineCounts {
  readonly notes: number;
  readonly frames: number;
  readonly right: number;
  readonly rightWithoutSmoothing: number;
}

/**
 * Joins clips of one speaker to long notes, hears them as serving does and counts how much of their
 * speech is told rightly. Speakers whom the model has learnt from tell nothing here.
 *
 * @example
 * const folds = [await measureTimelines(clips, model, { seed: 1, notesPerSpeaker: 4 })];
 * const scores = scoreTimelines(folds);
 */
export async function measureTimelines(
  clips: readonly SpokenClip[],
  model: Listener,
  options: TimelineEvaluationOptions,
): Promise<TimelineCounts> {
  const notes = joinClips(clips, options);
  let total: TimelineCounts = { notes: 0, frames: 0, right: 0, rightWithoutSmoothing: 0 };
  for (const note of notes) total = sum(total, await measureNote(note, model));
  return total;
}

/** Pools the counts of several folds, each heard by its own model; null where there were no notes. */
export function scoreTimelines(folds: readonly TimelineCounts[]): TimelineScores | null {
  const { notes, frames, right, rightWithoutSmoothing } = folds.reduce(sum);
  if (frames === 0) return null;
  const { framing, sampleRate } = FEATURE_CONFIG;
  return {
    notes,
    seconds: (frames * framing.hopLength) / sampleRate,
    timeWeightedAccuracy: right / frames,
    withoutSmoothing: rightWithoutSmoothing / frames,
  };
}

async function measureNote(note: LongNote, model: Listener): Promise<TimelineCounts> {
  const analysis = analyze(note.samples);
  if (!analysis) throw new RangeError('a note of spoken clips is silent');
  const { active, span } = analysis;
  const kinds = model.card.inputs.map(({ kind }) => kind);
  const size = windowSizeOf(kinds);
  const windows = modelWindows(analysis, size);
  const predictions = await model.predict(analysis, windows);
  const posteriors = predictions.map(({ probabilities }) => probabilities);
  const heard = { active, windows, posteriors, size };

  const { framing, sampleRate } = FEATURE_CONFIG;
  const first = Math.round((span.start * sampleRate) / framing.hopLength);
  const isSpeech = (t: number) => active[t] === 1 && note.emotionAt(first + t) !== null;
  const rightIn = ({ from, to }: FrameRange, emotion: Emotion) => {
    let right = 0;
    for (let t = from; t < to; t++) {
      if (isSpeech(t) && note.emotionAt(first + t) === emotion) right++;
    }
    return right;
  };
  const add = (a: number, b: number) => a + b;
  return {
    notes: 1,
    frames: active.reduce((count, _, t) => count + (isSpeech(t) ? 1 : 0), 0),
    right: timelineOf(heard)
      .map((stretch) => rightIn(stretch, EMOTIONS[mostLikely(stretch.probabilities)]))
      .reduce(add, 0),
    rightWithoutSmoothing: stepsOf(heard)
      .map((step) => rightIn(step, EMOTIONS[mostLikely(step.evidence)]))
      .reduce(add, 0),
  };
}

function sum(a: TimelineCounts, b: TimelineCounts): TimelineCounts {
  return {
    notes: a.notes + b.notes,
    frames: a.frames + b.frames,
    right: a.right + b.right,
    rightWithoutSmoothing: a.rightWithoutSmoothing + b.rightWithoutSmoothing,
  };
}
