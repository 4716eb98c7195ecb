import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { useTinyModel } from '../fixtures/model.ts';
import { canBrowse } from './browser.ts';
import { DARK, file, LETTER, LIGHT, LONG, NOTE, PHONE, QUIET, useVisit } from './visit.ts';

/** Bytes that the whole page may have, gzipped. */
const MOST_BYTES = 150 * 1024;

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

describe.skipIf(!canBrowse)('how the page looks', () => {
  useTinyModel({ favourite: 'surprised' });
  const visit = useVisit({ hasMicrophone: true });

  /** Asks axe about all that shows now. It is evaluated: the page's policy takes no foreign script. */
  async function violations(state: string): Promise<string[]> {
    const { page } = visit;
    if (!(await page.evaluate<boolean>(`'axe' in window`))) {
      await page.evaluate(await readFile(AXE, 'utf8'));
    }
    return page.evaluate<
      string[]
    >(`axe.run({ resultTypes: ['violations'] }).then(({ violations }) =>
      violations.flatMap(({ id, help, nodes }) =>
        nodes.map(({ target }) => '${state}: ' + id + ', ' + help + ': ' + target.join(' '))))`);
  }

  test.each([
    ['light', LIGHT],
    ['dark', DARK],
    ['phone', PHONE],
  ])('axe finds nothing in any state, %s', async (_, options) => {
    // Without motion: animations would be looked at half-way.
    await visit.open(options);
    const { page } = visit;
    const found = await violations('empty');
    await page.getByRole('button', { name: 'Record' }).click();
    await page.getByRole('button', { name: 'Stop and analyze' }).waitFor();
    found.push(...(await violations('recording')));
    await page.getByRole('button', { name: 'Discard' }).click();
    await page.getByRole('button', { name: 'Listen live' }).click();
    await page.locator('.live-chart [data-emotion=surprised]').first().waitFor();
    found.push(...(await violations('live')));
    await page.locator('[data-panel=live] .stop').click();
    await page.locator('.notice:not(:empty)').waitFor();
    await page.route('**/v1/emotion', () => {});
    await visit.choose(LONG);
    await page.locator('[data-state=listening]').waitFor();
    found.push(...(await violations('listening')));
    await page.getByRole('button', { name: 'Cancel: long.wav' }).click();
    await page.unroute('**/v1/emotion');
    found.push(...(await violations('cancelled')));
    await page.getByRole('button', { name: 'Try again: long.wav' }).click();
    await visit.card('long.wav', 'heard');
    await page.getByText('See what it hears').click();
    await page.locator('[data-state=done]').waitFor();
    await page.getByRole('button', { name: 'Play' }).click();
    await page.locator('.stretch.is-lit').waitFor();
    found.push(...(await violations('playing')));
    await page.locator('.wave').focus();
    await visit.choose(NOTE, QUIET, LETTER);
    await visit.card('letter.txt', 'failed');
    found.push(...(await violations('table')));
    await page.getByLabel('Analyze on this device').check();
    await page.locator('.device-words', { hasText: /^Ready/ }).waitFor();
    found.push(...(await violations('on this device')));
    expect(found).toEqual([]);
  });

  test('axe finds nothing in what is sent to a storage that takes its time', async () => {
    await visit.open(PHONE);
    const { page } = visit;
    const upload = { url: `${visit.server.url}/storage`, fields: {} };
    await page.route('**/limits.json', (route) => route.fulfill({ json: { maxCallBytes: 0 } }));
    await page.route('**/v1/uploads', (route) => route.fulfill({ json: { id: 'id', upload } }));
    await page.route(upload.url, () => {});
    await visit.choose(file('large.wav', Buffer.alloc(5_000_000)));
    await page.getByRole('progressbar', { name: 'Sending large.wav' }).waitFor();
    expect(await violations('sending')).toEqual([]);
  });

  test('fits a phone without scrolling sideways, and a finger', async () => {
    await visit.open(PHONE);
    const { page } = visit;
    await visit.choose(LONG, LETTER);
    await visit.card('letter.txt', 'failed');
    const widths = await page.evaluate('[document.documentElement.scrollWidth, innerWidth]');
    expect(widths).toEqual([360, 360]);
    for (const box of await page.locator('button:visible').all()) {
      const { width = 0, height = 0 } = (await box.boundingBox()) ?? {};
      expect(Math.min(width, height)).toBeGreaterThanOrEqual(24);
    }
  });

  test('nothing moves by itself for those who asked for less motion', async () => {
    await visit.open({ ...LIGHT, reducedMotion: 'reduce' });
    await visit.page.getByRole('button', { name: 'Record' }).click();
    await visit.page.getByRole('button', { name: 'Stop and analyze' }).waitFor();
    await visit.choose(NOTE);
    await visit.card('note.wav', 'heard');
    expect(await visit.page.evaluate('document.getAnimations().length')).toBe(0);
    await visit.page.emulateMedia({ reducedMotion: 'no-preference' });
    expect(await visit.page.evaluate('document.getAnimations().length')).toBeGreaterThan(0);
  });

  test('nothing jumps: not while it loads, and not when an answer comes', async () => {
    await visit.open({ ...LIGHT, reducedMotion: 'no-preference' });
    const { page } = visit;
    await page.addInitScript(`
      window.shifts = [];
      new PerformanceObserver((list) => {
        for (const { value, sources } of list.getEntries()) {
          window.shifts.push({ value, nodes: sources.map(({ node }) => node?.className) });
        }
      }).observe({ type: 'layout-shift', buffered: true });
    `);
    await page.reload();
    await page.locator('[data-figures=shown]').waitFor();
    await page.getByRole('button', { name: 'Record' }).click();
    await page.locator('.elapsed', { hasText: /0:0[1-9]/ }).waitFor();
    await page.getByRole('button', { name: 'Stop and analyze' }).click();
    await visit.card('Recording', 'heard');
    await page.locator('[data-ready]').waitFor();
    const shifts = await page.evaluate<{ value: number }[]>('window.shifts');
    const sum = shifts.reduce((total, { value }) => total + value, 0);
    expect(sum, JSON.stringify(shifts)).toBeLessThan(0.01);
  });

  test('all that it can load is light', async () => {
    await visit.open();
    const { page } = visit;
    const loaded = new Map<string, Promise<Buffer>>();
    page.on('response', (response) => {
      const { origin, protocol, pathname } = new URL(response.url());
      const isPage = origin === visit.server.url && protocol === 'http:';
      if (isPage && !pathname.startsWith('/v1/')) loaded.set(pathname, response.body());
    });
    await page.reload();
    await page.locator('[data-figures]').waitFor();
    await page.getByRole('button', { name: 'Listen live' }).click();
    await page.locator('.live-chart [data-emotion]').first().waitFor();
    await page.locator('[data-panel=live] .stop').click();
    await visit.choose(NOTE);
    await visit.card('note.wav', 'heard');
    await page.getByText('See what it hears').click();
    await page.locator('[data-state=done]').waitFor();
    // Playwright does not always report the files of worklets and workers.
    for (const part of ['live/pcm.js', 'sound/worker.js']) {
      const response = await page.request.get(`${visit.server.url}/${part}`);
      loaded.set(`/${part}`, response.body());
    }
    expect([...loaded.keys()]).toEqual(
      expect.arrayContaining(['/', '/app.js', '/vendor/meyda.min.js', '/sound/inspect.js']),
    );
    let bytes = 0;
    for (const body of loaded.values()) bytes += gzipSync(await body).length;
    console.log(`The page: ${loaded.size} files, ${(bytes / 1024).toFixed(1)} KiB gzipped.`);
    expect(bytes).toBeLessThan(MOST_BYTES);
    const style = await page.request.get(`${visit.server.url}/styles/answers.css`);
    expect(style.headers()['content-encoding']).toBe('gzip');
  });
});
