import { EMOTIONS } from '../../core/model/emotions.ts';
import type { Clip } from '../corpus/clip.ts';
import type { Dataset } from '../corpus/load.ts';
import type { Counts, DataSummary } from './results.ts';

/** Counts what a data set holds. */
export function summarizeData(dataset: Dataset): DataSummary {
  const { clips, exclusions, others, durations, speechDurations } = dataset;
  return {
    clips: clips.length,
    excluded: exclusions.map(({ id, reason }) => ({ id, reason })),
    others,
    byChannel: countBy(clips, (clip) => clip.channel),
    byActor: countBy(clips, (clip) => String(clip.actor)),
    byIntensity: countBy(clips, (clip) => clip.intensity ?? 'unspecified'),
    durations: quartiles(durations),
    speechDurations: quartiles(speechDurations),
  };
}

function countBy(clips: readonly Clip[], property: (clip: Clip) => string): Counts {
  const counts: Record<string, number[]> = {};
  for (const clip of clips) {
    const key = property(clip);
    counts[key] ??= EMOTIONS.map(() => 0);
    counts[key][EMOTIONS.indexOf(clip.emotion)]++;
  }
  return counts;
}

function quartiles(values: Float32Array): number[] {
  const sorted = values.toSorted();
  return [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const value = sorted[Math.round(share * (sorted.length - 1))];
    return Number(value.toFixed(2));
  });
}
