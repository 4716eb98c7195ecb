import { beforeAll, describe, expect, test } from 'vitest';
import { type VoiceModel, VoiceNetwork } from '../../../core/voice/network.ts';
import { STATISTIC_NAMES } from '../../../core/voice/statistics.ts';
import { createRandom } from '../../../training/random.ts';
import type { Described } from '../../../training/voice/described.ts';
import {
  chooseThreshold,
  type Scored,
  summarise,
  type VoiceResults,
} from '../../../training/voice/evaluate.ts';
import { modelSource } from '../../../training/voice/source.ts';
import { trainVoiceDetector } from '../../../training/voice/train.ts';

const scored = (isVoice: boolean, fold: number | null, probability: number, condition = 'clean') =>
  ({ group: isVoice ? 'talk' : 'rain', isVoice, fold, condition, probability }) as Scored;

/** Voices and sounds that differ in the first statistics, on scales far from 1. */
function toyExamples(): Described[] {
  const random = createRandom(5);
  return Array.from({ length: 300 }, (_, i) => {
    const isVoice = i % 2 === 0;
    const stretch = () =>
      Float32Array.from(STATISTIC_NAMES, (_, k) => {
        const shift = k < 4 && isVoice ? 3 : 0;
        return 100 * (k + 1) + (k + 1) * (shift + random.normal());
      });
    return {
      ...{ group: isVoice ? 'talk' : 'rain', isVoice, condition: 'clean' as const },
      fold: i % 6 === 5 || i % 6 === 0 ? null : i % 5,
      stretches: [stretch(), stretch()],
    };
  });
}

describe('the trained detector', () => {
  const examples = toyExamples();
  let model: VoiceModel;
  let results: VoiceResults;
  beforeAll(async () => {
    ({ model, results } = await trainVoiceDetector(examples, 1));
  });

  test('tells voices of no fold from sounds, by the network that ships', () => {
    const network = new VoiceNetwork(model);
    const unheard = examples.filter(({ fold }) => fold === null);
    const right = unheard.flatMap(({ isVoice, stretches }) =>
      stretches.map((stretch) => network.probability(stretch) > 0.5 === isVoice),
    );
    expect(right.filter(Boolean).length / right.length).toBeGreaterThan(0.9);
  });

  test('is the same for the same seed', async () => {
    const again = await trainVoiceDetector(examples, 1);
    expect(again.model).toEqual(model);
  });

  test('is told in the figures', () => {
    expect(results.threshold).toBe(model.threshold);
    expect(results.voices.reduce((sum, { clips }) => sum + clips, 0)).toBe(150);
    expect(results.sounds.reduce((sum, { clips }) => sum + clips, 0)).toBe(150);
  });

  test('survives being written as a source file', async () => {
    const source = modelSource(model)
      .replace(/^import .*$/m, '')
      .replace(': VoiceModel', '');
    const url = `data:text/javascript,${encodeURIComponent(source)}`;
    const { VOICE_MODEL } = await import(url);
    expect(VOICE_MODEL).toEqual(model);
  });
});

describe('the threshold', () => {
  const voices = Array.from({ length: 1000 }, (_, i) => scored(true, i % 5, (i + 0.5) / 1000));

  test('refuses the share of clean voices it may, and no more', () => {
    const threshold = chooseThreshold(voices, 0.01);
    expect(voices.filter(({ probability }) => probability < threshold)).toHaveLength(10);
  });

  test('does not look at sounds, or at voices that are hard to hear', () => {
    const others = [scored(false, 0, 0), scored(true, 0, 0, 'whisper')];
    expect(chooseThreshold([...others, ...voices], 0.001)).toBe(0.0015);
  });

  test('refuses what lies below it, voices and sounds', () => {
    const unheard = [
      ...[0.3, 0.2].map((p) => ({ ...scored(true, null, p), group: 'strangers' })),
      ...[0.1, 0.24, 0.25].map((p) => scored(false, 2, p)),
      scored(false, 2, 0.9, 'mixed'),
    ];
    const {
      voices: rows,
      sounds,
      totals,
    } = summarise([...voices, ...unheard], {
      ...{ seed: 1, threshold: 0.25 },
    });
    expect(rows).toEqual([
      { group: 'talk', condition: 'clean', clips: 1000, noSpeech: 250 },
      { group: 'strangers', condition: 'clean', clips: 2, noSpeech: 1 },
    ]);
    expect(sounds).toEqual([
      { group: 'rain', condition: 'clean', clips: 3, noSpeech: 2 },
      { group: 'rain', condition: 'mixed', clips: 1, noSpeech: 0 },
    ]);
    expect(totals.sounds).toMatchObject({ clips: 3, noSpeech: 2 });
  });

  test('trades voices lost for sounds refused', () => {
    const sounds = [0.0009, 0.003, 0.2].map((p) => scored(false, 1, p));
    const { tradeOff } = summarise([...voices, ...sounds], { seed: 1, threshold: 0.25 });
    expect(tradeOff[0]).toEqual({ threshold: 0.0015, voicesLost: 0.001, soundsRefused: 1 / 3 });
    expect(tradeOff.at(-1)).toMatchObject({ voicesLost: 0.02, soundsRefused: 2 / 3 });
  });
});
