import { type VoiceModel, VoiceNetwork } from '../../core/voice/network.ts';
import type { Described } from './described.ts';

/** An example with the highest probability among its stretches, 0 where nothing can be judged. */
export interface Scored extends Omit<Described, 'stretches'> {
  readonly probability: number;
}

/** How many clips of one kind are answered "no speech". */
export interface Row {
  readonly group: string;
  readonly condition: string;
  readonly clips: number;
  readonly noSpeech: number;
}

export interface VoiceResults {
  readonly seed: number;
  /** The threshold that ships, and the share of voices that chose it. */
  readonly threshold: number;
  readonly toleratedLoss: number;
  /** Voices that are refused, which should be none; sounds that are, which should be all. */
  readonly voices: readonly Row[];
  readonly sounds: readonly Row[];
  /** All ESC-10 clips as they are; all clean voices. */
  readonly totals: { readonly sounds: Row; readonly voices: Row };
  /** What other thresholds would give, over the folds: shares of clean clips. */
  readonly tradeOff: readonly {
    readonly threshold: number;
    readonly voicesLost: number;
    readonly soundsRefused: number;
  }[];
}

/** Share of the clean voices of the training side that the threshold may refuse. */
export const TOLERATED_LOSS = 0.0025;
const TRADE_OFF = [0.001, 0.002, 0.003, 0.004, 0.005, 0.01, 0.02] as const;

/** Returns each example with its score. */
export function score(examples: readonly Described[], model: VoiceModel): Scored[] {
  const network = new VoiceNetwork(model);
  return examples.map(({ stretches, ...rest }) => ({
    ...rest,
    probability: stretches.reduce((top, s) => Math.max(top, network.probability(s)), 0),
  }));
}

/** Returns the threshold that refuses no more than `share` of the clean voices among the scored. */
export function chooseThreshold(scored: readonly Scored[], share: number): number {
  const voices = scored
    .filter(({ isVoice, condition }) => isVoice && condition === 'clean')
    .map(({ probability }) => probability)
    .sort((a, b) => a - b);
  // Four digits, rounded down: the threshold is written into a source file.
  return Math.floor((voices[Math.floor(voices.length * share)] ?? 0) * 1e4) / 1e4;
}

/**
 * Sums up the scores of examples by models that did not learn from them. The threshold comes from
 * the voices of the folds: no sound had a part in it, nor had the voices of no fold.
 */
export function summarise(
  scored: readonly Scored[],
  { seed, threshold }: { readonly seed: number; readonly threshold: number },
): VoiceResults {
  const folded = scored.filter(({ fold }) => fold !== null);
  const isRefused = ({ probability }: Scored) => probability < threshold;
  const row = (group: string, condition: string, members: readonly Scored[]): Row => ({
    ...{ group, condition, clips: members.length, noSpeech: members.filter(isRefused).length },
  });
  const rows = (members: readonly Scored[]) =>
    [...grouped(members)].map(([, group]) => row(group[0].group, group[0].condition, group));
  const voices = scored.filter(({ isVoice }) => isVoice);
  const sounds = scored.filter(({ isVoice }) => !isVoice);
  const clean = ({ condition }: Scored) => condition === 'clean';
  const recorded = sounds.filter(({ group }) => !group.startsWith('made: ')).filter(clean);
  const refused = (members: readonly Scored[], limit: number) =>
    members.filter(({ probability }) => probability < limit).length / members.length;
  return {
    ...{ seed, threshold, toleratedLoss: TOLERATED_LOSS },
    voices: rows(voices),
    sounds: rows(sounds),
    totals: {
      sounds: row('ESC-10', 'clean', recorded),
      voices: row('voices', 'clean', voices.filter(clean)),
    },
    tradeOff: TRADE_OFF.map((share) => {
      const limit = chooseThreshold(folded, share);
      const lost = refused(folded.filter(({ isVoice }) => isVoice).filter(clean), limit);
      return { threshold: limit, voicesLost: lost, soundsRefused: refused(recorded, limit) };
    }),
  };
}

function grouped(scored: readonly Scored[]): Map<string, Scored[]> {
  const groups = new Map<string, Scored[]>();
  for (const example of scored) {
    const key = `${example.group} ${example.condition}`;
    groups.set(key, [...(groups.get(key) ?? []), example]);
  }
  return groups;
}
