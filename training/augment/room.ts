import { SAMPLE_RATE } from '../../core/audio/mono-sink.ts';
import { between, createRandom, drawSeed, type Random, type Range } from '../random.ts';
import { convolve } from './convolution.ts';
import { activeLevel, scale } from './level.ts';

/** Metres a second, at 20 °C. */
const SPEED_OF_SOUND = 343;
/** Seconds of single reflections; after them the room is told as decaying noise. */
const EARLY_SECONDS = 0.03;
/** ln 10⁶: energy falls by 60 dB within one RT60. */
const DECAY_60_DB = Math.log(1e6);
/** A mouth sends this much more energy to the front, where the microphone is, than on average. */
const TALKER_DIRECTIVITY = 2;
/** Above this frequency walls and air swallow more, and the decay takes this share of the time. */
const HIGH_HERTZ = 2_000;
const HIGH_RT60_SHARE = 0.7;
/** Talker and microphone keep this distance from the walls, in metres. */
const WALL_CLEARANCE = 0.4;

/** Side lengths of rooms in which people talk, in metres. */
const SIDES = { x: [2.6, 6], y: [3, 8], z: [2.4, 3.2] } as const satisfies Record<string, Range>;
const MOUTH_AND_MICROPHONE_HEIGHT = [0.8, 1.8] as const;

type Point = readonly [x: number, y: number, z: number];

/** A box-shaped room with a talker and a microphone in it: plain JSON, lengths in metres. */
export interface Room {
  readonly dimensions: Point;
  readonly talker: Point;
  readonly microphone: Point;
  /** Seconds in which the reverberation falls by 60 dB. */
  readonly rt60: number;
  /** Of the noise in the tail. */
  readonly seed: number;
}

export interface RoomRanges {
  /** Seconds. */
  readonly rt60Range?: Range;
  /** Metres from the talker to the microphone; walls may force less. */
  readonly distanceRange?: Range;
}

/** The room of the robustness table: a small office, the talker 1 m from the microphone. */
export const SMALL_ROOM: Room = {
  dimensions: [4, 3.2, 2.6],
  talker: [1.4, 1.9, 1.2],
  microphone: [2.2, 1.3, 1.2],
  rt60: 0.35,
  seed: 1,
};

/**
 * Returns a random room, from a dry bedroom to a bare office.
 *
 * @example
 * const room = drawRoom(random, { rt60Range: [0.2, 0.5] });
 * const distant = reverberate(samples, impulseResponse(room));
 */
export function drawRoom(
  random: Random,
  { rt60Range = [0.15, 0.7], distanceRange = [0.3, 2] }: RoomRanges = {},
): Room {
  const dimensions = [SIDES.x, SIDES.y, SIDES.z].map((side) => between(random, side));
  const [x, y] = dimensions.map((side) => between(random, [WALL_CLEARANCE, side - WALL_CLEARANCE]));
  const distance = between(random, distanceRange);
  const angle = between(random, [0, 2 * Math.PI]);
  const inside = (value: number, side: number) =>
    Math.max(WALL_CLEARANCE, Math.min(side - WALL_CLEARANCE, value));
  return {
    dimensions: [dimensions[0], dimensions[1], dimensions[2]],
    talker: [
      inside(x + distance * Math.cos(angle), dimensions[0]),
      inside(y + distance * Math.sin(angle), dimensions[1]),
      between(random, MOUTH_AND_MICROPHONE_HEIGHT),
    ],
    microphone: [x, y, between(random, MOUTH_AND_MICROPHONE_HEIGHT)],
    rt60: between(random, rt60Range),
    seed: drawSeed(random),
  };
}

/**
 * Returns the impulse response from talker to microphone at 16 kHz, RT60 long. Sample 0 is the direct
 * path, with amplitude 1: convolving delays nothing. Reflections of the first 30 ms come from the
 * image method (Allen and Berkley 1979), the rest is noise that decays exponentially and goes on at
 * the energy of the images; the direct-to-reverberant ratio follows from room and distance.
 */
export function impulseResponse(room: Room): Float32Array {
  const random = createRandom(room.seed);
  const response = new Float32Array(Math.ceil(room.rt60 * SAMPLE_RATE) + 1);
  addReflections(response, room, random);
  addTail(response, room, random);
  response[0] = 1;
  return response;
}

