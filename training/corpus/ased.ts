import type { Emotion } from '../../core/model/emotions.ts';
import { type Corpus, emotionOf, nameOf } from './find.ts';

const EXTENSIONS = ['.wav', '.flac', '.ogg'];

/** emotion, sentence and take, speaker: `a5-01-01-02-14`. One published file begins with a capital. */
const NAME = /^([a-z])(\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)$/i;

const EMOTION_OF: Readonly<Record<string, Emotion>> = {
  n: 'neutral',
  f: 'fearful',
  h: 'happy',
  s: 'sad',
  a: 'angry',
};

/** Of the numbers from 38 on these are women; below, the odd ones are. */
const LATER_WOMEN: readonly number[] = [43, 47, 48, 49, 58, 62];

/** Amharic, 65 volunteers, five emotions; kept where five of eight judges agreed. */
export const ASED: Corpus = {
  name: 'ased',
  title: 'ASED',
  licence: 'none stated; its authors call it freely available',
  citation: 'Retta et al. 2023, Language Resources and Evaluation',
  extensions: EXTENSIONS,
  clipOf(path) {
    const id = nameOf(path, EXTENSIONS);
    const match = id === null ? null : NAME.exec(id);
    if (id === null || !match) return null;
    const [letter, sentence, first, second, , number] = match.slice(1);
    const actor = Number(number);
    const isWoman = actor < 38 ? actor % 2 === 1 : LATER_WOMEN.includes(actor);
    return {
      corpus: 'ased',
      path,
      id,
      emotion: emotionOf(EMOTION_OF, letter.toLowerCase(), path),
      actor,
      speaker: `ased-${number}`,
      gender: isWoman ? 'female' : 'male',
      channel: 'speech',
      intensity: null,
      sentence: `ased-${sentence}-${first}-${second}`,
    };
  },
};
