import { expect, test } from 'vitest';
import { reportHtml } from '../../../evaluation/report/html.ts';
import { baselinesReport } from '../../../training/report/baselines/report.ts';
import { plotOf, rowsOf, textOf } from '../../evaluation/report/blocks.ts';
import { BARE, RESULTS } from './results.ts';

const { sections, about } = baselinesReport(RESULTS);

test('the same results give the same page, well below 1 MB', () => {
  const page = reportHtml(baselinesReport(RESULTS));
  expect(page).toBe(reportHtml(baselinesReport(structuredClone(RESULTS))));
  expect(Buffer.byteLength(page)).toBeLessThan(300_000);
});

test('a chosen family without results is an error', () => {
  expect(() => baselinesReport({ ...RESULTS, chosen: 'boosting' })).toThrow('boosting');
});

test('holds the figures of every protocol, apart', () => {
  const compared = rowsOf(sections, 'under each protocol');
  expect(
    compared.filter(([name]) => name.includes('Perceptron')).map((row) => row.slice(0, 4)),
  ).toEqual([
    ['**Perceptron**, chosen', '50', '0.520', '0.512'],
    ['**Perceptron**, chosen', '24', '0.750', '0.750'],
    ['**Perceptron**, chosen', '80', '0.900', '0.900'],
  ]);
  expect(about).toContain('74 recordings by 2 actors · 4 March 2026, 05:06 UTC · 7.3 minutes');
  expect(about).toContain('seed 1234');
  expect(textOf(sections)).toContain(
    'speech of unseen speakers is 0.512, the highest, followed by trees & <i>shrubs</i> with 0.250',
  );
});

test('holds classes, confusions, searches, calibration and data', () => {
  const of = 'perceptron, speech of unseen speakers';
  expect(rowsOf(sections, `F1 of each emotion, ${of}`)).toContainEqual([
    ...['surprised', '0.333', '0.100', '0.154', '10'],
  ]);
  expect(rowsOf(sections, `Confusion matrix, ${of}`)).toContainEqual([
    ...['surprised', '9', '0', '0', '0', '0', '0', '0', '1'],
  ]);
  const matrix = plotOf(sections, 'confusion-mlp');
  expect(matrix.text.match(/class="cell/g)).toHaveLength(64);
  expect(matrix.words.description).toContain(
    'surprised classified as neutral (9 times, 90% of surprised)',
  );
  expect(rowsOf(sections, 'Combinations tried, perceptron')).toEqual([
    ['A', '0.420', '1 fold', '0.810', '0.470', '0.4'],
    ['B', '0.430', '1 fold', '0.820', '0.480', '0.6'],
  ]);
  expect(textOf(sections)).toContain(
    'T = 1.234 changes the expected calibration error from 0.091 to 0.032.',
  );
  expect(rowsOf(sections, 'by channel and by intensity')[0]).toEqual([
    ...['neutral', '10', '4', '14', '0', '14'],
  ]);
  expect(plotOf(sections, 'forest-importance').words.description).toBe(
    '<script>alert("x")</script>: 55.0%. pitch mean: 25.0%. level: 20.0%.',
  );
  expect(plotOf(sections, 'mlp-folds').words.description).toBe('actors 1: 0.512. actors 2: 0.250.');
});

test('says what a bare run does not have', () => {
  const bare = baselinesReport(BARE);
  expect(reportHtml(bare)).toContain('Quick run.');
  const text = textOf(bare.sections);
  expect(text).toContain('the only candidate of this run');
  expect(text).toContain('Not searched; all fits used hidden 8-4, dropout 0.4.');
  expect(() => plotOf(bare.sections, 'mlp-learning')).toThrow('no plot');
  expect(() => plotOf(bare.sections, 'mlp-importance')).toThrow('no plot');
  expect(rowsOf(bare.sections, 'under each protocol')[1]).toEqual([
    ...['**Perceptron**, chosen', '–', '–', '–', '–', '–'],
  ]);
});
