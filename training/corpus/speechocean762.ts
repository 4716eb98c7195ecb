import { type Corpus, nameOf } from './find.ts';

const EXTENSIONS = ['.wav', '.flac', '.ogg'];

/** sex, speaker, utterance: `f0024_000240010`. */
const NAME = /^([fm])(\d{4})_(\d+)$/;

/** English read by 65 adults whose first language is Mandarin; no emotion was asked for. */
export const SPEECHOCEAN762: Corpus = {
  name: 'speechocean762',
  title: 'speechocean762',
  licence: 'free for commercial and non-commercial use',
  citation: 'Zhang et al. 2021, Interspeech',
  extensions: EXTENSIONS,
  isPlainSpeech: true,
  clipOf(path) {
    const id = nameOf(path, EXTENSIONS);
    const match = id === null ? null : NAME.exec(id);
    if (id === null || !match) return null;
    const [sex, speaker, utterance] = match.slice(1);
    return {
      corpus: 'speechocean762',
      path,
      id,
      emotion: 'neutral',
      actor: Number(speaker),
      speaker: `speechocean762-${speaker}`,
      gender: sex === 'f' ? 'female' : 'male',
      channel: 'speech',
      intensity: null,
      sentence: `speechocean762-${utterance}`,
    };
  },
};
