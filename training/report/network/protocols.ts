import type { Scores } from '../../metrics.ts';
import type { NetworkResults } from '../../network/results.ts';
import { plural, score, whole } from '../format.ts';
import { spreadOf, spreadText, summarizeSeeds } from './spread.ts';
import { modelText, NETWORK_PROTOCOL_TEXT } from './wording.ts';

export const MEASURED = [
  { key: 'accuracy', name: 'Accuracy' },
  { key: 'unweightedAverageRecall', name: 'UAR' },
  { key: 'weightedF1', name: 'Weighted F1' },
  { key: 'macroF1', name: 'Macro F1' },
] as const;

/** One line of the table of protocols; figures are texts, "0.741 ± 0.008" or "–". */
export interface ProtocolRow {
  readonly model: string;
  readonly recordings: string;
  /** As in MEASURED. */
  readonly figures: readonly string[];
}

export interface ProtocolGroup {
  readonly name: string;
  readonly meaning: string;
  readonly rows: readonly ProtocolRow[];
}

/** Returns what was measured under each protocol; a protocol that was left out has dashes. */
export function protocolGroups(results: NetworkResults): ProtocolGroup[] {
  const { unseen, cremaD, randomSplit } = results;
  const { complete } = summarizeSeeds(results);
  const text = NETWORK_PROTOCOL_TEXT;
  const average = (scores: Scores | null | undefined) => row(modelText(results), [scores]);
  const single = (scores: readonly (Scores | null)[], what = 'one seed') =>
    row(
      scores.length > 1 ? `${what}, mean ± sd of ${plural(scores.length, 'seed')}` : what,
      scores,
    );
  return [
    {
      ...text.unseenSpeech,
      rows: [single(complete.map(({ speech }) => speech)), average(unseen.ensemble.speech)],
    },
    {
      ...text.unseenSong,
      rows: [single(complete.map(({ song }) => song)), average(unseen.ensemble.song)],
    },
    { ...text.cremaD, rows: [average(cremaD?.scores)] },
    { ...text.seed, rows: [single(randomSplit, 'one network')] },
  ];
}

function row(model: string, scores: readonly (Scores | null | undefined)[]): ProtocolRow {
  const counts = scores.flatMap((each) => (each ? [each.clips] : []));
  return {
    model,
    recordings: counts.length > 0 ? whole(Math.max(...counts)) : score(null),
    figures: MEASURED.map(({ key }) => spreadText(spreadOf(scores.map((each) => each?.[key])))),
  };
}
