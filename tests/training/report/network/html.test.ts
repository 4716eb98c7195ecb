import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../../../../bench/chromium.ts';
import type { NetworkResults } from '../../../../training/network/results.ts';
import { networkReportHtml } from '../../../../training/report/network/html.ts';
import { cardPictures } from '../../../../training/report/network/pictures.ts';
import { svgFile } from '../../../../training/report/plots/file.ts';
import { canBrowse, visibleText } from '../../../web/browser.ts';
import { contrastFailures } from '../../../web/contrast.ts';
import { openHtml, parseError, plotContrasts, structureFaults, tableRows } from '../page.ts';
import { BARE_RESULTS, EMPTY_RESULTS, NETWORK_RESULTS } from './results.ts';

test('the same results give the same page, well below 1 MB', () => {
  const page = networkReportHtml(NETWORK_RESULTS);
  expect(page).toBe(networkReportHtml(structuredClone(NETWORK_RESULTS)));
  expect(Buffer.byteLength(page)).toBeLessThan(300_000);
});

describe.skipIf(!canBrowse)('the report of the network in Chromium', () => {
  let browser: Browser;
  const runs: [string, NetworkResults][] = [
    ['a full run', NETWORK_RESULTS],
    ['a bare run', BARE_RESULTS],
    ['a run without seeds and data', EMPTY_RESULTS],
  ];

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  const open = (results: NetworkResults, options: BrowserContextOptions = {}) =>
    openHtml(browser, networkReportHtml(results), options);

  test.each(runs)('%s: well-formed, labelled, and asks the network for nothing', async (_, run) => {
    const { page, complaints } = await open(run);
    expect(await parseError(page, networkReportHtml(run), 'application/xhtml+xml')).toBe('');
    expect(await structureFaults(page)).toEqual([]);
    expect(await page.locator('script, img, iframe, b').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test('holds the headline, the protocols and the seeds', async () => {
    const { page } = await open(NETWORK_RESULTS);
    expect(await page.locator('.tiles dd').allInnerTexts()).toEqual([
      ...['0.750', '0.730', '0.650', '0.032', '82.3%', '81.2%', '6.3', '97.5%'],
    ]);
    const protocols = await tableRows(page, 'under each protocol', '');
    expect(protocols.map((row) => [row[0], row[1], row[3]])).toEqual(
      expect.arrayContaining([
        ['one seed, mean ± sd of 3 seeds', '80', '0.730 ± 0.010'],
        ['the average of 3 networks and a perceptron, which ships', '80', '0.750'],
        ['one seed, mean ± sd of 3 seeds', '30', '0.780 ± 0.010'],
        ['the average of 3 networks and a perceptron, which ships', '60', '0.650'],
        ['one network, mean ± sd of 2 seeds', '80', '0.910 ± 0.014'],
      ]),
    );
    expect(await tableRows(page, 'each seed on each fold', '')).toEqual([
      ['11', '0.710', '0.700', '0.750', '0.720'],
      ['12', '0.730', '0.720', '0.770', '0.740'],
      ['13', '0.720', '0.710', '0.760', '0.730'],
      ['14', '0.700', '0.680', '–', '0.690'],
      ['mean ± sd', '0.715 ± 0.013', '0.703 ± 0.017', '0.760 ± 0.010', '–'],
    ]);
    expect(await visibleText(page.locator('#seeds'))).toContain('was not run on this fold');
    expect(await labels(page, 'references')).toEqual([
      ...['ResLSTM, mean of 10', 'ResLSTM, best', 'HuBERT-large, frozen'],
      ...['Undertone, one seed', 'Undertone, average'],
      ...['CNN-14, fine-tuned (accuracy)', 'xlsr, fine-tuned (accuracy)'],
    ]);
    await page.context().close();
  });

  test('a matrix has the rows that were acted and the columns that were heard', async () => {
    const { page } = await open(NETWORK_RESULTS);
    expect(await labels(page, 'cremaD-confusion')).toEqual([
      ...['neutral', 'happy', 'sad', 'angry', 'fearful', 'disgust'],
    ]);
    const matrix = page.locator('svg', { has: page.locator('#cremaD-confusion-title') });
    // Calm and surprised were not acted, but neutral was taken for calm and disgust for surprised.
    expect(await matrix.locator('.cell').count()).toBe(6 * 8);
    const right = await matrix.locator('.cell.right .count').allTextContents();
    expect(right).toEqual(['6', '7', '6', '7', '6', '7']);
    expect(await tableRows(page, 'emotion, Speakers unseen, song', 'disgust')).toEqual([]);
    const leaking = page.locator('h3', { hasText: 'Random 80/20 split' });
    expect(await leaking.innerText()).toBe(
      'Random 80/20 split, speech and song: UAR 0.900 leaks speakers',
    );
    await page.context().close();
  });

  test('holds speakers, levers, conditions, confidence, sounds, curves and data', async () => {
    const { page } = await open(NETWORK_RESULTS);
    expect(await labels(page, 'actors')).toEqual([
      ...['actor 3 (man)', 'actor 5 (man)', 'actor 2 (woman)'],
      ...['actor 1 (man)', 'actor 6 (woman)', 'actor 4 (woman)'],
    ]);
    expect(await tableRows(page, 'Groups of recordings', 'speech, men')).toEqual([
      ['speech, men', '80', '0.750', '0.729'],
    ]);
    expect(await tableRows(page, 'UAR with each lever', '')).toEqual([
      ['one network', '0.731', '–', '1 2 3'],
      ['average of 3 & <b>more</b>', '0.750', '1.9', '1 2 3'],
      ['average of 4', '0.762', '–', '1 2'],
    ]);
    expect(await tableRows(page, 'UAR under each condition', '')).toEqual([
      ['as recorded', '0.751', '0.750', '–'],
      ['everyday noise at 10 dB SNR', '0.689', '0.687', '6.3'],
      ['under-water', '0.701', '0.700', '5.0'],
      ['Opus at 16 kbit/s', '0.741', '0.739', '1.1'],
      ['40 dB softer', '0.755', '0.754', '−0.4'],
    ]);
    const reliability = page.locator('svg', { has: page.locator('#reliability-title') });
    expect(await reliability.locator('.bin').count()).toBe(13);
    expect(await reliability.locator('.bin text').first().textContent()).toBe('23');
    expect(await page.locator('#coverage-text').textContent()).toContain(
      'Chosen threshold 47%: 82.3% answered, 81.2% right.',
    );
    expect(await tableRows(page, 'answered “no speech”', '')).toEqual([
      ['everyday sounds', '400', '390', '97.5%'],
      ['everyday sounds, cut short', '20', '16', '80.0%'],
      ['made sounds and music', '20', '20', '100.0%'],
      ['voices', '200', '3', '1.5%'],
      ['voices, whispered', '100', '3', '3.0%'],
    ]);
    expect(await tableRows(page, 'time of long notes', 'as shipped')).toEqual([
      ['as shipped, smoothed', '71.3%'],
    ]);
    const curves = (key: string) =>
      page.locator('svg', { has: page.locator(`#learning-${key}-title`) }).locator('.line.thin');
    expect(await curves('loss').count()).toBe(4);
    expect(await curves('watched').count()).toBe(3);
    expect(await tableRows(page, 'Left out of RAVDESS', '03-01')).toEqual([
      ['03-01', 'silent <img src="https://example.org/x.png"> "&'],
    ]);
    await page.context().close();
  });

  test('what was left out of a run is said', async () => {
    const { page } = await open(EMPTY_RESULTS);
    for (const id of ['seeds', 'emotions', 'speakers', 'levers', 'robustness', 'confidence']) {
      expect(await visibleText(page.locator(`#${id}`))).toContain('Not measured in this run.');
    }
    for (const id of ['notes', 'learning', 'data']) {
      expect(await visibleText(page.locator(`#${id}`))).toContain('Not measured in this run.');
    }
    const tiles = await visibleText(page.locator('.tiles'));
    expect(tiles.match(/not measured/g)).toHaveLength(4);
    await page.context().close();
  });

  test.each(['light', 'dark'] as const)('has the contrast of WCAG AA in %s', async (scheme) => {
    const { page } = await open(NETWORK_RESULTS, { colorScheme: scheme });
    expect(await contrastFailures(page)).toEqual([]);
    const ratios = await plotContrasts(page);
    expect(ratios.length).toBeGreaterThan(400);
    expect(Math.min(...ratios)).toBeGreaterThanOrEqual(4.5);
    await page.context().close();
  });

  test('fits a phone without scrolling sideways', async () => {
    const { page } = await open(NETWORK_RESULTS, { viewport: { width: 360, height: 740 } });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await page.context().close();
  });

  test('every picture of the card is an image by itself, light or dark', async () => {
    const { page } = await open(BARE_RESULTS);
    const pictures = Object.entries(cardPictures(NETWORK_RESULTS));
    expect(pictures.map(([name]) => name)).toEqual([
      ...['confusion', 'actors', 'robustness', 'reliability', 'coverage'],
    ]);
    for (const [name, plot] of pictures) {
      const file = svgFile(plot);
      expect(await parseError(page, file, 'image/svg+xml')).toBe('');
      expect(file, name).toContain(`<title id="${name}-title">${plot.words.title}</title>`);
      const corners: number[] = [];
      for (const colorScheme of ['light', 'dark'] as const) {
        const context = await browser.newContext({ colorScheme });
        const image = await context.newPage();
        await image.goto('about:blank');
        corners.push(await image.evaluate<number>(`(${PAPER})(${JSON.stringify(file)})`));
        await context.close();
      }
      expect(corners[0], name).toBeGreaterThan(240);
      expect(corners[1], name).toBeLessThan(60);
    }
    await page.context().close();
  });
});

/** Runs in the page: draws an SVG file as an image and returns the red of its paper. */
const PAPER = `async (file) => {
  const image = new Image();
  image.src = 'data:image/svg+xml,' + encodeURIComponent(file);
  await image.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  return context.getImageData(image.naturalWidth >> 1, 5, 1, 1).data[0];
}`;

/** Returns the labels of the rows of a plot. */
function labels(page: Page, id: string): Promise<string[]> {
  return page
    .locator('svg', { has: page.locator(`#${id}-title`) })
    .locator('.label')
    .allTextContents();
}
