import { SAMPLE_RATE } from '../../core/audio/mono-sink.ts';
import { between, createRandom, drawSeed, type Random } from '../random.ts';
import { activeLevel } from './level.ts';

/** Sounds that are no voice and lie over one, as bug reports of recorders describe them. */
export const DISTURBANCES = [
  'rumble',
  'offset',
  'bump',
  'squelch',
  'hum',
  'pop',
  'whistle',
  'beep',
] as const;
export type DisturbanceKind = (typeof DISTURBANCES)[number];

/** One disturbance, as plain JSON. */
export interface Disturbance {
  readonly kind: DisturbanceKind;
  /** Its level above that of the voice in dB. */
  readonly relativeDb: number;
  /** Decides frequency, place and length. */
  readonly seed: number;
}

/** How loud each may be, relative to the voice (dB). */
export const RELATIVE_DB: Readonly<Record<DisturbanceKind, readonly [number, number]>> = {
  rumble: [0, 30],
  offset: [0, 25],
  bump: [6, 24],
  squelch: [-6, 18],
  hum: [-15, 10],
  pop: [6, 30],
  whistle: [-15, 12],
  beep: [-6, 24],
};

export function drawDisturbance(random: Random): Disturbance {
  const kind = DISTURBANCES[random.integer(DISTURBANCES.length)];
  return { kind, relativeDb: between(random, RELATIVE_DB[kind]), seed: drawSeed(random) };
}

/** Returns the samples with the disturbance laid over them; silence stays silence. */
export function disturb(
  samples: Float32Array,
  { kind, relativeDb, seed }: Disturbance,
): Float32Array {
  const level = activeLevel(samples);
  if (level === null) return samples;
  const amplitude = level * 10 ** (relativeDb / 20);
  const random = createRandom(seed);
  const sound = SOUNDS[kind](samples.length, random);
  return samples.map((sample, n) => sample + amplitude * sound[n]);
}

const TAU = 2 * Math.PI;
/** A peak of √2 gives a sine the root mean square 1. */
const SINE = Math.SQRT2;

const SOUNDS: Readonly<Record<DisturbanceKind, (length: number, random: Random) => Float32Array>> =
  {
    rumble: (length, random) => sine(length, between(random, [4, 20]), random),
    offset: (length, random) => {
      const decay = between(random, [0.05, 0.6]) * SAMPLE_RATE;
      const sign = random.integer(2) ? 1 : -1;
      return Float32Array.from({ length }, (_, n) => sign * SINE * Math.exp(-n / decay));
    },
    bump: (length, random) => {
      const hz = between(random, [30, 160]);
      return event(
        length,
        between(random, [0.05, 0.25]),
        random.uniform(),
        (n, share) => SINE * Math.sin((TAU * hz * n) / SAMPLE_RATE) * Math.sin(Math.PI * share),
      );
    },
    squelch: (length, random) => {
      const place = random.uniform() < 0.7 ? 1 : 0;
      return event(length, between(random, [0.1, 0.5]), place, () => random.normal());
    },
    hum: (length, random) => {
      const hz = random.integer(2) ? 50 : 60;
      const harmonics = 1 + random.integer(6);
      const out = new Float32Array(length);
      for (let k = 1; k <= harmonics; k++) {
        const part = sine(length, hz * k, random);
        for (let n = 0; n < length; n++) out[n] += part[n] / k;
      }
      return out;
    },
    pop: (length, random) => {
      const decay = between(random, [0.001, 0.01]) * SAMPLE_RATE;
      const sign = random.integer(2) ? 1 : -1;
      return event(
        length,
        0.06,
        random.uniform() < 0.5 ? 0 : random.uniform(),
        (n) => sign * 2 * Math.exp(-n / decay),
      );
    },
    whistle: (length, random) => sine(length, between(random, [3500, 7500]), random),
    beep: (length, random) => {
      const hz = between(random, [400, 3000]);
      return event(
        length,
        between(random, [0.1, 0.5]),
        random.uniform(),
        (n) => SINE * Math.sin((TAU * hz * n) / SAMPLE_RATE),
      );
    },
  };

function sine(length: number, hz: number, random: Random): Float32Array {
  const phase = TAU * random.uniform();
  return Float32Array.from(
    { length },
    (_, n) => SINE * Math.sin(phase + (TAU * hz * n) / SAMPLE_RATE),
  );
}

/**
 * Returns silence with one event in it.
 *
 * @param place 0 at the start to 1 at the end
 * @param valueAt takes the sample of the event and how far it has come, 0 to 1
 */
function event(
  length: number,
  seconds: number,
  place: number,
  valueAt: (n: number, share: number) => number,
): Float32Array {
  const out = new Float32Array(length);
  const size = Math.min(length, Math.round(seconds * SAMPLE_RATE));
  const start = Math.round(place * (length - size));
  for (let n = 0; n < size; n++) out[start + n] = valueAt(n, n / size);
  return out;
}
