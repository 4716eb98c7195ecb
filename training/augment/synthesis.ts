import { SAMPLE_RATE } from '../../core/audio/mono-sink.ts';
import { createRandom, type Random } from '../random.ts';
import {
  A4_HZ,
  addBurst,
  addChords,
  addDrums,
  addMelody,
  addNoise,
  addNote,
  at,
  between,
  CHORDS,
  instrument,
  notes,
  pick,
  semitones,
} from './instruments.ts';

/** Pairs of frequencies of the keys of a telephone (ITU-T Q.23). */
const DTMF = { low: [697, 770, 852, 941], high: [1209, 1336, 1477, 1633] } as const;

type Maker = (samples: Float32Array, random: Random) => void;

/** The sounds without a voice that can be made, by name. */
export const SYNTHETIC_SOUNDS: Readonly<Record<string, Maker>> = {
  tone: (out, random) =>
    addNote(out, 0, out.length, between(random, 60, 3000), instrument(random), random),
  chord: (out, random) => {
    const root = A4_HZ * semitones(-random.integer(30));
    const voice = instrument(random);
    for (const step of pick(random, CHORDS)) {
      addNote(out, 0, out.length, root * semitones(step), voice, random);
    }
  },
  arpeggio: (out, random) => {
    const voice = instrument(random);
    const chord = pick(random, CHORDS);
    const root = A4_HZ * semitones(-random.integer(28));
    notes(out, between(random, 0.08, 0.3), (from, length, i) => {
      const step = chord[i % chord.length] + 12 * (Math.floor(i / chord.length) % 2);
      addNote(out, from, length * 2, root * semitones(step), voice, random);
    });
  },
  melody: (out, random) => addMelody(out, random),
  music: (out, random) => {
    addMelody(out, random);
    addChords(out, random);
    if (random.uniform() < 0.7) addDrums(out, random);
  },
  drums: (out, random) => addDrums(out, random),
  beeps: (out, random) => {
    const hertz = between(random, 400, 3500);
    const voice = { ...instrument(random), decay: 0, vibrato: 0 };
    notes(out, between(random, 0.15, 0.8), (from, length) =>
      addNote(out, from, length * 0.5, hertz, voice, random),
    );
  },
  dtmf: (out, random) =>
    notes(out, between(random, 0.12, 0.35), (from, length) => {
      const voice = { harmonics: [1], decay: 0, vibrato: 0, rate: 5 };
      addNote(out, from, length * 0.6, pick(random, DTMF.low), voice, random);
      addNote(out, from, length * 0.6, pick(random, DTMF.high), voice, random);
    }),
  siren: (out, random) => {
    const [low, rate] = [between(random, 250, 900), between(random, 0.2, 4)];
    const high = low * between(random, 1.3, 3);
    const harmonics = pick(random, [1, 3, 8]);
    let phase = 0;
    for (let n = 0; n < out.length; n++) {
      const swing = 0.5 - 0.5 * Math.cos((2 * Math.PI * rate * n) / SAMPLE_RATE);
      phase += (2 * Math.PI * low * (high / low) ** swing) / SAMPLE_RATE;
      for (let k = 1; k <= harmonics; k++) out[n] += Math.sin(k * phase) / k ** 1.5;
    }
  },
  hum: (out, random) => {
    const mains = pick(random, [50, 60, 100, 120]);
    const voice = { ...instrument(random), decay: 0, vibrato: 0 };
    addNote(out, 0, out.length, mains, voice, random);
    addNoise(out, 0, out.length, between(random, 0, 0.3), between(random, 0, 0.98), random);
  },
  noise: (out, random) => {
    addNoise(out, 0, out.length, 1, between(random, -0.5, 0.99), random);
    const [rate, depth] = [between(random, 0.1, 8), pick(random, [0, 0, 0.3, 0.7, 0.95])];
    for (let n = 0; n < out.length; n++) {
      out[n] *= 1 - depth * (0.5 - 0.5 * Math.cos((2 * Math.PI * rate * n) / SAMPLE_RATE));
    }
  },
  clicks: (out, random) => {
    const regular = random.uniform() < 0.5;
    const gap = between(random, 0.04, 0.7);
    let from = 0;
    while (from < out.length) {
      const length = at(between(random, 0.003, 0.08));
      addBurst(out, from, length, between(random, 0, 0.9), between(random, 0.3, 1), random);
      from += at(gap * (regular ? 1 : between(random, 0.3, 2)));
    }
  },
  engine: (out, random) => {
    const idle = between(random, 12, 140);
    const voice = Array.from({ length: 25 }, (_, k) => between(random, 0, 1) / (k + 1) ** 0.7);
    const roughness = between(random, 0, 0.4);
    let [phase, speed] = [0, 1];
    for (let n = 0; n < out.length; n++) {
      speed += 0.0005 * random.normal() - 0.0001 * (speed - 1);
      phase += (2 * Math.PI * idle * speed) / SAMPLE_RATE;
      for (let k = 0; k < voice.length; k++) out[n] += voice[k] * Math.sin((k + 1) * phase + k * k);
      out[n] *= 1 + roughness * random.normal();
    }
    addNoise(out, 0, out.length, between(random, 0, 0.5), 0.9, random);
  },
  chirps: (out, random) => {
    const low = between(random, 800, 4000);
    notes(out, between(random, 0.06, 0.5), (from, length) => {
      const [start, slope] = [low * between(random, 0.8, 1.3), between(random, -1, 1)];
      let phase = 0;
      for (let n = 0; n < length * 0.6 && from + n < out.length; n++) {
        phase += (2 * Math.PI * start * 2 ** ((slope * n) / length)) / SAMPLE_RATE;
        out[from + n] += Math.sin(phase) * Math.sin((Math.PI * n) / (length * 0.6));
      }
    });
  },
};

