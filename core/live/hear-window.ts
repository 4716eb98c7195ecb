import { describe } from '../analyze.ts';
import { SAMPLE_RATE } from '../audio/mono-sink.ts';
import { HOP } from '../audio/speech.ts';
import { frameCount } from '../features/frames.ts';
import { labelled } from '../label.ts';
import { modelInput, windowSizeOf } from '../model/input.ts';
import type { Model } from '../model/session.ts';
import type { Label, Probabilities } from '../verdict.ts';
import { isVoice } from '../voice/detector.ts';
import { activeFrames, type FrameRange, intersection, MIN_ACTIVE_FRAMES } from '../windows.ts';

/** What is heard in a window, and how many of its newest samples are speech. */
export interface HeardWindow {
  readonly emotion: Label;
  readonly confidence: number;
  readonly probabilities: Probabilities | null;
  /** Samples in which something is heard, among the newest. */
  readonly speech: number;
}

const NO_SPEECH: HeardWindow = {
  emotion: 'no-speech',
  confidence: 0,
  probabilities: null,
  speech: 0,
};

/**
 * Hears the last window of a stretch of sound as `classify` hears a window of a recording: what comes
 * before it tells how loud the speaker and the background are, and whether somebody speaks is asked
 * of the window alone.
 *
 * @param samples mono at 16 kHz; of fewer than a window all are heard
 * @param newest how many of the last samples `speech` counts
 */
export async function hearWindow(
  samples: Float32Array,
  newest: number,
  model: Model,
): Promise<HeardWindow> {
  const sound = describe(samples);
  if (!sound) return NO_SPEECH;
  const kinds = model.card.inputs.map(({ kind }) => kind);
  const { frames } = windowSizeOf(kinds);
  const firstFrame = Math.round((sound.span.start * SAMPLE_RATE) / HOP);
  const lastOf = (count: number): FrameRange => {
    const end = frameCount(samples.length, HOP) - firstFrame;
    return intersection({ from: end - count, to: end }, { from: 0, to: sound.features.frames });
  };
  const window = lastOf(frames);
  if (activeFrames(sound.active, window) < MIN_ACTIVE_FRAMES) return NO_SPEECH;
  if (!isVoice(sound, window)) return NO_SPEECH;
  const [probabilities] = await model.predict([modelInput(kinds, sound, window)]);
  const speech = activeFrames(sound.active, lastOf(Math.ceil(newest / HOP))) * HOP;
  return { ...labelled(probabilities, model), speech };
}
