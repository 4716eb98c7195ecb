import { describe, expect, it } from 'vitest';
import { EMOTION_COUNT, EMOTIONS } from '../../../core/model/emotions.ts';
import { CREMA_D } from '../../../training/corpus/crema-d.ts';
import { sharedCorpora, targetsOf } from '../../../training/network/network-task.ts';
import { type Prepared, SOUNDS } from '../../../training/network/prepare.ts';
import type { Spectrograms } from '../../../training/network/spectrogram-store.ts';

const NOTHING: Spectrograms = {
  renderings: 1,
  data: new Int16Array(0),
  offsets: new Float64Array(1),
};
const k = (emotion: (typeof EMOTIONS)[number]) => EMOTIONS.indexOf(emotion);

const clips = ['1001_IEO_ANG_HI', '1001_IEO_SAD_XX', '1001_IEO_NEU_XX'].map(
  (id) => CREMA_D.clipOf(`${id}.ogg`)!,
);
/** Three of four took the anger for disgust; nobody voted on the last clip, and the second has no line. */
const anger = new Float32Array(EMOTION_COUNT);
anger[k('disgust')] = 3;
anger[k('angry')] = 1;

const prepared: Prepared = {
  corpora: [
    {
      corpus: CREMA_D,
      clips,
      exclusions: [],
      rows: Int32Array.from(clips.keys()),
      spectrograms: NOTHING,
      labels: Int32Array.from(clips, ({ emotion }) => k(emotion)),
    },
  ],
  votes: new Map([
    [clips[0].id, anger],
    [clips[2].id, new Float32Array(EMOTION_COUNT)],
  ]),
  sounds: {
    sounds: [{ category: 'rain', fold: 0, isMade: false }],
    spectrograms: NOTHING,
  },
  everydaySounds: [],
};

const rowsOf = (targets: Float32Array) =>
  Array.from({ length: targets.length / EMOTION_COUNT }, (_, i) => [
    ...targets.subarray(i * EMOTION_COUNT, (i + 1) * EMOTION_COUNT),
  ]);
const oneHot = (emotion: (typeof EMOTIONS)[number]) =>
  EMOTIONS.map((candidate) => (candidate === emotion ? 1 : 0));

describe('what a clip is trained towards', () => {
  const corpora = sharedCorpora(prepared);
  const cremaD = corpora['crema-d'];

  it('is what its speaker meant, without a weight of votes', () => {
    const [first, second, third] = rowsOf(targetsOf(cremaD, 0));
    expect([first, second, third]).toEqual([oneHot('angry'), oneHot('sad'), oneHot('neutral')]);
  });

  it('is mixed with what listeners named, by the weight, where any did', () => {
    const [first, second, third] = rowsOf(targetsOf(cremaD, 0.4));
    expect(first[k('angry')]).toBeCloseTo(0.6 + 0.4 / 4, 6);
    expect(first[k('disgust')]).toBeCloseTo((0.4 * 3) / 4, 6);
    expect(first.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
    expect([second, third]).toEqual([oneHot('sad'), oneHot('neutral')]);
  });

  it('is what listeners named alone at a weight of 1', () => {
    const [first] = rowsOf(targetsOf(cremaD, 1));
    expect(first[k('disgust')]).toBeCloseTo(0.75, 6);
    expect(first[k('angry')]).toBeCloseTo(0.25, 6);
  });

  it('is every class alike where nobody speaks', () => {
    expect(rowsOf(targetsOf(corpora[SOUNDS], 0.4))).toEqual([
      new Array(EMOTION_COUNT).fill(1 / EMOTION_COUNT),
    ]);
  });

  it('needs no votes', () => {
    const { votes } = sharedCorpora({ ...prepared, votes: new Map() })['crema-d'];
    expect(votes).toBeNull();
    expect(rowsOf(targetsOf({ ...cremaD, votes }, 0.4))[0]).toEqual(oneHot('angry'));
  });
});
