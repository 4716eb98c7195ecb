import { between, createRandom, drawSeed, type Random } from '../random.ts';
import { type Disturbance, disturb, drawDisturbance } from './disturbance.ts';
import { amplify, setLevel } from './level.ts';
import { applyMicrophone, drawMicrophone, type Microphone } from './microphone.ts';
import { mixNoise, pinkNoise, whiteNoise } from './noise.ts';
import { drawRoom, impulseResponse, type Room, reverberate } from './room.ts';
import { telephone } from './telephone.ts';
import { changeTempoAndPitch } from './tempo.ts';

/** What is drawn for each step that happens. */
const TEMPO = [0.88, 1.12] as const;
const SNR_DB = [0, 30] as const;
/** Active speech peaks about 15 dB above its level: the upper third of this range is clipped. */
const LEVEL_DBFS = [-50, -3] as const;
/** Share of the noises that are generated: hiss and hum are in no collection of everyday sounds. */
const GENERATED_NOISE = 0.15;

/** How often each step happens. Rooms and telephones are rarer in voice notes than noise is. */
export const PROBABILITIES = {
  tempo: 0.8,
  room: 0.3,
  noise: 0.5,
  microphone: 0.5,
  gain: 0.5,
  telephone: 0.1,
  disturbance: 0.25,
} as const;

/** What a chain refers to by index. */
export interface ChainResources {
  /** Mono at 16 kHz; indices in a chain count from 0. May be empty. */
  readonly noises: readonly Float32Array[];
}

export interface ChainNoise {
  /** Index into the resources, or noise that is generated. */
  readonly source: number | 'white' | 'pink';
  readonly snrDb: number;
  /** Of the stretch that is taken. */
  readonly seed: number;
}

/** Either the level of active speech that results (dBFS) or a change (dB); both clip and round. */
export type ChainGain = { readonly levelDbfs: number } | { readonly decibels: number };

/** One degradation of one clip, as plain JSON: the same chain gives the same samples again. */
export interface Chain {
  /** 1 leaves it. */
  readonly tempo: number;
  readonly room: Room | null;
  readonly noise: ChainNoise | null;
  readonly microphone: Microphone | null;
  readonly gain: ChainGain | null;
  readonly telephone: boolean;
  /** A sound that lies over all of it; null leaves it out. */
  readonly disturbance: Disturbance | null;
}

/** The chain that changes nothing. */
export const CLEAN: Chain = {
  tempo: 1,
  room: null,
  noise: null,
  microphone: null,
  gain: null,
  telephone: false,
  disturbance: null,
};

/**
 * Returns a random chain.
 *
 * @param probabilities of each step, where they differ from PROBABILITIES
 * @example
 * const chain = drawChain(createRandom(seed, clipIndex), { noises });
 * const samples = applyChain(clip, chain, { noises });
 */
export function drawChain(
  random: Random,
  { noises }: ChainResources,
  probabilities: Partial<Record<keyof typeof PROBABILITIES, number>> = {},
): Chain {
  const chances = { ...PROBABILITIES, ...probabilities };
  const happens = (step: keyof typeof PROBABILITIES) => random.uniform() < chances[step];
  return {
    tempo: happens('tempo') ? between(random, TEMPO) : 1,
    room: happens('room') ? drawRoom(random) : null,
    noise: happens('noise') ? drawNoise(random, noises.length) : null,
    microphone: happens('microphone') ? drawMicrophone(random) : null,
    gain: happens('gain') ? { levelDbfs: between(random, LEVEL_DBFS) } : null,
    telephone: happens('telephone'),
    disturbance: happens('disturbance') ? drawDisturbance(random) : null,
  };
}

/**
 * Returns the samples after the chain, in the order in which a recording suffers: the voice, the
 * room, noise around the microphone, the microphone, its amplifier, the line. Without a tempo the
 * length stays. Silence stays free of NaN and of noise.
 *
 * @param samples mono at 16 kHz; not changed
 * @throws RangeError when the chain names a noise that the resources do not have.
 */
export function applyChain(
  samples: Float32Array,
  chain: Chain,
  resources: ChainResources,
): Float32Array {
  const { tempo, room, noise, microphone, gain, disturbance } = chain;
  let out = tempo === 1 ? samples.slice() : changeTempoAndPitch(samples, tempo);
  if (room) out = reverberate(out, impulseResponse(room));
  if (noise) out = addNoise(out, noise, resources);
  if (disturbance) out = disturb(out, disturbance);
  if (microphone) out = applyMicrophone(out, microphone);
  if (gain) out = 'levelDbfs' in gain ? setLevel(out, gain.levelDbfs) : amplify(out, gain.decibels);
  return chain.telephone ? telephone(out) : out;
}

function drawNoise(random: Random, count: number): ChainNoise {
  const generated = random.uniform() < GENERATED_NOISE || count === 0;
  return {
    source: generated ? (random.integer(2) ? 'white' : 'pink') : random.integer(count),
    snrDb: between(random, SNR_DB),
    seed: drawSeed(random),
  };
}

function addNoise(
  samples: Float32Array,
  { source, snrDb, seed }: ChainNoise,
  { noises }: ChainResources,
): Float32Array {
  const random = createRandom(seed);
  if (samples.length === 0) return samples;
  if (source === 'white')
    return mixNoise(samples, whiteNoise(samples.length, random), snrDb, random);
  if (source === 'pink') return mixNoise(samples, pinkNoise(samples.length, random), snrDb, random);
  const noise = noises[source];
  if (!noise) throw new RangeError(`the chain names noise ${source}, of ${noises.length}`);
  return mixNoise(samples, noise, snrDb, random);
}
