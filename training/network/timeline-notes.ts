import { findActivity, HOP } from '../../core/audio/speech.ts';
import { FEATURE_CONFIG } from '../../core/features/config.ts';
import { EMOTIONS, type Emotion } from '../../core/model/emotions.ts';
import { createRandom, type Random } from '../random.ts';

/** A recording of one emotion by one speaker, mono at 16 kHz. */
export interface SpokenClip {
  readonly samples: Float32Array;
  readonly speaker: string;
  readonly emotion: Emotion;
}

/** Clips of one speaker after one another. */
export interface LongNote {
  readonly speaker: string;
  readonly samples: Float32Array;
  /** What is felt at a frame of `HOP` samples, counted from the start; null between the clips. */
  emotionAt(frame: number): Emotion | null;
}

export interface NoteOptions {
  readonly seed: number;
  readonly notesPerSpeaker: number;
}

const CLIPS = { fewest: 6, most: 10 } as const;
/** Clips in a row of one emotion: stretches of about 2 to 10 s. */
const CLIPS_IN_A_ROW = { fewest: 1, most: 3 } as const;
/** Seconds. */
const PAUSE = { shortest: 0.2, longest: 0.8 } as const;
const SHORTEST_SPEECH = 1.2;
/** Root mean square of the speech of every clip: loudness alone shall not tell the joints. */
const LEVEL = FEATURE_CONFIG.level;
const { sampleRate } = FEATURE_CONFIG;

interface Spoken {
  readonly emotion: Emotion;
  /** Without the silence around it. */
  readonly samples: Float32Array;
}

/**
 * Joins clips of each speaker to long notes: 6 to 10 clips with pauses of 0.2 to 0.8 s, of which 1
 * to 3 in a row have one emotion. Clips with less than 1.2 s of speech are left out,
 * and so are speakers without clips of two emotions.
 */
export function joinClips(
  clips: readonly SpokenClip[],
  { seed, notesPerSpeaker }: NoteOptions,
): LongNote[] {
  const speakers = [...new Set(clips.map(({ speaker }) => speaker))];
  return speakers.flatMap((speaker, i) => {
    const own = clips.filter((clip) => clip.speaker === speaker);
    const spoken = own.map(trim).filter((clip) => clip !== null);
    const byEmotion = EMOTIONS.map((emotion) => spoken.filter((clip) => clip.emotion === emotion));
    const voices = byEmotion.filter((group) => group.length > 0);
    if (voices.length < 2) return [];
    return Array.from({ length: notesPerSpeaker }, (_, n) =>
      joinNote(speaker, voices, createRandom(seed, i * notesPerSpeaker + n)),
    );
  });
}

function joinNote(speaker: string, voices: readonly Spoken[][], random: Random): LongNote {
  const clips = drawClips(voices, random);
  const pauses = clips.map(() => Math.round(between(PAUSE, random) * sampleRate));
  const starts: number[] = [];
  let length = 0;
  clips.forEach((clip, i) => {
    starts.push(length);
    length += clip.samples.length + (i < clips.length - 1 ? pauses[i] : 0);
  });
  const samples = new Float32Array(length);
  clips.forEach((clip, i) => {
    samples.set(clip.samples, starts[i]);
  });
  const emotionAt = (frame: number) => {
    const i = starts.findLastIndex((start) => start <= frame * HOP);
    return i >= 0 && frame * HOP < starts[i] + clips[i].samples.length ? clips[i].emotion : null;
  };
  return { speaker, samples, emotionAt };
}

function drawClips(voices: readonly Spoken[][], random: Random): Spoken[] {
  const count = integerIn(CLIPS, random);
  const drawn: Spoken[] = [];
  let before: Spoken[] | null = null;
  while (drawn.length < count) {
    const others: Spoken[][] = voices.filter((group) => group !== before);
    const group: Spoken[] = others[random.integer(others.length)];
    const row = Math.min(integerIn(CLIPS_IN_A_ROW, random), count - drawn.length);
    // In a row no clip comes twice while there are others.
    const order = random.shuffle(Int32Array.from(group.keys()));
    for (let i = 0; i < row; i++) drawn.push(group[order[i % order.length]]);
    before = group;
  }
  return drawn;
}

/** Cuts away the silence around the speech and brings it to one level; null when there is too little. */
function trim({ samples, emotion }: SpokenClip): Spoken | null {
  const activity = findActivity(samples);
  if (!activity) return null;
  const { from, to, active, level } = activity;
  const heard = active.reduce((sum, isActive) => sum + isActive, 0);
  if ((heard * HOP) / sampleRate < SHORTEST_SPEECH) return null;
  const speech = activity.samples.subarray(from * HOP, to * HOP);
  return { emotion, samples: speech.map((sample) => (sample * LEVEL) / level) };
}

function between(range: { shortest: number; longest: number }, random: Random): number {
  return range.shortest + (range.longest - range.shortest) * random.uniform();
}

function integerIn({ fewest, most }: { fewest: number; most: number }, random: Random): number {
  return fewest + random.integer(most - fewest + 1);
}
