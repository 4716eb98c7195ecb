import { expect, test } from 'vitest';
import { points, spreadOf, spreadText } from '../../../../evaluation/report/format.ts';

test('a spread is mean and sample standard deviation', () => {
  expect(spreadOf([1, 2, 3, null])).toEqual({ mean: 2, deviation: 1, count: 3 });
  expect(spreadText(spreadOf([0.74, 0.76]))).toBe('0.750 ± 0.014');
  expect(spreadText(spreadOf([0.74]))).toBe('0.740');
  expect(spreadText(spreadOf([]))).toBe('–');
});

test('points have one decimal and a real minus', () => {
  expect([0.0314, -0.0042, -0.0004, null].map(points)).toEqual(['3.1', '−0.4', '0.0', '–']);
});
