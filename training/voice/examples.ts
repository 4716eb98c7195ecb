import { readFile } from 'node:fs/promises';
import { type Analysis, describe } from '../../core/analyze.ts';
import { decode, SAMPLE_RATE } from '../../core/audio/decode.ts';
import { findActivity, HOP } from '../../core/audio/speech.ts';
import { createRandom, type Random } from '../random.ts';
import { addNoise, clip, resample, reverberate, telephone, tilt } from './degrade.ts';
import { FOLDS, type Recording } from './recordings.ts';
import { SYNTHETIC_SOUNDS, syntheticSound } from './synthesis.ts';
import { whisper } from './whisper.ts';

/** How a recording is heard: as it is, or as another microphone, room or speaker would give it. */
export type Condition =
  | ('clean' | 'noise' | 'telephone' | 'room' | 'whisper' | 'shout' | 'short')
  | ('varied' | 'mixed');

/** A recording in one condition, described frame by frame. */
export interface Example {
  readonly group: string;
  readonly isVoice: boolean;
  readonly fold: number | null;
  readonly condition: Condition;
  /** null for silence. */
  readonly analysis: Analysis | null;
}

export interface ExampleOptions {
  readonly seed: number;
  /** How many sounds of each kind are made. */
  readonly madePerKind: number;
}

const VOICE_CONDITIONS = ['noise', 'telephone', 'room', 'whisper', 'shout', 'short'] as const;
const SOUND_CONDITIONS = ['mixed', 'short'] as const;
/** Every so manieth recording of a voice is also heard in another condition. */
const DEGRADED_STEP = 2;
/** Length of made sounds. */
const SYNTHETIC_SECONDS = 4;
const SHORT_SECONDS = { from: 0.3, to: 0.9 } as const;

/**
 * Decodes the recordings and yields each as it is and, those that are trained on, in other
 * conditions; then the made sounds. Noise comes from the fold of the voice it is mixed into, so that
 * no fold is tested on what others learned.
 *
 * @example
 * for await (const { isVoice, analysis } of examples(recordings, { seed: 42, madePerKind: 20 })) learn(isVoice, analysis);
 */
export async function* examples(
  recordings: readonly Recording[],
  { seed, madePerKind }: ExampleOptions,
): AsyncGenerator<Example> {
  const noises: Float32Array[][] = Array.from({ length: FOLDS }, () => []);
  for (const { path, isVoice, fold } of recordings) {
    if (!isVoice && fold !== null) noises[fold].push(await samplesOf(path));
  }
  const taken = noises.map(() => 0);
  for (const [i, { path, ...rest }] of recordings.entries()) {
    const { isVoice, fold } = rest;
    const random = createRandom(seed, i);
    const samples = !isVoice && fold !== null ? noises[fold][taken[fold]++] : await samplesOf(path);
    yield { ...rest, condition: 'clean', analysis: describe(samples) };
    if (fold === null || (isVoice && i % DEGRADED_STEP > 0)) continue;
    const conditions = isVoice
      ? [VOICE_CONDITIONS[(i / DEGRADED_STEP) % VOICE_CONDITIONS.length]]
      : (['varied', SOUND_CONDITIONS[i % SOUND_CONDITIONS.length]] as const);
    for (const condition of conditions) {
      const changed = change(samples, condition, noises[fold], random);
      yield { ...rest, condition, analysis: describe(changed) };
    }
  }
  yield* syntheticExamples(seed, madePerKind);
}

function* syntheticExamples(seed: number, perKind: number): Generator<Example> {
  for (const [k, kind] of Object.keys(SYNTHETIC_SOUNDS).entries()) {
    for (let i = 0; i < perKind; i++) {
      const samples = syntheticSound(kind, SYNTHETIC_SECONDS, seed + 1000 * (k + 1) + i);
      yield {
        ...{ group: `made: ${kind}`, isVoice: false, fold: i % FOLDS, condition: 'clean' },
        analysis: describe(samples),
      };
    }
  }
}

/** Returns the recording in another condition; how much of it is drawn at random. */
export function change(
  samples: Float32Array,
  condition: Condition,
  noises: readonly Float32Array[],
  random: Random,
): Float32Array {
  const between = (low: number, high: number) => low + (high - low) * random.uniform();
  switch (condition) {
    case 'clean':
      return samples;
    case 'noise':
      return addNoise(samples, pick(noises, random), between(0, 20), random);
    case 'telephone':
      return telephone(samples);
    case 'room': {
      const room = { decaySeconds: between(0.2, 0.8), directDb: between(-3, 9) };
      return reverberate(samples, room, random);
    }
    case 'whisper':
      return whisper(samples, random, between(0, 0.8));
    case 'shout':
      return clip(resample(samples, between(1, 1.2)), between(6, 20));
    case 'short':
      return shortPart(samples, between(SHORT_SECONDS.from, SHORT_SECONDS.to), random);
    case 'varied': {
      const other = tilt(resample(samples, between(0.75, 1.3)), between(-0.6, 0.6));
      return random.uniform() < 0.3 ? telephone(other) : other;
    }
    case 'mixed':
      return addNoise(samples, pick(noises, random), between(0, 12), random);
  }
}

/** A part of what is heard, not of the silence around it. */
function shortPart(samples: Float32Array, seconds: number, random: Random): Float32Array {
  const activity = findActivity(samples);
  const from = (activity?.from ?? 0) * HOP;
  const to = activity ? activity.to * HOP : samples.length;
  const length = Math.round(seconds * SAMPLE_RATE);
  const start = from + Math.round(Math.max(0, to - from - length) * random.uniform());
  return samples.slice(start, start + length);
}

async function samplesOf(path: string): Promise<Float32Array> {
  return (await decode(await readFile(path))).samples;
}

function pick<T>(items: readonly T[], random: Random): T {
  return items[random.integer(items.length)];
}