/**
 * Returns the samples as they sound in a room, of the same length and active-speech level, in time
 * with the direct path.
 *
 * @param samples mono at 16 kHz
 * @param response an impulse response that begins with the direct path
 */
export function reverberate(samples: Float32Array, response: Float32Array): Float32Array {
  const wet = convolve(samples, response);
  const before = activeLevel(samples);
  const after = activeLevel(wet);
  return before && after ? scale(wet, before / after) : wet;
}

/** Pulses of the mirror images of the talker, each weaker by its walls and its distance. */
function addReflections(response: Float32Array, room: Room, random: Random): void {
  const direct = distanceOf(room);
  const reach = direct + EARLY_SECONDS * SPEED_OF_SOUND;
  const [xs, ys, zs] = [0, 1, 2].map((axis) => imagesOnAxis(room, axis, reach));
  const reflection = reflectionCoefficient(room);
  for (const x of xs) {
    for (const y of ys) {
      for (const z of zs) {
        const order = x.order + y.order + z.order;
        const distance = Math.hypot(x.offset, y.offset, z.offset);
        if (order === 0 || distance > reach) continue;
        // Pulses of one sign would add up to a rumble that real walls, which scatter, do not make.
        const sign = order > 1 && random.uniform() < 0.5 ? -1 : 1;
        const at = Math.round(((distance - direct) / SPEED_OF_SOUND) * SAMPLE_RATE);
        if (at >= response.length) continue;
        response[at] +=
          (sign * reflection ** order * (direct / distance)) / Math.sqrt(TALKER_DIRECTIVITY);
      }
    }
  }
}

/** Distance along one axis from the microphone to every image within reach, and its reflections. */
function imagesOnAxis({ dimensions, talker, microphone }: Room, axis: number, reach: number) {
  const side = dimensions[axis];
  const turns = Math.ceil(reach / (2 * side)) + 1;
  const images: { offset: number; order: number }[] = [];
  for (let n = -turns; n <= turns; n++) {
    images.push({ offset: 2 * n * side + talker[axis] - microphone[axis], order: 2 * Math.abs(n) });
    images.push({
      offset: 2 * n * side - talker[axis] - microphone[axis],
      order: Math.abs(2 * n - 1),
    });
  }
  return images.filter(({ offset }) => Math.abs(offset) <= reach);
}

/** Amplitude that a wall gives back, from RT60 by Eyring's formula (1930). */
function reflectionCoefficient({ dimensions: [x, y, z], rt60 }: Room): number {
  const surface = 2 * (x * y + y * z + z * x);
  const logLoss = (4 * DECAY_60_DB * x * y * z) / (SPEED_OF_SOUND * surface * rt60);
  return Math.exp(-logLoss / 2);
}

/**
 * Noise at the energy of the images it stands for: 4πc³t²/V of them arrive per second, each with
 * (d/ct)² of the direct energy, which makes 4πcd²/V before the decay.
 */
function addTail(response: Float32Array, room: Room, random: Random): void {
  const [x, y, z] = room.dimensions;
  const direct = distanceOf(room);
  const energy = (4 * Math.PI * SPEED_OF_SOUND * direct ** 2) / (x * y * z) / TALKER_DIRECTIVITY;
  const amplitude = Math.sqrt(energy / SAMPLE_RATE);
  const decay = DECAY_60_DB / 2 / room.rt60;
  const pole = Math.exp((-2 * Math.PI * HIGH_HERTZ) / SAMPLE_RATE);
  let low = 0;
  for (let n = Math.round(EARLY_SECONDS * SAMPLE_RATE); n < response.length; n++) {
    const seconds = n / SAMPLE_RATE + direct / SPEED_OF_SOUND;
    const noise = random.normal();
    low = pole * low + (1 - pole) * noise;
    response[n] +=
      amplitude *
      (low * Math.exp(-decay * seconds) +
        (noise - low) * Math.exp((-decay / HIGH_RT60_SHARE) * seconds));
  }
}

function distanceOf({ talker, microphone }: Room): number {
  return Math.hypot(...talker.map((value, axis) => value - microphone[axis]));
}
