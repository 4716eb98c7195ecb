import type { Emotion } from '../../core/model/emotions.ts';
import { type Corpus, emotionOf, nameOf } from './find.ts';

const EXTENSIONS = ['.wav', '.flac', '.ogg'];

/** speaker_emotion_number: `EB0_anger_10`. */
const NAME = /^([A-Z]{2}\d)_([a-z]+)_(\d+)$/;

const EMOTION_OF: Readonly<Record<string, Emotion>> = {
  anger: 'angry',
  fear: 'fearful',
  happiness: 'happy',
  neutral: 'neutral',
  sadness: 'sad',
  surprised: 'surprised',
};

/** Polish, nine actors, ninety sentences, six emotions. Names do not tell who is a woman. */
export const NEMO: Corpus = {
  name: 'nemo',
  title: 'nEMO',
  licence: 'CC BY-NC-SA 4.0',
  citation: 'Christop 2024, LREC-COLING',
  extensions: EXTENSIONS,
  clipOf(path) {
    const id = nameOf(path, EXTENSIONS);
    const match = id === null ? null : NAME.exec(id);
    if (id === null || !match) return null;
    const [initials, emotion, number] = match.slice(1);
    return {
      corpus: 'nemo',
      path,
      id,
      emotion: emotionOf(EMOTION_OF, emotion, path),
      actor: Number.parseInt(initials, 36),
      speaker: `nemo-${initials}`,
      gender: null,
      channel: 'speech',
      intensity: null,
      sentence: `nemo-${number}`,
    };
  },
};
