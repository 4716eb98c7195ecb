import type { NetworkResults } from '../../network/results.ts';
import type { Condition } from '../../voice/examples.ts';
import { percent, plural } from '../format.ts';
import { corpusTitle } from './wording.ts';

/** The corpora of voices, which a group of the voice detector's report begins with. */
const VOICES = ['ravdess', 'crema-d'].map((name) => corpusTitle({ name }));
/** Groups of sounds that were made, not recorded, begin with this. */
const MADE = 'made: ';
const CONDITION_WORDS: Readonly<Record<Exclude<Condition, 'clean'>, string>> = {
  noise: 'in noise',
  telephone: 'over a telephone band',
  room: 'in a room',
  whisper: 'whispered',
  shout: 'shouted',
  short: 'cut short',
  varied: 'varied',
  mixed: 'two at once',
};

/** Recordings of one kind, and how many of them were answered "no speech". */
export interface Refusals {
  readonly name: string;
  readonly isVoice: boolean;
  readonly clips: number;
  readonly refused: number;
}

/** Returns every row of the results, told whether it is of voices. */
export function refusals({ noSpeech }: NetworkResults): Refusals[] {
  return noSpeech.map((row) => ({
    ...row,
    isVoice: VOICES.some((title) => row.name.startsWith(title)),
  }));
}

/** Returns the rows summed up by kind: sounds first, then voices, as recorded and under conditions. */
export function refusalsByKind(results: NetworkResults): Refusals[] {
  const kinds = new Map<string, Refusals>();
  for (const { name, isVoice, clips, refused } of refusals(results)) {
    const kind = kindOf(name, isVoice);
    const sum = kinds.get(kind) ?? { name: kind, isVoice, clips: 0, refused: 0 };
    kinds.set(kind, { ...sum, clips: sum.clips + clips, refused: sum.refused + refused });
  }
  return [...kinds.values()].sort((a, b) => Number(a.isVoice) - Number(b.isVoice));
}

function kindOf(name: string, isVoice: boolean): string {
  const condition = name.split(', ').at(-1) ?? '';
  const words = Object.hasOwn(CONDITION_WORDS, condition)
    ? CONDITION_WORDS[condition as keyof typeof CONDITION_WORDS]
    : null;
  const noun = isVoice
    ? 'voices'
    : name.startsWith(MADE)
      ? 'made sounds and music'
      : 'everyday sounds';
  return words ? `${noun}, ${words}` : noun;
}

/** Returns the kinds that matter most in words: "97.0% of everyday sounds, 0.3% of voices". */
export function refusedText(results: NetworkResults): string {
  const named = ['everyday sounds', 'voices', 'voices, whispered', 'voices, shouted'];
  return refusalsByKind(results)
    .filter(({ name }) => named.includes(name))
    .map(
      ({ name, clips, refused }) =>
        `${percent(refused / clips)} of ${name.replace(',', ' that are')}`,
    )
    .join(', ');
}

/** Returns the sounds taken for speech and the voices taken for none most often, in sentences. */
export function refusalFailures(results: NetworkResults): string[] {
  const rows = refusals(results);
  const worst = (isVoice: boolean) =>
    rows
      .filter((row) => row.isVoice === isVoice)
      .map((row) => ({ ...row, wrong: isVoice ? row.refused : row.clips - row.refused }))
      .filter(({ wrong }) => wrong > 0)
      .sort((a, b) => b.wrong / b.clips - a.wrong / a.clips)
      .slice(0, 3)
      .map(({ name, wrong, clips }) => `${name} (${wrong} of ${plural(clips, 'recording')})`);
  const [sounds, voices] = [worst(false), worst(true)];
  return [
    ...(sounds.length > 0 ? [`Sounds taken for speech most often: ${sounds.join('; ')}.`] : []),
    ...(voices.length > 0 ? [`Voices taken for no speech most often: ${voices.join('; ')}.`] : []),
  ];
}
