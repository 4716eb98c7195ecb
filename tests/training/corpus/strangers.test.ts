import { expect, it } from 'vitest';
import { STRANGERS } from '../../../training/corpus/corpora.ts';

const read = (name: string, path: string) =>
  STRANGERS.find((corpus) => corpus.name === name)?.clipOf(path);

it('of ASED tell emotion, sentence and take, and speaker', () => {
  expect(read('ased', 'ased/a5-02-03-01-14.ogg')).toEqual({
    corpus: 'ased',
    path: 'ased/a5-02-03-01-14.ogg',
    id: 'a5-02-03-01-14',
    emotion: 'angry',
    actor: 14,
    speaker: 'ased-14',
    gender: 'male',
    channel: 'speech',
    intensity: null,
    sentence: 'ased-5-02-03',
  });
  const letters = ['n1', 'f2', 'h3', 's4', 'a5'];
  const emotions = letters.map((letter) => read('ased', `${letter}-01-01-01-02.ogg`)?.emotion);
  expect(emotions).toEqual(['neutral', 'fearful', 'happy', 'sad', 'angry']);
  // One published file begins with a capital.
  expect(read('ased', 'S4-04-02-01-29.ogg')).toMatchObject({ emotion: 'sad', gender: 'female' });
});

it('of ASED tell who is a woman: the odd ones to 37, and six later ones', () => {
  const women = Array.from({ length: 65 }, (_, i) => i + 1).filter((speaker) => {
    const name = `n1-01-01-01-${String(speaker).padStart(2, '0')}.ogg`;
    return read('ased', name)?.gender === 'female';
  });
  const odd = Array.from({ length: 19 }, (_, i) => 2 * i + 1);
  expect(women).toEqual([...odd, 43, 47, 48, 49, 58, 62]);
});

it('of nEMO tell speaker, emotion and number', () => {
  expect(read('nemo', 'nemo/EB0_happiness_10.ogg')).toMatchObject({
    id: 'EB0_happiness_10',
    emotion: 'happy',
    speaker: 'nemo-EB0',
    gender: null,
    channel: 'speech',
    sentence: 'nemo-10',
  });
  const named = ['anger', 'fear', 'happiness', 'neutral', 'sadness', 'surprised'];
  const emotions = named.map((name) => read('nemo', `SS0_${name}_7.ogg`)?.emotion);
  expect(emotions).toEqual(['angry', 'fearful', 'happy', 'neutral', 'sad', 'surprised']);
  const initials = ['EB0', 'JMa', 'SS0', 'SS1', 'EBO'];
  const actors = initials.map((speaker) => read('nemo', `${speaker}_fear_1.ogg`)?.actor);
  // Numbers tell speakers apart as their initials do; those in small letters are none.
  expect(actors[1]).toBeUndefined();
  expect(new Set(actors.filter((actor) => actor !== undefined)).size).toBe(3);
});

it('of speechocean762 tell sex, speaker and utterance; no emotion was asked for', () => {
  expect(read('speechocean762', 'plain/m0024_000240010.ogg')).toMatchObject({
    id: 'm0024_000240010',
    emotion: 'neutral',
    actor: 24,
    speaker: 'speechocean762-0024',
    gender: 'male',
    intensity: null,
    sentence: 'speechocean762-000240010',
  });
  expect(read('speechocean762', 'f0001_1.ogg')).toMatchObject({ gender: 'female', actor: 1 });
});

it('of an emotion that a corpus does not have are refused', () => {
  expect(() => read('nemo', 'EB0_boredom_10.ogg')).toThrow('names the emotion "boredom"');
  expect(() => read('ased', 'c5-01-01-01-14.ogg')).toThrow('known are n, f, h, s, a');
});
