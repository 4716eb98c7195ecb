import type { Route } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { useTinyModel } from '../fixtures/model.ts';
import { canBrowse, visibleText } from './browser.ts';
import { file, NOTE, useVisit } from './visit.ts';

describe.skipIf(!canBrowse)('while the page is loading', () => {
  useTinyModel({ favourite: 'surprised' });
  const visit = useVisit({ hasMicrophone: true });

  /** Opens the page and holds one of its files back; returns what lets it come. */
  async function openWithout(name: string): Promise<() => Promise<void>> {
    await visit.open();
    const { page } = visit;
    let isAskedFor = (_: Route) => {};
    const held = new Promise<Route>((resolve) => {
      isAskedFor = resolve;
    });
    await page.route(`**/${name}`, (route) => isAskedFor(route));
    await page.reload({ waitUntil: 'commit' });
    await page.getByRole('heading', { name: 'Undertone' }).waitFor();
    const route = await held;
    return () => route.continue();
  }

  test('it shows as it will look, before any other file has come', async () => {
    const letCome = await openWithout('start.js');
    const { page } = visit;
    const before = await page.locator('#record').boundingBox();
    expect(before?.width).toBe(132);
    await letCome();
    await page.locator('[data-figures=shown]').waitFor();
    expect(await page.locator('#record').boundingBox()).toEqual(before);
    expect(visit.complaints).toEqual([]);
  });

  test('a recording that was asked for begins when it can', async () => {
    const letCome = await openWithout('app.js');
    const { page } = visit;
    await page.getByRole('button', { name: 'Record' }).click();
    await letCome();
    await page.getByRole('button', { name: 'Stop and analyze' }).waitFor();
    await page.locator('.elapsed', { hasText: /0:0[1-9]/ }).waitFor();
    await page.getByRole('button', { name: 'Stop and analyze' }).click();
    expect(await visit.card('Recording', 'heard')).toContain('Surprised');
  });

  test('files that were chosen and dropped are heard when they can be', async () => {
    const letCome = await openWithout('app.js');
    await visit.choose(NOTE);
    await visit.drop(file('dropped.wav', NOTE.buffer));
    await letCome();
    await visit.card('note.wav', 'heard');
    await visit.card('dropped.wav', 'heard');
  });

  test('a file that was chosen before any script ran is heard', async () => {
    const letCome = await openWithout('start.js');
    await visit.choose(NOTE);
    await letCome();
    await visit.card('note.wav', 'heard');
  });

  test.each([
    'app.js',
    'styles/answers.css',
  ])('without %s it says that it is not whole', async (name) => {
    await visit.open();
    const { page } = visit;
    await page.route(`**/${name}`, (route) => route.abort());
    await page.reload();
    const notice = page.locator('.notice:not(:empty)');
    await notice.waitFor();
    expect(await visibleText(notice)).toMatch(/^The rest of this page could not be loaded/);
  });
});
