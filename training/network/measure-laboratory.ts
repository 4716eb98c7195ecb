import { ESC_10_CATEGORIES } from '../corpus/sounds.ts';
import {
  type Fitted,
  type Predictions,
  poolPredictions,
  predict,
  scaled,
  scoreWhere,
} from './evaluate.ts';
import { cremaDTest, foldsOf, type Plan } from './plan.ts';
import {
  type Prepared,
  type PreparedCorpus,
  type PrepareOptions,
  prepareConditions,
} from './prepare.ts';
import type { ConditionScores, NetworkResults } from './results.ts';
import type { Scaling } from './scaling.ts';
import type { Spectrograms } from './spectrogram-store.ts';

/**
 * Share of everyday sounds that the threshold of a voice refuses. Voices lie far above it, so that one
 * in noise, whispered or over a bad line is still a voice.
 */
const SOUNDS_REFUSED = 0.965;

/**
 * Chooses the threshold of a voice and counts what is refused: voices and sounds of each fold by the
 * networks that have learned from neither.
 */
export async function measureVoices(plan: Plan, prepared: Prepared, fitted: Fitted) {
  const { sounds, spectrograms } = prepared.sounds;
  const groups = new Map<string, number[]>();
  const add = (name: string, voices: ArrayLike<number>) =>
    groups.set(name, [...(groups.get(name) ?? []), ...Array.from(voices)]);
  const ravdess = prepared.corpora[0];
  for (const { fold, trained, test } of foldsOf(plan, fitted)) {
    const own = Int32Array.from(sounds.keys()).filter((i) => sounds[i].fold === fold);
    const { voices } = await predict(trained, spectrograms, own);
    own.forEach((i, k) => {
      const { category, isMade } = sounds[i];
      const isEsc10 = ESC_10_CATEGORIES.includes(category) && !isMade;
      add(isEsc10 ? category : isMade ? `made: ${category}` : category, [voices[k]]);
    });
    for (const channel of ['speech', 'song'] as const) {
      const rows = test.filter((row) => ravdess.clips[row].channel === channel);
      if (rows.length === 0) continue;
      add(`RAVDESS ${channel}`, (await predict(trained, ravdess.spectrograms, rows)).voices);
    }
  }
  const test = cremaDTest(prepared);
  if (test) {
    const { voices } = await predict(fitted.shipped, test.corpus.spectrograms, test.rows);
    add('CREMA-D, actors kept apart', voices);
  }
  const isVoice = (name: string) => name.startsWith('RAVDESS') || name.startsWith('CREMA-D');
  const isMade = (name: string) => name.startsWith('made: ');
  const everyday = [...groups]
    .flatMap(([name, values]) => (isVoice(name) || isMade(name) ? [] : values))
    .sort((a, b) => a - b);
  const threshold =
    everyday.length > 0
      ? Math.min(
          1,
          Number(everyday[Math.ceil(SOUNDS_REFUSED * everyday.length) - 1].toFixed(2)) + 0.01,
        )
      : 0.5;
  return {
    threshold,
    groups: [...groups]
      .sort(([a], [b]) => Number(isVoice(b)) - Number(isVoice(a)) || (a < b ? -1 : 1))
      .map(([name, values]) => ({
        name,
        clips: values.length,
        refused: values.filter((value) => value < threshold).length,
      })),
  };
}

export async function measureRandomSplit(
  plan: Plan,
  { spectrograms, labels }: PreparedCorpus,
  { randomSplit }: Fitted,
  seed: number,
  scaling: Scaling,
): Promise<NetworkResults['randomSplit']> {
  if (!randomSplit) return [];
  const { test } = plan.randomRows(seed);
  return [
    {
      seed,
      ...scoreWhere(scaled(await predict(randomSplit, spectrograms, test), scaling), labels)!,
    },
  ];
}

export async function measureRobustness(
  plan: Plan,
  prepared: Prepared,
  fitted: Fitted,
  scaling: Scaling,
  options: PrepareOptions,
): Promise<ConditionScores[]> {
  const ravdess = prepared.corpora[0];
  const { clips, labels } = ravdess;
  const tested = new Set(foldsOf(plan, fitted).flatMap(({ test }) => Array.from(test)));
  const speech = ravdess.rows.filter((row) => clips[row].channel === 'speech' && tested.has(row));
  const measured = async (
    condition: string,
    spectrograms: Spectrograms,
    rendering: number,
    positionOf: (row: number) => number,
  ): Promise<ConditionScores> => {
    const pooled: Predictions[] = [];
    for (const { trained, test } of foldsOf(plan, fitted)) {
      const rows = test.filter((row) => clips[row].channel === 'speech');
      const positions = rows.map(positionOf);
      const said = await predict(trained, spectrograms, positions, rendering);
      pooled.push({ ...scaled(said, scaling), rows });
    }
    const { unweightedAverageRecall, accuracy } = scoreWhere(poolPredictions(pooled), labels)!;
    return { condition, unweightedAverageRecall, accuracy };
  };
  const table = [await measured('clean', ravdess.spectrograms, 0, (row) => row)];
  if (prepared.everydaySounds.length === 0) return table;
  const own = Array.from(speech, (row) => clips[row]);
  const { names, spectrograms } = await prepareConditions(own, prepared.everydaySounds, options);
  const positions = new Map(Array.from(speech, (row, position) => [row, position]));
  for (const [rendering, name] of names.entries()) {
    table.push(await measured(name, spectrograms, rendering, (row) => positions.get(row)!));
  }
  return table;
}
