import { readFileSync } from 'node:fs';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { startServer } from '../cli/serve/server.ts';
import { classify } from '../core/index.ts';
import { percent } from '../lib/percent.ts';
import { hasChromium, launchChromium } from './chromium.ts';
import { AS_RECORDED, fiveSeconds, measure, percentile, table } from './measure.ts';

/** How often the model is loaded, each time with an empty cache, and a note classified. */
const LOADS = 3;
const NOTES = 20;
/** Seconds of live audio during which memory is watched; UNDERTONE_LIVE overrides it. */
const LIVE = 300;

/** Runs in the page: loads the library as the page does, and keeps it as `undertone`. */
const LOAD = `(async () => {
  const base = new URL('device/', document.baseURI);
  const { client } = await (await fetch(new URL('files.json', base))).json();
  const { load } = await import(new URL(client.path, base).href);
  window.undertone = await load({ base });
})()`;

/** Classification on the visitor's device, in Chromium: time to load, time of a note, memory, a long stream. */
export async function benchDevice(): Promise<void> {
  if (!hasChromium) {
    console.log('\nSkipped the device: Chromium is not installed.');
    return;
  }
  const server = await startServer({ port: 0, host: '127.0.0.1' });
  const browser = await launchChromium();
  try {
    await loading(browser, server.url);
    const page = await browser.newPage();
    await page.goto(server.url);
    const before = await memory(browser, page);
    await page.evaluate(LOAD);
    await note(page);
    const after = await memory(browser, page);
    console.log(
      `\nMemory of the page's process: ${before} MB without the model, ${after} MB with it after ${NOTES} notes`,
    );
    await live(browser, page);
  } finally {
    await browser.close();
    await server.close();
  }
}

async function loading(browser: Browser, url: string): Promise<void> {
  const times: number[] = [];
  for (let run = 0; run <= LOADS; run++) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(url);
    const start = performance.now();
    await page.evaluate(LOAD);
    // The first run warms up the server.
    if (run > 0) times.push(performance.now() - start);
    await context.close();
  }
  const load = percentile(times, 0.5);
  console.log(`\nLoading from the local server, empty cache: ${load.toFixed(0)} ms (median)`);
}

async function note(page: Page): Promise<void> {
  const bytes = fiveSeconds(...AS_RECORDED);
  const base64 = Buffer.from(bytes).toString('base64');
  const times = await page.evaluate<number[]>(`(async () => {
    const bytes = Uint8Array.from(atob('${base64}'), (c) => c.charCodeAt(0));
    const times = [];
    for (let run = 0; run < ${NOTES + 3}; run++) {
      const start = performance.now();
      await undertone.classify(bytes);
      times.push(performance.now() - start);
    }
    return times.slice(3);
  })()`);
  table('A note of five seconds in Ogg Opus, warm, median', [
    await measure('in Node, in this process', NOTES, () => classify(bytes), 3),
    { name: 'on the device, in Chromium', median: percentile(times, 0.5) },
  ]);
}

async function live(browser: Browser, page: Page): Promise<void> {
  const seconds = Math.max(60, Number(process.env.UNDERTONE_LIVE ?? LIVE));
  // Voice for a second, silence for another, over and over: pulses through no filter are voice enough.
  await page.evaluate(`{
    window.verdicts = 0;
    window.stream = undertone.listen({ sampleRate: 16000, onVerdict: () => verdicts++ });
    window.second = () => {
      const pcm = new Int16Array(16000);
      for (let i = 0; i < pcm.length; i++) pcm[i] = 8000 * Math.sin(i / 9) * (i % 128 < 32 ? 1 : 0.2);
      return pcm.buffer;
    };
    // As fast as it is classified: the next second is sent when the verdicts on this one are there.
    window.feed = async (count) => {
      for (let i = 0; i < count; i++) {
        const due = verdicts + 2;
        stream.push(second());
        const start = performance.now();
        while (verdicts < due && performance.now() - start < 1000) await new Promise((r) => setTimeout(r));
      }
    };
  }`);
  const samples: number[] = [];
  const step = Math.ceil(seconds / 20);
  const start = performance.now();
  for (let fed = 0; fed < seconds; fed += step) {
    await page.evaluate(`feed(${Math.min(step, seconds - fed)})`);
    samples.push(await memory(browser, page));
  }
  const took = (performance.now() - start) / 1000;
  const verdicts = await page.evaluate<number>('verdicts');
  await page.evaluate('stream.end()');
  const quarter = (n: number) => samples.slice((n - 1) * 5, n * 5).reduce((a, b) => a + b, 0) / 5;
  const growth = quarter(4) / quarter(2) - 1;
  console.log(
    `\n${seconds} s of live audio, ${(seconds / took).toFixed(1)}× real time: ${verdicts} verdicts`,
  );
  console.log(
    `  memory: start ${samples[0]} MB, end ${samples.at(-1)} MB, peak ${Math.max(...samples)} MB; last quarter against the second: ${percent(growth, { decimals: 1 })}`,
  );
}

/**
 * Returns the memory, in MB, of the process that the page and its worker run in: what is its own, and its
 * share of what it has in common with others, such as the program itself (PSS). NaN where the system does
 * not tell.
 */
async function memory(browser: Browser, page: Page): Promise<number> {
  const session: CDPSession = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  await session.detach();
  const system = await browser.newBrowserCDPSession();
  const { processInfo } = await system.send('SystemInfo.getProcessInfo');
  await system.detach();
  const renderers = processInfo.filter(({ type }) => type === 'renderer');
  return Math.max(...renderers.map(({ id }) => proportionalMegabytes(id)));
}

function proportionalMegabytes(pid: number): number {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return Math.round(Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1]) / 1024);
  } catch {
    return Number.NaN;
  }
}
