/** Describes a sound away from the page, which stays free for its visitor. */
import { createDescriber } from './describe.js';

/** Columns that are told of at a time. */
const BATCH = 48;
/** Largest sample that sounds are brought to, so that quiet ones are seen as well. */
const PEAK = 2;

self.onmessage = ({ data: { samples, sampleRate, columns } }) => {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  if (peak > 0) for (let i = 0; i < samples.length; i++) samples[i] *= PEAK / peak;
  const describe = createDescriber(sampleRate);
  let batch = [];
  for (let column = 0; column < columns; column++) {
    batch.push(describe(samples, Math.round(((column + 0.5) / columns) * samples.length)));
    if (batch.length < BATCH && column < columns - 1) continue;
    self.postMessage({ first: column + 1 - batch.length, batch });
    batch = [];
  }
};
