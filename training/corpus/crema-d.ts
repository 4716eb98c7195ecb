import type { Emotion } from '../../core/model/emotions.ts';
import type { Clip, Intensity } from './clip.ts';
import { type Corpus, emotionOf, nameOf } from './find.ts';

/** What people have CREMA-D as: `AudioWAV`, `AudioMP3`, or smaller copies of the former. */
const EXTENSIONS = ['.wav', '.flac', '.ogg', '.mp3'];

/**
 * actor_sentence_emotion_level (Cao et al. 2014, IEEE TAC 5(4):377–390). The level of one published
 * file, `1040_ITH_SAD_X`, lacks a letter.
 */
const NAME =
  /^(10(?:0[1-9]|[1-8]\d|9[01]))_(IEO|TIE|IOM|IWW|TAI|MTI|IWL|ITH|DFA|ITS|TSI|WSI)_([A-Z]{3})_(LO|MD|HI|XX?)$/;

const EMOTION_OF: Readonly<Record<string, Emotion>> = {
  ANG: 'angry',
  DIS: 'disgust',
  FEA: 'fearful',
  HAP: 'happy',
  NEU: 'neutral',
  SAD: 'sad',
};

const INTENSITY_OF: Readonly<Record<string, Intensity>> = { LO: 'low', MD: 'normal', HI: 'strong' };

/** Actors 1061–1076 are never trained on: they are the test of another corpus. */
export const CREMA_D_TEST_ACTORS: readonly number[] = Array.from(
  { length: 16 },
  (_, i) => 1061 + i,
);

/** 91 actors, twelve sentences, six emotions. Names do not tell who is a woman. */
export const CREMA_D: Corpus = {
  name: 'crema-d',
  title: 'CREMA-D',
  licence: 'ODbL 1.0',
  citation: 'Cao et al. 2014, IEEE Transactions on Affective Computing 5(4):377–390',
  extensions: EXTENSIONS,
  clipOf,
};

function clipOf(path: string): Clip | null {
  const id = nameOf(path, EXTENSIONS);
  const match = id === null ? null : NAME.exec(id);
  if (id === null || !match) return null;
  const [actor, sentence, emotion, level] = match.slice(1);
  return {
    corpus: 'crema-d',
    path,
    id,
    emotion: emotionOf(EMOTION_OF, emotion, path),
    actor: Number(actor),
    speaker: `crema-d-${actor}`,
    gender: null,
    channel: 'speech',
    intensity: INTENSITY_OF[level] ?? null,
    sentence: `crema-d-${sentence}`,
  };
}
