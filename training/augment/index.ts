/**
 * Augmentation from waveforms: what happens to a voice between the mouth and the model. Everything
 * takes mono samples at 16 kHz, returns new ones and draws from the generator it is given.
 *
 * A chain is one random degradation, as plain JSON; it can be logged, cached and applied again:
 *
 * @example
 * const random = createRandom(seed, clipIndex);
 * const chain = drawChain(random, { noises });
 * const degraded = applyChain(samples, chain, { noises });
 *
 * Opus is no step of a chain, because one encoder does many clips at once. It comes last: apply the
 * chains, then send the clips that share a bit rate through it.
 *
 * @example
 * const notes = await opusRoundTrip(degradedClips, 16);
 *
 * The robustness table has fixed conditions:
 *
 * @example
 * for (const name of Object.keys(CONDITIONS) as ConditionName[]) {
 *   const clips = await applyCondition(name, heldOutClips, { noises: heldOutNoises });
 * }
 *
 * @module
 */
export {
  applyChain,
  type Chain,
  type ChainGain,
  type ChainNoise,
  type ChainResources,
  CLEAN,
  drawChain,
  PROBABILITIES,
} from './chain.ts';
export { applyCondition, CONDITIONS, type Condition, type ConditionName } from './conditions.ts';
export { activeLevel, amplify, setLevel } from './level.ts';
export { applyMicrophone, drawMicrophone, type Microphone } from './microphone.ts';
export { mixNoise, pinkNoise, whiteNoise } from './noise.ts';
export { opusRoundTrip } from './opus.ts';
export {
  drawRoom,
  impulseResponse,
  type Room,
  type RoomRanges,
  reverberate,
  SMALL_ROOM,
} from './room.ts';
export { type LogMelWindow, type SpecAugmentOptions, specAugment } from './spec-augment.ts';
export { addSteadyNoise, limitBands } from './steady-noise.ts';
export { telephone } from './telephone.ts';
export { changeTempoAndPitch } from './tempo.ts';
