import { expect, test } from 'vitest';
import { reportHtml } from '../../../../evaluation/report/html.ts';
import { networkReport } from '../../../../training/report/network/report.ts';
import { plotOf, rowsOf, textOf } from '../../../evaluation/report/blocks.ts';
import { EMPTY_RESULTS, NETWORK_RESULTS, OUTSIDE_RESULTS } from './results.ts';

const { sections, tiles } = networkReport(NETWORK_RESULTS);

test('the same results give the same page, well below 1 MB', () => {
  const page = reportHtml(networkReport(NETWORK_RESULTS));
  expect(page).toBe(reportHtml(networkReport(structuredClone(NETWORK_RESULTS))));
  expect(Buffer.byteLength(page)).toBeLessThan(300_000);
});

test('leads with recordings unlike those it learned from', () => {
  const report = networkReport(OUTSIDE_RESULTS);
  expect(report.sections.slice(0, 4).map(({ title }) => title)).toEqual([
    'On recordings unlike those it learned from',
    'Plain speech',
    'Women and men',
    'In the laboratory',
  ]);
  expect(report.tiles.slice(0, 4).map(([value]) => value)).toEqual([
    '0.550',
    '75%',
    '60%',
    '0.750',
  ]);
  expect(report.about).toContain('trained in 2.5 hours');
  expect(rowsOf(report.sections, 'Each corpus left out')).toEqual([
    ['ASED', '50', '65', '0.500', '0.500', '0.090', '30%', '80%'],
    ['CREMA-D', '60', '91', '0.600', '0.600', '0.050', '48%', '72%'],
  ]);
  expect(rowsOf(report.sections, 'Share of each verdict')).toContainEqual(['angry', '1.2%']);
  expect(rowsOf(report.sections, 'Women and men')).toContainEqual([
    ...['RAVDESS speech', '40', '0.770', '40', '0.600', '17.0'],
  ]);
  expect(plotOf(report.sections, 'another-corpus').words.description).toBe(
    'ASED: all speakers 0.500; women 0.560; men 0.440. CREMA-D: all speakers 0.600; women 0.600.',
  );
});

test('holds the headline, the protocols and the folds', () => {
  expect(tiles.map(([value]) => value)).toEqual([
    ...['–', '–', '0.750', '0.650', '0.032', '81%', '6.3', '97.5%'],
  ]);
  const protocols = rowsOf(sections, 'under each protocol');
  expect(protocols.map(([model, clips, , uar]) => [model, clips, uar])).toEqual([
    ['average of one network and a linear probe', '80', '0.750'],
    ['average of one network and a linear probe', '30', '0.800'],
    ['average of 3 networks and a linear probe, as shipped', '60', '0.650'],
    ['average of one network and a linear probe', '80', '0.900'],
  ]);
  expect(plotOf(sections, 'folds').words.description).toContain('fold 3: 1 4');
  expect(rowsOf(sections, 'Published figures').map(([system]) => system)).toEqual([
    ...['ResLSTM, mean of 10', 'ResLSTM, best', 'HuBERT-large, frozen', '**Undertone**'],
    ...['CNN-14, fine-tuned', 'xlsr, fine-tuned'],
  ]);
});

test('a confusion matrix has rows of the labels, and columns of labels and predictions', () => {
  const matrix = plotOf(sections, 'confusion-cremaD').text;
  const labels = [...matrix.matchAll(/class="label"[^>]*>(\w+)</g)].map(([, name]) => name);
  expect(labels).toEqual(['neutral', 'happy', 'sad', 'angry', 'fearful', 'disgust']);
  // Calm and surprised are no labels here, but neutral was taken for calm, disgust for surprised.
  expect(matrix.match(/class="cell/g)).toHaveLength(6 * 8);
  const right = [...matrix.matchAll(/class="cell right".*?class="count[^>]*>(\d+)</g)];
  expect(right.map(([, count]) => count)).toEqual(['6', '7', '6', '7', '6', '7']);
  const song = rowsOf(sections, 'emotion, Speakers unseen, song');
  expect(song.map(([name]) => name)).not.toContain('disgust');
});

test('holds speakers, conditions, confidence, sounds, curves and data', () => {
  expect(rowsOf(sections, 'each actor').map(([actor]) => actor)).toEqual([
    ...['actor 3 (man)', 'actor 5 (man)', 'actor 2 (woman)'],
    ...['actor 1 (man)', 'actor 6 (woman)', 'actor 4 (woman)'],
  ]);
  expect(rowsOf(sections, 'Groups of recordings')).toContainEqual([
    ...['speech, men', '80', '0.750', '0.729'],
  ]);
  expect(rowsOf(sections, 'UAR under each condition')).toEqual([
    ['as recorded', '0.751', '0.750', '–'],
    ['everyday noise at 10 dB SNR', '0.689', '0.687', '6.3'],
    ['under-water', '0.701', '0.700', '5.0'],
    ['Opus at 16 kbit/s', '0.741', '0.739', '1.1'],
    ['40 dB softer', '0.755', '0.754', '−0.4'],
  ]);
  expect(plotOf(sections, 'reliability').text.match(/class="bin"/g)).toHaveLength(13);
  expect(plotOf(sections, 'coverage').words.description).toContain(
    'Chosen threshold 47%: 82% answered, 81% correct.',
  );
  expect(rowsOf(sections, 'answered “no speech”')).toEqual([
    ['everyday sounds', '400', '390', '97.5%'],
    ['synthesised sounds and music', '20', '20', '100.0%'],
    ['voices', '200', '3', '1.5%'],
  ]);
  expect(rowsOf(sections, 'time of long notes')[0]).toEqual(['as shipped, smoothed', '71.3%']);
  expect(plotOf(sections, 'learning-loss').text.match(/class="line[^"]* thin"/g)).toHaveLength(4);
  expect(plotOf(sections, 'learning-watched').text.match(/ thin"/g)).toHaveLength(3);
  expect(rowsOf(sections, 'Excluded from RAVDESS')).toEqual([
    ['03-01', 'silent <img src="https://example.org/x.png"> "&'],
  ]);
});

test('what was left out of a run is said', () => {
  const empty = networkReport(EMPTY_RESULTS);
  const silent = empty.sections.filter((section) => !/not measured/i.test(textOf([section])));
  expect(silent.map(({ id }) => id)).toEqual(['comparison', 'failures', 'limits', 'licence']);
  const missing = empty.tiles.filter(([, meaning]) => meaning.endsWith(': not measured'));
  expect(missing).toHaveLength(5);
});
