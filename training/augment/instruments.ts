import { SAMPLE_RATE } from '../../core/audio/mono-sink.ts';
import type { Random } from '../random.ts';

/** Concert pitch and the scales that melodies walk on, in semitones. */
export const A4_HZ = 440;
const SCALES = [
  [0, 2, 4, 5, 7, 9, 11],
  [0, 2, 3, 5, 7, 8, 10],
  [0, 2, 4, 7, 9],
] as const;
export const CHORDS = [
  [0, 4, 7],
  [0, 3, 7],
  [0, 4, 7, 10],
  [0, 5, 7],
] as const;
/** Seconds → samples. */
export const at = (seconds: number) => Math.round(seconds * SAMPLE_RATE);
export const between = (random: Random, low: number, high: number) =>
  low + (high - low) * random.uniform();
export const pick = <T>(random: Random, items: readonly T[]): T =>
  items[random.integer(items.length)];
export const semitones = (count: number) => 2 ** (count / 12);

export interface Instrument {
  /** Amplitude of every harmonic. */
  readonly harmonics: readonly number[];
  /** Decay rate in 1/s; 0 sustains. */
  readonly decay: number;
  /** Depth in semitones and rate in Hz. */
  readonly vibrato: number;
  readonly rate: number;
}

export function instrument(random: Random): Instrument {
  const falloff = between(random, 0.5, 3);
  const oddOnly = random.uniform() < 0.3;
  const count = 1 + random.integer(16);
  return {
    harmonics: Array.from({ length: count }, (_, k) =>
      oddOnly && k % 2 === 1 ? 0 : between(random, 0.3, 1) / (k + 1) ** falloff,
    ),
    decay: pick(random, [0, 0, 2, 5, 12]),
    vibrato: pick(random, [0, 0, 0.2, 0.5]),
    rate: between(random, 4, 7),
  };
}

export function addNote(
  out: Float32Array,
  from: number,
  length: number,
  hertz: number,
  { harmonics, decay, vibrato, rate }: Instrument,
  random: Random,
): void {
  const end = Math.min(out.length, Math.round(from + length));
  const attack = at(between(random, 0.004, 0.03));
  let phase = 2 * Math.PI * random.uniform();
  for (let n = Math.round(from); n < end; n++) {
    const seconds = (n - from) / SAMPLE_RATE;
    const bend = semitones(vibrato * Math.sin(2 * Math.PI * rate * seconds));
    phase += (2 * Math.PI * hertz * bend) / SAMPLE_RATE;
    const envelope =
      Math.min(1, (n - from) / attack, (end - n) / attack) * Math.exp(-decay * seconds);
    let value = 0;
    for (let k = 0; k < harmonics.length; k++) {
      if ((k + 1) * hertz < SAMPLE_RATE / 2) value += harmonics[k] * Math.sin((k + 1) * phase);
    }
    out[n] += envelope * value;
  }
}

/** Calls back for one note after another of about the given length until the sound is full. */
export function notes(
  out: Float32Array,
  seconds: number,
  play: (from: number, length: number, i: number) => void,
): void {
  const length = at(seconds);
  for (let i = 0; i * length < out.length; i++) play(i * length, length, i);
}

export function addMelody(out: Float32Array, random: Random): void {
  const scale = pick(random, SCALES);
  const root = A4_HZ * semitones(-12 - random.integer(12));
  const voice = instrument(random);
  const beat = between(random, 0.12, 0.4);
  let degree = random.integer(scale.length);
  let from = 0;
  while (from < out.length) {
    const length = at(beat * pick(random, [1, 1, 2, 3]));
    degree = Math.max(0, degree + random.integer(5) - 2);
    const step = scale[degree % scale.length] + 12 * Math.floor(degree / scale.length);
    addNote(out, from, length, root * semitones(step), voice, random);
    from += length;
  }
}

export function addChords(out: Float32Array, random: Random): void {
  const voice = instrument(random);
  notes(out, between(random, 0.5, 1.6), (from, length) => {
    const root = (A4_HZ / 2) * semitones(-random.integer(12));
    for (const step of pick(random, CHORDS)) {
      addNote(out, from, length, root * semitones(step), voice, random);
    }
  });
}

export function addDrums(out: Float32Array, random: Random): void {
  const [kick, snare, loud] = [
    between(random, 45, 90),
    between(random, 150, 250),
    between(random, 0.5, 3),
  ];
  notes(out, between(random, 0.1, 0.3), (from, length, i) => {
    const voice = { harmonics: [loud], decay: 18, vibrato: 0, rate: 5 };
    if (i % 4 === 0) addNote(out, from, length, kick, voice, random);
    if (i % 4 === 2) {
      addNote(out, from, length, snare, voice, random);
      addBurst(out, from, at(0.12), 0.2, loud, random);
    }
    if (random.uniform() < 0.7) addBurst(out, from, at(0.04), -0.8, loud / 3, random);
  });
}

/** Adds decaying coloured noise. */
export function addBurst(
  out: Float32Array,
  from: number,
  length: number,
  colour: number,
  gain: number,
  random: Random,
): void {
  let value = 0;
  for (let n = 0; n < length && from + n < out.length; n++) {
    value = colour * value + random.normal();
    out[from + n] += gain * value * Math.exp((-5 * n) / length);
  }
}

/** Adds steady noise through a one-pole filter: `colour` near 1 is dark, below 0 bright. */
export function addNoise(
  out: Float32Array,
  from: number,
  length: number,
  gain: number,
  colour: number,
  random: Random,
): void {
  const scale = gain * Math.sqrt(1 - colour * colour);
  let value = 0;
  for (let n = from; n < Math.min(out.length, from + length); n++) {
    value = colour * value + random.normal();
    out[n] += scale * value;
  }
}
