import { startServer } from '../cli/serve/server.ts';
import { hasChromium, launchChromium } from './chromium.ts';
import { type Timing, table } from './measure.ts';

/** Times that the page is opened, each with nothing in the browser's cache. */
const RUNS = 15;

/** How long the page of the local server takes until something, and until its figures, can be seen. */
export async function benchPage(): Promise<void> {
  if (!hasChromium) {
    console.log('\nThe page: left out, there is no Chromium.');
    return;
  }
  const server = await startServer({ port: 0, host: '127.0.0.1' });
  const browser = await launchChromium();
  const paints: number[] = [];
  const figures: number[] = [];
  try {
    // The first one warms up the server and the browser.
    for (let i = 0; i <= RUNS; i++) {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(server.url);
      await page.locator('[data-figures=shown]').waitFor();
      const shown = await page.evaluate<number>('performance.now()');
      const paint = await page.evaluate<number>(
        `performance.getEntriesByName('first-contentful-paint')[0].startTime`,
      );
      if (i > 0) paints.push(paint);
      if (i > 0) figures.push(shown);
      await context.close();
    }
  } finally {
    await browser.close();
    await server.close();
  }
  table('Opening the page of the local server, nothing cached, median', [
    median('first paint', paints),
    median("with the model card's figures", figures),
  ]);
}

function median(name: string, milliseconds: number[]): Timing {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  return { name, median: sorted[Math.floor(sorted.length / 2)] };
}
