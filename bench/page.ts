import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { startServer } from '../cli/serve/server.ts';
import { hasChromium, launchChromium } from './chromium.ts';
import { type Timing, table } from './measure.ts';

/** Times that the page is opened, each with nothing in the browser's cache. */
const RUNS = 15;

/** How long the page of the local server takes until it can be seen, beside a page of one line. */
export async function benchPage(): Promise<void> {
  if (!hasChromium) {
    console.log('\nThe page: left out, there is no Chromium.');
    return;
  }
  const server = await startServer({ port: 0, host: '127.0.0.1' });
  const line = createServer((_, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>One</title>line');
  }).listen(0, '127.0.0.1');
  const browser = await launchChromium();
  try {
    const { port } = line.address() as AddressInfo;
    table('First paint in Chromium, nothing cached, median', [
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
  // The first one warms up the server and the browser.
  for (let run = 0; run <= RUNS; run++) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(url);
    const paint = await page.evaluate<number>(FIRST_PAINT);
    if (run > 0) paints.push(paint);
    await context.close();
  }
  paints.sort((a, b) => a - b);
  return { name, median: paints[Math.floor(RUNS / 2)] };
}

/** Milliseconds from the request to the first text or image; runs in the page. */
const FIRST_PAINT = `new Promise((resolve) => {
  new PerformanceObserver((list) => {
    for (const { name, startTime } of list.getEntries()) {
      if (name === 'first-contentful-paint') resolve(startTime);
    }
  }).observe({ type: 'paint', buffered: true });
})`;
