import { expect, test } from 'vitest';
import { FEATURE_CONFIG } from '../../../../core/features/config.ts';
import { FUNCTIONAL_NAMES } from '../../../../core/features/functionals.ts';
import { cardSchema } from '../../../../core/model/card.ts';
import { networkModelCard } from '../../../../training/report/card.ts';
import { networkSummary } from '../../../../training/report/network/report.ts';
import { BARE_RESULTS, EMPTY_RESULTS, NETWORK_RESULTS, OUTSIDE_RESULTS } from './results.ts';

test('a card passes the check of serving, whatever was measured', () => {
  for (const results of [OUTSIDE_RESULTS, NETWORK_RESULTS, BARE_RESULTS, EMPTY_RESULTS]) {
    const card = networkModelCard(results);
    expect(cardSchema.parse(JSON.parse(JSON.stringify(card)))).toEqual(card);
  }
});

test('the card of a full run', () => {
  const card = networkModelCard(NETWORK_RESULTS);
  expect(card).toMatchObject({
    version: '1.0.0',
    sha256: 'cd'.repeat(32),
    created: '2026-03-04',
    family:
      'average of 3 small residual networks on log-mel spectrograms and a perceptron on functionals',
    features: FEATURE_CONFIG,
    inputs: [
      { name: 'log_mel', kind: 'log-mel', shape: [128, 64] },
      { name: 'features', kind: 'functionals', shape: [FUNCTIONAL_NAMES.length] },
    ],
    output: { name: 'probabilities' },
    threshold: 0.47,
    calibration: {
      temperature: 0.876,
      coverage: 0.823,
      accuracy: 0.812,
      expectedCalibrationError: 0.032,
    },
    data: [
      { name: 'RAVDESS', clips: 110 },
      { name: 'CREMA-D', clips: 160, licence: 'ODbL 1.0' },
    ],
  });
  expect(Object.keys(card.figures)).toEqual(['unseenSpeech', 'unseenSong', 'cremaD', 'seed']);
  const { unseenSpeech, unseenSong, cremaD, seed } = card.figures;
  expect(unseenSpeech).toMatchObject({
    clips: 80,
    unweightedAverageRecall: 0.75,
    seeds: { count: 3, mean: 0.73, standardDeviation: 0.01, basis: '3 seeds, all 3 folds pooled' },
  });
  expect(unseenSong.seeds).toMatchObject({ count: 3, mean: 0.78 });
  expect(cremaD).toMatchObject({ clips: 60, unweightedAverageRecall: 0.65 });
  expect(seed).toMatchObject({
    unweightedAverageRecall: 0.91,
    seeds: { standardDeviation: 0.0141 },
  });
  expect(seed.protocol).toContain('the same speakers in training and test');
});

test('figures of corpora left out come first, and the first limit tells them', () => {
  const { figures, limits } = networkModelCard(OUTSIDE_RESULTS);
  expect(Object.keys(figures).slice(0, 3)).toEqual([
    'anotherCorpus ASED',
    'anotherCorpus CREMA-D',
    'unseenSpeech',
  ]);
  expect(limits[0]).toContain('the mean UAR is 0.550; 40% are answered, and 75% of the answers');
});

test('limits and licence say what was measured and what the data allow', () => {
  const full = networkModelCard(NETWORK_RESULTS);
  expect(full.limits.join(' ')).toContain('6.3 points of UAR');
  expect(full.limits.join(' ')).toContain(
    '97.5% of everyday sounds, 1.5% of voices and 3.0% of whispered voices',
  );
  expect(full.limits.join(' ')).toContain('AI Act, Art. 5(1)(f)');
  expect(full.licence).toContain('ODbL');
  const bare = networkModelCard(BARE_RESULTS);
  expect(bare.licence).not.toContain('ODbL');
  expect(bare.limits.join(' ')).toContain('this was not measured');
  expect(bare.family).toBe(
    'average of a small residual network on log-mel spectrograms and a perceptron on functionals',
  );
  expect(bare.figures.unseenSpeech.seeds).toBeUndefined();
});

test('the summary for a terminal holds the figures', () => {
  const text = networkSummary(NETWORK_RESULTS);
  expect(text).toContain('One seed alone, speakers unseen, speech: UAR 0.730 (3 seeds, all');
  expect(text).toContain('Speakers unseen, speech: accuracy 0.750, UAR 0.750');
  expect(text).toContain('excluded: 03-01, silent');
  expect(text).toContain('everyday noise at 10 dB SNR, 6.3 points');
  expect(networkSummary(OUTSIDE_RESULTS)).toContain('2 corpora left out of training is 0.550');
  expect(networkSummary(EMPTY_RESULTS)).not.toMatch(/NaN|undefined|null/);
});
