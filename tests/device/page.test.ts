import type { Page, Request } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { startServer } from '../../cli/serve/server.ts';
import { useTinyModel } from '../fixtures/model.ts';
import { canBrowse, visibleText } from '../web/browser.ts';
import { LETTER, LIGHT, LONG, NOTE, useVisit } from '../web/visit.ts';

describe.skipIf(!canBrowse)('the page, analyzing on this device', () => {
  useTinyModel({ favourite: 'surprised', sensitivity: 0.3 });
  const visit = useVisit({ hasMicrophone: true });

  const onSwitch = (page = visit.page) => page.getByLabel('Analyze on this device');
  const words = (page = visit.page) => visibleText(page.locator('.device-words'));

  async function turnOn(page = visit.page): Promise<void> {
    await onSwitch(page).check();
    await page.locator('.device-words', { hasText: /works without a network\.$/ }).waitFor();
  }

  /** What the page sends from now on: everything but requests for files. */
  function sent(page: Page): string[] {
    const found: string[] = [];
    const note = (request: Request) => {
      if (request.method() !== 'GET' || request.postData() !== null) found.push(request.url());
    };
    page.context().on('request', note);
    page.on('websocket', (socket) => found.push(socket.url()));
    return found;
  }

  test('loads nothing for it before the switch is turned on', async () => {
    await visit.open();
    const { page } = visit;
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await visit.choose(NOTE);
    await visit.card('note.wav', 'heard');
    expect(asked.filter((path) => /device\/|\.wasm|\.onnx/.test(path))).toEqual([]);
    expect(await words()).toMatch(/nothing you record or choose leaves it/);
    expect(await page.evaluate('localStorage.length')).toBe(0);
  });

  test('works with the network unplugged, and no request carries sound', async () => {
    await visit.open();
    const { page } = visit;
    const requests = sent(page);
    await turnOn();
    await page.context().setOffline(true);
    await visit.choose(LONG, NOTE, LETTER);
    expect(await visit.card('letter.txt', 'failed')).toMatch(/text, not a recording/);
    expect(await visit.card('note.wav', 'heard')).toContain('Surprised');
    const long = page.locator('[data-state=heard]', { hasText: 'long.wav' });
    expect(await long.locator('.stretch').count()).toBeGreaterThan(1);
    expect(await page.locator('#table tbody tr').count()).toBe(3);
    await page.getByRole('button', { name: 'Listen live' }).click();
    await page.locator('.live-chart [data-emotion=surprised]').first().waitFor();
    await page.locator('[data-panel=live] .stop').click();
    await page.locator('.notice', { hasText: /^Listened live.*surprised/ }).waitFor();
    expect(requests).toEqual([]);
    expect(visit.complaints).toEqual([]);
  });

  test('the same recording has the same probabilities here and on the server', async () => {
    await visit.open();
    await visit.choose(LONG);
    const shown = () => visit.page.locator('.bars li').allInnerTexts();
    await visit.card('long.wav', 'heard');
    const there = await shown();
    await visit.page.getByRole('button', { name: 'Remove: long.wav' }).click();
    await turnOn();
    await visit.choose(LONG);
    await visit.card('long.wav', 'heard');
    expect(await shown()).toEqual(there);
  });

  test('remembers the switch, works without a server then, and forgets all when it is off', async () => {
    await visit.open();
    const { page } = visit;
    // A server of its own, which goes away.
    const gone = await startServer({ port: 0, host: '127.0.0.1' });
    await page.goto(gone.url);
    await turnOn();
    await page.evaluate('navigator.serviceWorker.ready');
    await gone.close();
    await page.reload();
    expect(await onSwitch().isChecked()).toBe(true);
    await visit.choose(NOTE);
    expect(await visit.card('note.wav', 'heard')).toContain('Surprised');
    await page.locator('[data-figures=shown]').waitFor();
    await page.getByText('See what it hears').click();
    await page.locator('[data-state=done]').waitFor();
    await onSwitch().uncheck();
    await page.waitForFunction('caches.keys().then((names) => names.length === 0)');
    expect(await page.evaluate('localStorage.length')).toBe(0);
    const [worker] = await page.evaluate<unknown[]>('navigator.serviceWorker.getRegistrations()');
    expect(worker).toBeUndefined();
  });

  test('can be installed', async () => {
    await visit.open();
    const { page } = visit;
    const session = await page.context().newCDPSession(page);
    const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
    expect(installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito')).toEqual([]);
  });

  test('two tabs both answer', async () => {
    await visit.open();
    await turnOn();
    const second = await visit.page.context().newPage();
    await second.goto(visit.server.url);
    await second.locator('#file').setInputFiles([NOTE]);
    await second.locator('[data-state=heard]').waitFor();
    await visit.choose(NOTE);
    expect(await visit.card('note.wav', 'heard')).toContain('Surprised');
  });

  describe('when it cannot', () => {
    /** Runs in the worker, before everything else. */
    const withPrelude = async (script: string) => {
      await visit.page.route('**/worker-*.js', async (route) => {
        const response = await route.fetch({ maxRetries: 2 });
        await route.fulfill({ response, body: `${script};${await response.text()}` });
      });
    };

    test.each<[string, () => Promise<unknown>, RegExp, string]>([
      [
        'has no WebAssembly',
        () => withPrelude('delete self.WebAssembly'),
        /This browser cannot analyze on this device: it has no WebAssembly/,
        'wasm-unavailable',
      ],
      [
        'refuses memory',
        () =>
          withPrelude(
            "WebAssembly.Memory = function () { throw new RangeError('WebAssembly.Memory(): could not allocate memory') }",
          ),
        /This device has too little free memory/,
        'memory-insufficient',
      ],
      [
        'loses the connection',
        () => visit.page.route('**/*.wasm', (route) => route.abort('connectionreset')),
        /could not be loaded completely.*Try again\./,
        'download-incomplete',
      ],
      [
        'gets half of the model',
        () =>
          visit.page.route('**/*.onnx', async (route) => {
            const response = await route.fetch({ maxRetries: 2 });
            const body = await response.body();
            await route.fulfill({ response, body: body.subarray(0, body.length / 2) });
          }),
        /could not be loaded completely/,
        'download-incomplete',
      ],
      [
        'gets another model',
        () =>
          visit.page.route('**/*.onnx', async (route) => {
            const response = await route.fetch({ maxRetries: 2 });
            const body = await response.body();
            body[body.length >> 1] ^= 1;
            await route.fulfill({ response, body });
          }),
        /emotion\.onnx is not the file that its card describes/,
        'model-invalid',
      ],
      [
        'gets nothing at all',
        () => visit.page.route('**/device/*', (route) => route.abort()),
        /could not be loaded: the server is not responding/,
        'download-incomplete',
      ],
    ])('%s, it says so, and offers the server', async (_, prepare, sentence, code) => {
      await visit.open({ ...LIGHT, serviceWorkers: 'block' });
      const { page } = visit;
      await prepare();
      await onSwitch().check();
      await visit.choose(NOTE);
      const text = await visit.card('note.wav', 'failed');
      expect(text).toMatch(sentence);
      expect(text).toContain(code);
      expect(await words()).toMatch(/Or turn this off and use the server\.$/);
      await page.getByRole('button', { name: 'Use the server: note.wav' }).click();
      expect(await visit.card('note.wav', 'heard')).toContain('Surprised');
    });

    test('could not load, the next try can', async () => {
      await visit.open({ ...LIGHT, serviceWorkers: 'block' });
      const { page } = visit;
      await page.route('**/*.wasm', (route) => route.abort());
      await onSwitch().check();
      await visit.choose(NOTE);
      await visit.card('note.wav', 'failed');
      await page.unroute('**/*.wasm');
      await page.getByRole('button', { name: 'Try again: note.wav' }).click();
      expect(await visit.card('note.wav', 'heard')).toContain('Surprised');
      expect(await words()).toMatch(/^Ready/);
    });
  });
});
