import { describe, expect, test } from 'vitest';
import { type Report, reportHtml } from '../../../evaluation/report/html.ts';
import { plotsShown } from '../../../evaluation/report/markdown.ts';
import { svgFile } from '../../../evaluation/report/plots/svg.ts';
import { baselinesReport } from '../../../training/report/baselines/report.ts';
import { CARD_PICTURES, cardSections } from '../../../training/report/network/document.ts';
import { networkReport } from '../../../training/report/network/report.ts';
import { canBrowse, useBrowser } from '../../web/browser.ts';
import { contrastFailures } from '../../web/contrast.ts';
import { BARE_RESULTS, EMPTY_RESULTS, OUTSIDE_RESULTS } from './network/results.ts';
import { openHtml, parseError, plotContrasts, structureFaults } from './page.ts';
import { BARE, RESULTS, SONG_ONLY } from './results.ts';

const FULL: [string, Report][] = [
  ['the network', networkReport(OUTSIDE_RESULTS)],
  ['the baselines', baselinesReport(RESULTS)],
];
const PARTIAL: [string, Report][] = [
  ['a bare run of the network', networkReport(BARE_RESULTS)],
  ['a run of the network without seeds and data', networkReport(EMPTY_RESULTS)],
  ['a bare run of the baselines', baselinesReport(BARE)],
  ['a run of the baselines on song alone', baselinesReport(SONG_ONLY)],
];

describe.skipIf(!canBrowse)('reports in Chromium', () => {
  const browser = useBrowser();

  test.each([
    ...FULL,
    ...PARTIAL,
  ])('%s: well-formed, labelled, and self-contained', async (_, report) => {
    const html = reportHtml(report);
    const { page, complaints } = await openHtml(browser(), html);
    expect(await parseError(page, html, 'application/xhtml+xml')).toBe('');
    expect(await structureFaults(page)).toEqual([]);
    expect(await page.locator('script, img, iframe, b, i').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  test.each(
    FULL,
  )('%s: contrast of WCAG AA, light and dark, and room on a phone', async (_, report) => {
    const { page } = await openHtml(browser(), reportHtml(report));
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await contrastFailures(page)).toEqual([]);
      const ratios = await plotContrasts(page);
      expect(ratios.length).toBeGreaterThan(200);
      expect(Math.min(...ratios)).toBeGreaterThanOrEqual(4.5);
    }
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await page.context().close();
  });

  test('every picture of the card is an image by itself, light or dark', async () => {
    const plots = plotsShown(cardSections(OUTSIDE_RESULTS), CARD_PICTURES);
    expect(plots.map(({ words }) => words.id)).toEqual(CARD_PICTURES.shown);
    const page = await browser().newPage();
    for (const plot of plots) {
      const { id, title } = plot.words;
      const file = svgFile(plot);
      expect(await parseError(page, file, 'image/svg+xml')).toBe('');
      expect(file).toContain(`<title id="${id}-title">${title}</title>`);
      const corners: number[] = [];
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        corners.push(await page.evaluate<number>(`(${PAPER})(${JSON.stringify(file)})`));
      }
      expect(corners[0], id).toBeGreaterThan(240);
      expect(corners[1], id).toBeLessThan(60);
    }
    await page.close();
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
