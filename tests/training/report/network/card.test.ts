import { expect, test } from 'vitest';
import { FEATURE_CONFIG } from '../../../../core/features/config.ts';
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
    version: '2.5.1',
    sha256: 'cd'.repeat(32),
    created: '2026-03-04',
    family:
      'average of 3 networks and a linear probe (MobileNetV3, width 0.4) on mel spectrograms, pretrained on AudioSet',
    features: FEATURE_CONFIG,
    inputs: [
      { name: 'mel', kind: 'mel', shape: [104] },
      { name: 'starts', kind: 'starts', shape: [] },
    ],
    voice: { name: 'voice', threshold: 0.31 },
    output: { name: 'probabilities' },
    threshold: 0.47,
    calibration: {
      temperature: 0.876,
      bias: [-0.4, -0.4, 0.1, 0, 0.2, 0.1, 0, 0.1],
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
  const { unseenSpeech, cremaD, seed } = card.figures;
  expect(unseenSpeech).toMatchObject({ clips: 80, unweightedAverageRecall: 0.75 });
  expect(unseenSpeech.protocol).toContain('folds 1, 2 and 3 of five by actor');
  expect(cremaD).toMatchObject({ clips: 60, unweightedAverageRecall: 0.65 });
  expect(seed).toMatchObject({ unweightedAverageRecall: 0.9 });
  expect(seed.protocol).toContain('the same speakers in training and test');
});

test('figures of corpora left out come first, and the first limit tells them', () => {
  const { figures, limits } = networkModelCard(OUTSIDE_RESULTS);
  expect(Object.keys(figures).slice(0, 3)).toEqual([
    'anotherCorpus ASED',
    'anotherCorpus CREMA-D',
    'unseenSpeech',
  ]);
  expect(limits[0]).toContain('the mean UAR is 0.550; 39% are answered, and 75% of the answers');
});

test('limits and licence say what was measured and what the data allow', () => {
  const full = networkModelCard(NETWORK_RESULTS);
  expect(full.limits.join(' ')).toContain('6.3 points of UAR');
  expect(full.limits.join(' ')).toContain(
    '97.5% of everyday sounds, 100.0% of synthesised sounds and music and 1.5% of voices',
  );
  expect(full.limits.join(' ')).toContain('AI Act, Art. 5(1)(f)');
  expect(full.licence).toContain('ODbL');
  const bare = networkModelCard(BARE_RESULTS);
  expect(bare.licence).not.toContain('ODbL');
  expect(bare.limits.join(' ')).toContain('this was not measured');
  expect(bare.family).toBe('one network (MobileNetV3, width 0.4) on mel spectrograms');
});

test('the summary for a terminal holds the figures', () => {
  const text = networkSummary(NETWORK_RESULTS);
  expect(text).toContain('Speakers unseen, speech: accuracy 0.750, UAR 0.750');
  expect(text).toContain('excluded: 03-01, silent');
  expect(text).toContain('everyday noise at 10 dB SNR, 6.3 points');
  expect(networkSummary(OUTSIDE_RESULTS)).toContain('2 corpora left out of training is 0.550');
  expect(networkSummary(EMPTY_RESULTS)).not.toMatch(/NaN|undefined|null/);
});
