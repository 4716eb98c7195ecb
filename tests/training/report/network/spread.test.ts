import { expect, test } from 'vitest';
import { points, spreadOf, spreadText } from '../../../../training/report/format.ts';
import { summarizeSeeds } from '../../../../training/report/network/findings.ts';
import { NETWORK_RESULTS, seedScores } from './results.ts';

test('a spread is mean and sample standard deviation', () => {
  expect(spreadOf([1, 2, 3, null])).toEqual({ mean: 2, deviation: 1, count: 3 });
  expect(spreadText(spreadOf([0.74, 0.76]))).toBe('0.750 ± 0.014');
  expect(spreadText(spreadOf([0.74]))).toBe('0.740');
  expect(spreadText(spreadOf([]))).toBe('–');
});

test('points have one decimal and a real minus', () => {
  expect([0.0314, -0.0042, -0.0004, null].map(points)).toEqual(['3.1', '−0.4', '0.0', '–']);
});

test('with too few seeds on all folds, the spread is over all seeds on the folds they share', () => {
  const { unseen } = NETWORK_RESULTS;
  const seeds = [
    seedScores(1, 0.7, [0.6, 0.7, 0.8]),
    seedScores(2, 0.65, [0.62, 0.72]),
    seedScores(3, 0.6, [0.64, 0.74]),
  ];
  const { uar, basis, complete } = summarizeSeeds({
    ...NETWORK_RESULTS,
    unseen: { ...unseen, seeds },
  });
  expect(spreadText(uar)).toBe('0.670 ± 0.020');
  expect(basis).toBe('3 seeds on folds 1 and 2 only, mean of the folds');
  expect(complete.map(({ seed }) => seed)).toEqual([1]);
});
