import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../../../bench/chromium.ts';
import type { Results } from '../../../training/baselines/results.ts';
import { reportHtml } from '../../../training/report/html.ts';
import { canBrowse, visibleText } from '../../web/browser.ts';
import { contrastFailures } from '../../web/contrast.ts';
import { openHtml, parseError, plotContrasts, structureFaults, tableRows } from './page.ts';
import { BARE, RESULTS, SONG_ONLY } from './results.ts';

test('the same results give the same page, well below 1 MB', () => {
  expect(reportHtml(RESULTS)).toBe(reportHtml(structuredClone(RESULTS)));
  expect(Buffer.byteLength(reportHtml(RESULTS))).toBeLessThan(300_000);
});

test('a chosen family without results is an error', () => {
  expect(() => reportHtml({ ...RESULTS, chosen: 'boosting' })).toThrow('boosting');
});

describe.skipIf(!canBrowse)('the report in Chromium', () => {
  let browser: Browser;
  const runs: [string, Results][] = [
    ['a full run', RESULTS],
    ['a bare run', BARE],
    ['a run on song alone', SONG_ONLY],
  ];

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  const open = (results: Results, options: BrowserContextOptions = {}) =>
    openHtml(browser, reportHtml(results), options);
  const rows = tableRows;

  test.each(runs)('%s: well-formed, labelled, and asks the network for nothing', async (_, run) => {
    const { page, complaints } = await open(run);
    expect(await parseError(page, reportHtml(run), 'application/xhtml+xml')).toBe('');
    expect(await structureFaults(page)).toEqual([]);
    expect(await page.locator('svg').count()).toBeGreaterThan(5);
    expect(await page.locator('script, img, iframe, i').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('names are text, whatever they hold', async () => {
    const { page } = await open(RESULTS);
    expect(await rows(page, 'Recordings left out', '03-01')).toEqual([
      ['03-01', 'silent <img src="https://example.org/x.png"> "&'],
    ]);
    expect(await page.locator('h2', { hasText: 'Trees & <i>shrubs</i>' }).count()).toBe(1);
    expect(await page.locator('text', { hasText: '<script>alert("x")</script>' }).count()).toBe(1);
    await page.context().close();
  });

  test('holds the figures of both protocols, apart', async () => {
    const { page } = await open(RESULTS);
    const compared = await rows(page, 'both protocols', 'Perceptron');
    expect(compared.map((row) => row.slice(0, 4))).toEqual([
      ['Perceptron chosen', '50', '0.520', '0.512'],
      ['Perceptron chosen', '24', '0.750', '0.750'],
      ['Perceptron chosen', '80', '0.900', '0.900'],
    ]);
    const groups = await page.locator('.group strong').allInnerTexts();
    expect(groups).toEqual([
      'Speakers unseen, speech',
      'Speakers unseen, song',
      'Random 80/20 split, speech and song',
    ]);
    const text = await visibleText(page.locator('body'));
    expect(text).toContain('74 recordings by 2 actors · 4 March 2026, 05:06 UTC · 7.3 minutes');
    expect(text).toContain('seed 1234');
    expect(text).toContain(
      'speech of unseen speakers is 0.512, the highest; next is trees & <i>shrubs</i> with 0.250',
    );
    await page.context().close();
  });

  test('holds classes, confusions, searches, calibration and data', async () => {
    const { page } = await open(RESULTS);
    const of = 'perceptron, speech of unseen speakers';
    expect(
      await rows(page, `Precision, recall and F1 of each emotion, ${of}`, 'surprised'),
    ).toEqual([['surprised', '0.333', '0.100', '0.154', '10']]);
    expect(await rows(page, `Confusion matrix, ${of}`, 'surprised')).toEqual([
      ['surprised', '9', '0', '0', '0', '0', '0', '0', '1'],
    ]);
    const matrix = page.locator('svg', { has: page.locator('#mlp-speech-confusion-title') });
    expect(await matrix.locator('.cell .share').allTextContents()).toHaveLength(64);
    expect(await matrix.locator('.cell.right .count').allTextContents()).toEqual([
      '10',
      '5',
      '2',
      '2',
      '2',
      '2',
      '2',
      '1',
    ]);
    expect(await matrix.locator('desc').textContent()).toContain(
      'surprised heard as neutral (9 times, 90% of surprised)',
    );
    expect(await rows(page, 'Combinations tried, perceptron', '')).toEqual([
      ['A', '0.420', '1 fold', '0.810', '0.470', '0.4'],
      ['B', '0.430', '1 fold', '0.820', '0.480', '0.6'],
    ]);
    expect(await rows(page, 'Calibration by', '')).toEqual([
      ['Expected calibration error', '0.091', '0.032'],
      ['Temperature', '1.000', '1.234'],
    ]);
    expect(await rows(page, 'by channel and by intensity', 'neutral')).toEqual([
      ['neutral', '10', '4', '14', '0', '14'],
    ]);
    const importance = page.locator('svg', { has: page.locator('#forest-importance-title') });
    expect(await importance.locator('.label').allTextContents()).toEqual([
      '<script>alert("x")</script>',
      'pitch mean',
      'level',
    ]);
    expect(await importance.locator('.value').allTextContents()).toEqual([
      '55.0%',
      '25.0%',
      '20.0%',
    ]);
    const folds = page.locator('svg', { has: page.locator('#mlp-folds-title') });
    expect(await folds.locator('.label').allTextContents()).toEqual(['actors 1', 'actors 2']);
    await page.context().close();
  });

  test('says what a bare run does not have', async () => {
    const { page } = await open(BARE);
    const text = await visibleText(page.locator('body'));
    expect(text).toContain('Quick run.');
    expect(text).toContain('the only candidate of this run');
    expect(text).toContain('Not searched; all fits used: hidden 8-4, dropout 0.4.');
    expect(text).not.toContain('Learning curve');
    expect(text).not.toContain('features that matter');
    const [, song] = await rows(page, 'both protocols', 'Perceptron');
    expect(song).toEqual(['Perceptron chosen', '–', '–', '–', '–', '–']);
    await page.context().close();
  });

  test.each(['light', 'dark'] as const)('has the contrast of WCAG AA in %s', async (scheme) => {
    const { page } = await open(RESULTS, { colorScheme: scheme });
    expect(await contrastFailures(page)).toEqual([]);
    const ratios = await plotContrasts(page);
    expect(ratios.length).toBeGreaterThan(300);
    expect(Math.min(...ratios)).toBeGreaterThanOrEqual(4.5);
    await page.context().close();
  });

  test('fits a phone without scrolling sideways', async () => {
    const { page } = await open(RESULTS, { viewport: { width: 360, height: 740 } });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await page.context().close();
  });
});
