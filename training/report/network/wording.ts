import type { ConditionName } from '../../augment/conditions.ts';
import type { CorpusSummary, NetworkResults } from '../../network/results.ts';
import { plural, whole } from '../format.ts';
import { PROTOCOL_TEXT } from '../wording.ts';

/** Stands where a part of a run was left out. */
export const NOT_MEASURED = 'Not measured in this run.';

export const NETWORK_PROTOCOL_TEXT = {
  unseenSpeech: {
    name: PROTOCOL_TEXT.unseenSpeech.name,
    meaning:
      'Five folds by actor: every recording is judged by networks that never heard its speaker, and the answers of all folds are pooled. This is what a stranger can expect, and by this the recipe was chosen.',
  },
  unseenSong: PROTOCOL_TEXT.unseenSong,
  cremaD: {
    name: 'CREMA-D, actors 1061–1076',
    meaning:
      'Another corpus: other rooms, microphones and sentences, six emotions. Its other actors are trained on, these never; they are judged by the model that ships, which is asked to choose among these six.',
  },
  seed: PROTOCOL_TEXT.seed,
} as const;

const CONDITION_NAMES: Readonly<Record<ConditionName, string>> = {
  clean: 'as recorded',
  'noise-10-db': 'everyday noise at 10 dB SNR',
  'small-room': 'small room',
  telephone: 'telephone band',
  'gain-minus-40-db': '40 dB softer',
  'gain-plus-20-db': '20 dB louder, clipped',
  'opus-16': 'Opus at 16 kbit/s',
};

const CORPUS_TITLES: Readonly<Record<string, string>> = {
  ravdess: 'RAVDESS',
  'crema-d': 'CREMA-D',
};

/** Returns a condition in words; one that is not known keeps its name. */
export function conditionText(condition: string): string {
  return Object.hasOwn(CONDITION_NAMES, condition)
    ? CONDITION_NAMES[condition as ConditionName]
    : condition;
}

/** Returns a corpus by the name that it was published under. */
export function corpusTitle({ name }: Pick<CorpusSummary, 'name'>): string {
  return CORPUS_TITLES[name.toLowerCase()] ?? name;
}

/** Returns how many networks are averaged in the model that ships. */
export function networkCount({ recipe: { members, cycles } }: NetworkResults): number {
  return members.length * cycles;
}

/** @example modelText(results); // 'the average of 3 networks and a perceptron, which ships' */
export function modelText(results: NetworkResults): string {
  const count = networkCount(results);
  const networks = count > 1 ? `${count} networks` : 'a network';
  return `the average of ${networks} and a perceptron, which ships`;
}

/** @example useText(corpus); // '160 recordings by 10 speakers: 100 by 8 are trained on, 60 by 2 only tested on' */
export function useText({ clips, speakers, heldOut }: CorpusSummary): string {
  const all = `${plural(clips, 'recording')} by ${plural(speakers, 'speaker')}`;
  if (heldOut.clips === 0) return `${all}, all trained on`;
  return `${all}: ${whole(clips - heldOut.clips)} by ${whole(speakers - heldOut.speakers)} are trained on, ${whole(heldOut.clips)} by ${whole(heldOut.speakers)} only tested on`;
}