/**
 * Returns a made sound without a voice: tones, chords, melodies, drums, alarms, hum, coloured noise,
 * clicks, engines. The same kind, seconds and seed give the same samples.
 *
 * @returns mono at 16 kHz, its largest sample 0.5
 * @example
 * const samples = syntheticSound('melody', 4, 17);
 */
export function syntheticSound(kind: string, seconds: number, seed: number): Float32Array {
  const make = SYNTHETIC_SOUNDS[kind];
  if (!make) {
    const known = Object.keys(SYNTHETIC_SOUNDS).join(', ');
    throw new RangeError(`there is no sound "${kind}"; there are ${known}`);
  }
  const samples = new Float32Array(at(seconds));
  make(samples, createRandom(seed));
  const peak = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
  return samples.map((value) => (0.5 * value) / peak);
}

/** Length of a made sound in seconds. */
const SECONDS = 4;
/** What the paths of made sounds begin with. */
const SCHEME = 'made:';
/** How many kinds can be synthesised. */
export const SOUND_KINDS = Object.keys(SYNTHETIC_SOUNDS).length;

/** Returns what stands for the path of `count` sounds of every kind that can be synthesised. */
export function madeSounds(count: number): { path: string; id: string; category: string }[] {
  return Object.keys(SYNTHETIC_SOUNDS).flatMap((category) =>
    Array.from({ length: count }, (_, i) => {
      const path = `${SCHEME}${category}:${i}`;
      return { path, id: path, category };
    }),
  );
}

/** Returns whether a path stands for a made sound. */
export function isMade(path: string): boolean {
  return path.startsWith(SCHEME);
}

/** Returns the samples of a made sound, mono at 16 kHz. */
export function madeSound(path: string): Float32Array {
  const [, category, number] = path.split(':');
  const kind = Object.keys(SYNTHETIC_SOUNDS).indexOf(category);
  return syntheticSound(category, SECONDS, 1000 * (kind + 1) + Number(number));
}
