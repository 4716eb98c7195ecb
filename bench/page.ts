import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { startServer } from '../cli/serve/server.ts';
import { hasChromium, launchChromium } from './chromium.ts';
import { percentile, type Timing, table } from './measure.ts';

/** How often the page is opened, each time with an empty cache. */
const RUNS = 15;

/** Time to the first paint of the page of the local server, compared to a page of one line. */
export async function benchPage(): Promise<void> {
  if (!hasChromium) {
    console.log('\nSkipped the page: Chromium is not installed.');
    return;
  }
  const server = await startServer({ port: 0, host: '127.0.0.1' });
  const line = createServer((_, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>One</title>line');
  }).listen(0, '127.0.0.1');
  const browser = await launchChromium();
  try {
    const { port } = line.address() as AddressInfo;
    table('First paint in Chromium, empty cache, median', [
      await firstPaint('the page of the local server', browser, server.url),
      await firstPaint('a page of one line', browser, `http://127.0.0.1:${port}`),
    ]);
  } finally {
    await browser.close();
    await server.close();
    line.close();
  }
}

async function firstPaint(name: string, browser: Browser, url: string): Promise<Timing> {
  const paints: number[] = [];
  // The first run warms up the server and the browser.
  for (let run = 0; run <= RUNS; run++) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(url);
    const paint = await page.evaluate<number>(FIRST_PAINT);
    if (run > 0) paints.push(paint);
    await context.close();
  }
  return { name, median: percentile(paints, 0.5) };
}

/** Runs in the page: milliseconds from the request to the first text or image. */
const FIRST_PAINT = `new Promise((resolve) => {
  new PerformanceObserver((list) => {
    for (const { name, startTime } of list.getEntries()) {
      if (name === 'first-contentful-paint') resolve(startTime);
    }
  }).observe({ type: 'paint', buffered: true });
})`;
