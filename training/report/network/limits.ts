import type { CorpusSummary, NetworkResults } from '../../network/results.ts';
import { points } from '../format.ts';
import { conditionLosses } from './failures.ts';
import { refusedText } from './no-speech.ts';
import { corpusTitle } from './wording.ts';

/** Returns what a user must know before relying on the model, with the figures that were measured. */
export function limitsOf(results: NetworkResults): string[] {
  const { data, noSpeech } = results;
  const worst = conditionLosses(results)[0];
  return [
    hasCremaD(data)
      ? 'Trained on acted emotions in North American English: 24 RAVDESS actors who speak and sing two sentences, and actors of CREMA-D, with several accents, who speak twelve. How people sound in earnest, other languages and children were never heard.'
      : 'Trained on acted emotions in North American English: 24 actors who speak and sing two sentences. How people sound in earnest, other languages, children and old people were never heard.',
    'Hears how a voice sounds, not what a person feels.',
    'Expects one speaker at a time: two people talking give one answer.',
    worst && worst.loss > 0
      ? `Loses up to ${points(worst.loss)} points of UAR under the conditions that were tested (${worst.name}); worse ones were not tested.`
      : null,
    noSpeech.length > 0
      ? `Whether somebody speaks is a guess too: “no speech” was answered to ${refusedText(results)}.`
      : 'May take sounds for speech, and whispers for silence: that was not measured.',
    'Not for decisions about people. In the EU, inferring emotions at work or in education is forbidden (AI Act, Art. 5(1)(f)), and elsewhere people must be told (Art. 50(3)).',
  ].filter((sentence) => sentence !== null);
}

/** Returns what may be done with the model, as far as the licences of its data tell. */
export function licenceText(data: readonly CorpusSummary[]): string {
  const ravdess =
    'RAVDESS allows non-commercial use only (CC BY-NC-SA 4.0); whether a model trained on it may be used commercially is unsettled. Assume that it may not.';
  return hasCremaD(data)
    ? `${ravdess} CREMA-D is published under the Open Database License (ODbL 1.0): name it when you pass the model on, and share databases that you derive from it under the same terms.`
    : ravdess;
}

function hasCremaD(data: readonly CorpusSummary[]): boolean {
  return data.some((corpus) => corpusTitle(corpus) === 'CREMA-D');
}
