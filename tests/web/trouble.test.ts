import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Route } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { EMOTIONS, MAX_BYTES, MAX_SECONDS } from '../../core/index.ts';
import { voiceLike, wavFile } from '../fixtures/audio.ts';
import { ffmpeg, hasFfmpeg } from '../fixtures/encode.ts';
import { useTinyModel } from '../fixtures/model.ts';
import { canBrowse, visibleText } from './browser.ts';
import { file, NOTE, QUIET, useVisit } from './visit.ts';

describe.skipIf(!canBrowse)('the page in trouble', () => {
  useTinyModel({ favourite: 'surprised' });
  const visit = useVisit();

  /** Lets each recording be answered as the test says. */
  const answer = (reply: (route: Route) => unknown) => visit.page.route('**/v1/emotion', reply);

  test('a device that is offline is told, and tries again', async () => {
    await visit.open();
    await visit.page.context().setOffline(true);
    await visit.choose(NOTE);
    expect(await visit.card('note.wav', 'failed')).toContain('this device is offline');
    await visit.page.context().setOffline(false);
    await visit.page.getByRole('button', { name: 'Try again: note.wav' }).click();
    expect(await visit.card('note.wav', 'heard')).toContain('Surprised');
  });

  test('a server that is away is told', async () => {
    await visit.open();
    await answer((route) => route.abort('connectionrefused'));
    await visit.choose(NOTE);
    expect(await visit.card('note.wav', 'failed')).toMatch(
      /the server is not responding\. .*Nothing is lost; try again\.\n+unreachable$/,
    );
  });

  test('what is no answer of the API is told as that', async () => {
    await visit.open();
    const replies = [
      [{ contentType: 'text/html', body: '<h1>Sign in</h1>' }, 'a web page', 200],
      [{ status: 502, body: '' }, 'nothing', 502],
      [{ contentType: 'application/json', body: '{"emotion":' }, 'something', 200],
      [{ json: { hello: 'world' } }, 'JSON', 200],
    ] as const;
    for (const [i, [reply, kind, status]] of replies.entries()) {
      await visit.page.unroute('**/v1/emotion');
      await answer((route) => route.fulfill(reply));
      await visit.choose(file(`${i}.wav`, NOTE.buffer));
      const text = await visit.card(`${i}.wav`, 'failed');
      expect(text).toContain(`The server sent ${kind} instead of an answer (status ${status})`);
      expect(text).toMatch(/not-an-answer$/);
    }
    await visit.page.unroute('**/v1/emotion');
    await visit.page.getByRole('button', { name: 'Try again: 0.wav' }).click();
    await visit.card('0.wav', 'heard');
  });

  test('a slow answer can be waited for, or cancelled and asked for again', async () => {
    await visit.open();
    const { page } = visit;
    await page.clock.install();
    let isSlow = true;
    await answer((route) => (isSlow ? undefined : route.continue()));
    await visit.choose(NOTE, QUIET);
    await page.locator('[data-state=listening]', { hasText: 'note.wav' }).waitFor();
    await page.clock.fastForward('00:09');
    await page.getByText('Still listening').waitFor();
    await page.getByRole('button', { name: 'Cancel: note.wav' }).click();
    expect(await visit.card('note.wav', 'cancelled')).toContain('Cancelled');
    expect(await page.locator(':focus').getAttribute('aria-label')).toBe('Try again: note.wav');
    // The next one is not held up by it, and can be cancelled as well.
    await page.locator('[data-state=listening]', { hasText: 'quiet.wav' }).waitFor();
    await page.getByRole('button', { name: 'Cancel: quiet.wav' }).click();
    isSlow = false;
    await page.getByRole('button', { name: 'Try again: note.wav' }).click();
    await visit.card('note.wav', 'heard');
  });

  test('a card that is removed while it waits is not sent', async () => {
    await visit.open();
    let sent = 0;
    await answer(async (route) => {
      sent++;
      if (sent === 1) await visit.page.getByRole('button', { name: 'Remove: quiet.wav' }).click();
      await route.continue();
    });
    await visit.choose(NOTE, QUIET, file('last.wav', NOTE.buffer));
    await visit.card('last.wav', 'heard');
    expect(sent).toBe(2);
  });

  test('a file of 2 GiB is refused before it is sent', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'undertone-large-'));
    const path = join(folder, 'film.wav');
    await writeFile(path, '');
    // A hole: it takes no room on the disk.
    await truncate(path, 2 * 1024 ** 3);
    await visit.open();
    let sent = 0;
    await answer((route) => {
      sent++;
      return route.continue();
    });
    await visit.page.locator('#file').setInputFiles(path);
    expect(await visit.card('film.wav', 'failed')).toMatch(
      /This file has 2 GiB and was not sent: the limit is 25 MiB\..*\n+audio-too-large$/,
    );
    expect(sent).toBe(0);
    // Another try would end the same way.
    expect(await visit.page.getByRole('button', { name: 'Try again' }).isVisible()).toBe(false);
    await rm(folder, { recursive: true });
  });

  test('the page has the limits and the emotions of the API', async () => {
    await visit.open();
    const limits = await visit.page.evaluate(`import('/api.js').then((all) => ({ ...all }))`);
    expect(limits).toMatchObject({ MAX_BYTES, MAX_SECONDS });
    // Here one call takes all of it.
    const here = await visit.page.evaluate(`fetch('/limits.json').then((answer) => answer.json())`);
    expect(here).toEqual({ maxCallBytes: MAX_BYTES });
    const emotions = await visit.page.evaluate(`import('/words.js').then((all) => all.EMOTIONS)`);
    expect(emotions).toEqual(EMOTIONS);
  });

  test.skipIf(!hasFfmpeg)('the sound of a video is heard; one without sound is told', async () => {
    const picture = ['-f', 'lavfi', '-i', 'color=gray:s=64x64:d=2'];
    const voice = wavFile(voiceLike({ seconds: 2 }));
    const film = ffmpeg([...picture, '-i', 'IN.wav', '-shortest', 'OUT.mp4'], voice, 'OUT.mp4');
    const mute = ffmpeg([...picture, 'OUT.mp4'], voice, 'OUT.mp4');
    await visit.open();
    await visit.choose(file('film.mp4', film), file('mute.mp4', mute));
    expect(await visit.card('film.mp4', 'heard')).toContain('Surprised');
    expect(await visit.card('mute.mp4', 'failed')).toMatch(/audio-unreadable/);
  });

  test('what this browser cannot play is heard all the same', async () => {
    await visit.open();
    // AMR cannot be made here; what the API makes of it is another test's.
    await answer((route) => route.continue({ postData: NOTE.buffer }));
    await visit.choose(file('note.amr', Buffer.from('#!AMR\n')));
    await visit.card('note.amr', 'heard');
    await visit.page.getByText('this browser cannot play this format').scrollIntoViewIfNeeded();
    await visit.page.getByText('See what it hears').click();
    await visit.page.getByText('This browser cannot decode this format').waitFor();
  });

  test('a part of the page that cannot be loaded is told, and loads later', async () => {
    await visit.open();
    await visit.choose(NOTE);
    await visit.card('note.wav', 'heard');
    await visit.page.context().setOffline(true);
    await visit.page.getByText('See what it hears').click();
    await visit.page.getByText('This part of the page could not be loaded').waitFor();
    await visit.page.context().setOffline(false);
    await visit.page.getByText('See what it hears').click();
    await visit.page.getByText('See what it hears').click();
    await visit.page.getByText('Spectral contrast').waitFor();
    expect(await visibleText(visit.page.locator('.inspect-body'))).toContain('MFCC');
  });
});
