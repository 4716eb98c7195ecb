import { describe, expect, test } from 'vitest';
import { useTinyModel } from '../fixtures/model.ts';
import { canBrowse, useBrowser, visibleText } from './browser.ts';
import { LIGHT, NOTE, useVisit } from './visit.ts';

/** Milliseconds. */
const POLL = { timeout: 20_000, interval: 20 };

describe.skipIf(!canBrowse)('the microphone of the page', () => {
  useTinyModel({ favourite: 'surprised' });
  const visit = useVisit({ hasMicrophone: true });
  const withoutMicrophone = useBrowser();

  async function startRecording(): Promise<void> {
    await visit.page.getByRole('button', { name: 'Record' }).click();
    await visit.page.getByRole('button', { name: 'Stop and analyze' }).waitFor();
  }

  async function notice(): Promise<string> {
    const element = visit.page.locator('.notice:not(:empty)');
    await element.waitFor();
    return visibleText(element);
  }

  test('records, with meters that move, and hears the recording', async () => {
    await visit.open();
    const { page } = visit;
    await startRecording();
    // The panel takes the focus, and gives it back at the end.
    expect(await page.locator(':focus').innerText()).toBe('Stop and analyze');
    // The voice of the fake microphone pauses, and then there is neither brightness nor pitch.
    const loudness = page.getByRole('meter', { name: 'Loudness' });
    const brightness = page.getByRole('meter', { name: 'Brightness' });
    await expect.poll(() => loudness.textContent(), POLL).toMatch(/^−[1-3]?\d dB$/);
    await expect.poll(() => brightness.textContent(), POLL).toMatch(/^\d\.\d kHz$/);
    await page.locator('.wheel-note', { hasText: /^[A-G]♯?$/ }).waitFor();
    expect(await drawnShare('.passing')).toBeGreaterThan(0);
    await page.locator('.elapsed', { hasText: /0:0[1-9]/ }).waitFor();
    await page.getByRole('button', { name: 'Stop and analyze' }).click();
    const text = await visit.card('Recording', 'heard');
    expect(text).toMatch(/^Recording \d\d\.\d\d\.\d\d\.webm\s+\d:\d\d/);
    expect(text).toMatch(/Surprised\n+70% sure/);
    expect(await page.locator(':focus').getAttribute('id')).toBe('record');
    // What was recorded nowhere else can be kept.
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: /^Save: Recording/ }).click();
    expect((await saved).suggestedFilename()).toMatch(/^Recording .*\.webm$/);
    await page.locator('.wave').scrollIntoViewIfNeeded();
    await page.locator('[data-ready]').waitFor();
    expect(visit.complaints).toEqual([]);
  });

  /** Whether anything is drawn on a canvas: the share of its points that are not transparent. */
  function drawnShare(selector: string): Promise<number> {
    return visit.page.evaluate(`(() => {
      const canvas = document.querySelector('${selector}');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, i) => i % 4 === 3 && value > 0).length / data.length;
    })()`);
  }

  test('a recording can be thrown away', async () => {
    await visit.open();
    await startRecording();
    await visit.page.getByRole('button', { name: 'Discard' }).click();
    await visit.page.getByRole('button', { name: 'Record' }).waitFor();
    expect(await visit.page.locator('.card').count()).toBe(0);
  });

  test('an empty recording is told', async () => {
    await visit.open();
    await visit.page.evaluate(`{
      // Stopped before the first sound: quicker than any hand.
      const stop = document.querySelector('[data-panel=recording] .stop');
      new MutationObserver(() => stop.click()).observe(document.querySelector('.stage'), { attributes: true });
    }`);
    await visit.page.getByRole('button', { name: 'Record' }).click();
    expect(await notice()).toMatch(/too short: nothing was recorded/);
    expect(await visit.page.locator('.card').count()).toBe(0);
  });

  test('a recording ends at the longest note that the API takes', async () => {
    await visit.open();
    const { page } = visit;
    await page.clock.install();
    await startRecording();
    // Something to classify: on a busy machine the microphone begins late.
    await page.locator('.elapsed', { hasText: /0:0[1-9]/ }).waitFor();
    await page.clock.fastForward('05:00');
    expect(await notice()).toMatch(/^Notes can be five minutes long at most/);
    await page.clock.resume();
    expect(await visit.card('Recording', 'heard')).toContain('Recording');
  });

  test('leaving in the middle of a recording is asked about first', async () => {
    await visit.open();
    const { page } = visit;
    await startRecording();
    const asked = page.waitForEvent('dialog');
    await page.close({ runBeforeUnload: true });
    const dialog = await asked;
    expect(dialog.type()).toBe('beforeunload');
    await dialog.dismiss();
    await page.waitForTimeout(500);
    await page.getByRole('button', { name: 'Stop and analyze' }).click();
    await visit.card('Recording', 'heard');
    let isAsked = false;
    page.on('dialog', (second) => {
      isAsked = true;
      return second.accept();
    });
    await page.reload();
    expect(isAsked).toBe(false);
  });

  test('of two tabs, one can record', async () => {
    await visit.open();
    await startRecording();
    const other = await visit.page.context().newPage();
    await other.goto(visit.server.url);
    await other.getByRole('button', { name: 'Record' }).click();
    await other.getByText('Another tab of this page is already recording').waitFor();
    await visit.page.bringToFront();
    await visit.page.getByRole('button', { name: 'Discard' }).click();
    await visit.page.getByRole('button', { name: 'Record' }).waitFor();
    await other.bringToFront();
    await other.getByRole('button', { name: 'Record' }).click();
    await other.getByRole('button', { name: 'Stop and analyze' }).waitFor();
  });

  test('a microphone that is refused is told, and the page stays usable', async () => {
    await visit.open({ ...LIGHT, isDenied: true });
    await visit.page.getByRole('button', { name: 'Record' }).click();
    expect(await notice()).toMatch(/^The microphone was blocked\. Allow it/);
    await visit.choose(NOTE);
    await visit.card('note.wav', 'heard');
  });

  test('a microphone that is taken by another program is told', async () => {
    await visit.open();
    // No second program can take the file that plays as the microphone.
    await visit.page.evaluate(`navigator.mediaDevices.getUserMedia = () =>
      Promise.reject(new DOMException('Could not start audio source', 'NotReadableError'))`);
    await visit.page.getByRole('button', { name: 'Record' }).click();
    expect(await notice()).toMatch(/another program may be using it/);
  });

  test('a microphone that is not there is told; so is an address that is not safe', async () => {
    const context = await withoutMicrophone().newContext({ permissions: ['microphone'] });
    const page = await context.newPage();
    await page.goto(visit.server.url);
    await page.getByRole('button', { name: 'Record' }).click();
    await page.getByText('No microphone was found. Plug one in').waitFor();
    // As somebody else's machine sees a server that was started with --host and without https.
    await page.route('http://undertone.example/**', async (route) => {
      const { pathname } = new URL(route.request().url());
      // The server closes a connection that was idle for 5 s, which may be the one that is used again.
      const response = await route.fetch({ url: visit.server.url + pathname, maxRetries: 2 });
      await route.fulfill({ response });
    });
    await page.goto('http://undertone.example/');
    await page.getByText('Browsers only let a page record at a secure address').waitFor();
    expect(await page.getByRole('button', { name: 'Record' }).isDisabled()).toBe(true);
    await page.locator('#file').setInputFiles(NOTE);
    // Not any earlier: a request that is under way when its page closes fails.
    await page.locator('[data-state=heard]').waitFor();
    await page.unrouteAll({ behavior: 'wait' });
    await context.close();
  });

  describe('live', () => {
    test('shows what it hears while somebody speaks, and a summary at the end', async () => {
      await visit.open();
      const { page } = visit;
      await page.getByRole('button', { name: 'Listen live' }).click();
      await page.locator('.live-word', { hasText: 'Surprised' }).waitFor();
      expect(await visibleText(page.locator('.live-sure'))).toBe('70% sure');
      expect(await visibleText(page.locator('.live-bars .is-lit'))).toMatch(/^surprised\s+70%$/);
      expect(await page.locator('.live-chart [data-emotion=surprised]').count()).toBeGreaterThan(0);
      const level = page.getByRole('meter', { name: 'Loudness' });
      expect(await level.textContent()).toMatch(/^(−\d+ dB|quiet)$/);
      await page.locator('[data-panel=live] .stop').click();
      expect(await notice()).toMatch(
        /^Listened live for 0:\d\d\. Of the speech: 100% surprised\.$/,
      );
      expect(await page.locator(':focus').getAttribute('id')).toBe('live');
      expect(visit.complaints).toEqual([]);
    });

    test('a server without a stream is told, before anybody is asked for a microphone', async () => {
      await visit.open();
      await visit.page.routeWebSocket('**/v1/live', (socket) => socket.close());
      await visit.page.getByRole('button', { name: 'Listen live' }).click();
      expect(await notice()).toMatch(/^This server has no live stream\. Record a note instead/);
      await startRecording();
    });

    test('a stream that breaks is told', async () => {
      await visit.open();
      await visit.page.routeWebSocket('**/v1/live', (socket) => {
        const server = socket.connectToServer();
        let count = 0;
        socket.onMessage((message) => {
          server.send(message);
          if (++count === 20) socket.close({ code: 1011 });
        });
      });
      await visit.page.getByRole('button', { name: 'Listen live' }).click();
      expect(await notice()).toMatch(/^The connection to the server was lost/);
    });
  });
});
