import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../cli/serve/server.ts';
import { EMOTIONS, type Verdict } from '../../core/index.ts';
import { ROOT } from '../../lib/root.ts';
import { voiceLike, wavFile } from '../fixtures/audio.ts';
import { encode, hasFfmpeg } from '../fixtures/encode.ts';
import { canBrowse, useBrowser } from '../web/browser.ts';
import { PHONE } from '../web/visit.ts';

/** The most by which a probability may differ from the server's. */
const TOLERANCE = 0.005;

/** Runs in the page: classifies bytes with the library that the build makes of device/browser/. */
const CLASSIFY = `async (base64) => {
  const base = new URL('device/', document.baseURI);
  window.undertone ??= (async () => {
    const { client } = await (await fetch(new URL('files.json', base))).json();
    const { load } = await import(new URL(client.path, base).href);
    return load({ base });
  })();
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  try {
    return await (await window.undertone).classify(bytes);
  } catch ({ name, code, message }) {
    return { name, code, message };
  }
}`;

describe.skipIf(!canBrowse)('the library for browsers', () => {
  // The shipped model, and nothing of the tests: what runs is what npm run build wrote.
  let server: RunningServer;
  const browser = useBrowser();
  /** One for all tests, which loads the model once. */
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    server = await startServer({ port: 0, host: '127.0.0.1' });
    page = await browser().newPage();
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('console', (message) => complaints.push(message.text()));
    await page.goto(server.url);
  });

  afterAll(async () => {
    await page?.context().close();
    await server?.close();
  });

  async function onDevice<Answer = Verdict>(bytes: Uint8Array): Promise<Answer> {
    const base64 = Buffer.from(bytes).toString('base64');
    return page.evaluate<Answer>(`(${CLASSIFY})('${base64}')`);
  }

  async function onServer<Answer = Verdict>(bytes: Uint8Array): Promise<Answer> {
    const body = new Uint8Array(bytes);
    const response = await fetch(`${server.url}/v1/emotion`, { method: 'POST', body });
    return (await response.json()) as Answer;
  }

  function expectAlike(here: Verdict, there: Verdict, tolerance = TOLERANCE): void {
    for (const emotion of EMOTIONS) {
      const [a, b] = [here, there].map(({ probabilities }) => probabilities?.[emotion] ?? -1);
      expect(Math.abs(a - b), `${emotion}: ${a} and ${b}`).toBeLessThan(tolerance);
    }
    expect(here.emotion).toBe(there.emotion);
    expect(here.sequence).toEqual(there.sequence);
    expect(here.timeline?.map(({ emotion }) => emotion)).toEqual(
      there.timeline?.map(({ emotion }) => emotion),
    );
    expect(Math.abs(here.duration - there.duration)).toBeLessThan(0.1);
    expect(here.model).toEqual(there.model);
  }

  test('answers as the server does about what the core decodes: Opus, WAV', async () => {
    const stereo = wavFile(voiceLike({ seconds: 3, sampleRate: 44_100 }), { sampleRate: 44_100 });
    for (const bytes of [await readFile(join(ROOT, 'samples', 'long.ogg')), stereo]) {
      expectAlike(await onDevice(bytes), await onServer(bytes));
    }
    const noise = await readFile(join(ROOT, 'samples', 'noise.ogg'));
    expect(await onDevice(noise)).toEqual(await onServer(noise));
    expect(complaints).toEqual([]);
  });

  const voice = { seconds: 3, sampleRate: 44_100 };
  test.skipIf(!hasFfmpeg).each([
    ['flac', []],
    ['mp3', ['-b:a', '64k']],
    ['m4a', ['-ac', '2']],
    ['m4a', ['-ar', '16000', '-b:a', '32k']],
    ['webm', ['-c:a', 'libvorbis']],
  ])('answers as the server does about %s with %j', async (extension, options) => {
    const bytes = encode(wavFile(voiceLike(voice), voice), extension, options);
    const isDecodedByBrowser = extension === 'm4a' || extension === 'webm';
    const tolerance = isDecodedByBrowser ? 2 * TOLERANCE : TOLERANCE;
    expectAlike(await onDevice(bytes), await onServer(bytes), tolerance);
  });

  test.each([
    ['nothing', new Uint8Array()],
    ['a letter', Buffer.from('Dear friend')],
    ['a damaged WAV', wavFile(voiceLike({ seconds: 1 })).subarray(0, 40)],
  ])('refuses %s with the code of the server', async (_, bytes) => {
    const { code } = await onServer<{ code: string }>(bytes);
    expect(await onDevice(bytes)).toMatchObject({ name: 'UndertoneError', code });
  });

  test('says of what this browser cannot decode what it takes', async () => {
    const mp4 = Buffer.concat([
      Buffer.from('\0\0\0\x18ftypM4A \0\0\0\0M4A mp42'),
      Buffer.alloc(64),
    ]);
    expect(await onDevice(mp4)).toMatchObject({
      code: 'audio-unreadable',
      message: expect.stringMatching(/^This browser cannot decode this mp4 file.*WAV/),
    });
  });

  test.skipIf(!hasFfmpeg)('refuses hours in a small file before they are decoded', async () => {
    const hour = wavFile(new Float32Array(3600 * 8000), { sampleRate: 8000 });
    const bytes = encode(hour, 'm4a', ['-b:a', '8k']);
    expect(bytes.length).toBeLessThan(5_000_000);
    expect(await onDevice(bytes)).toMatchObject({ code: 'audio-too-long' });
  });

  test('leaves the page responsive during five minutes on a phone, and can be cancelled', async () => {
    const context = await browser().newContext({ ...PHONE, reducedMotion: 'reduce' });
    const phone = await context.newPage();
    await phone.goto(server.url);
    await phone.getByLabel('Analyze on this device').check();
    await phone.locator('.device-words', { hasText: /^Ready/ }).waitFor();
    const five = new Float32Array(299 * 8000);
    const voice = voiceLike({ seconds: 2, sampleRate: 8000 });
    for (let i = 0; i < 10; i++) five.set(voice, i * 29 * 8000);
    const buffer = Buffer.from(wavFile(five, { sampleRate: 8000 }));
    const recording = { name: 'five.wav', mimeType: 'audio/wav', buffer };
    await phone.locator('#file').setInputFiles(recording);
    await phone.locator('.busy', { hasText: /^Listening: \d+%/ }).waitFor();
    await phone.getByRole('button', { name: 'Cancel: five.wav' }).click();
    await phone.locator('[data-state=cancelled]').waitFor();
    await phone.evaluate(`{
      window.started = performance.now();
      window.longest = 0;
      let before = started;
      setInterval(() => {
        const now = performance.now();
        window.longest = Math.max(window.longest, now - before);
        before = now;
      }, 10);
    }`);
    await phone.getByRole('button', { name: 'Try again: five.wav' }).click();
    await phone.locator('[data-state=heard]').waitFor();
    const [took, longest] = await phone.evaluate<[number, number]>(
      '[performance.now() - window.started, window.longest]',
    );
    // Were it done on the thread of the page, that would stand still all the time.
    expect(longest).toBeLessThan(took / 3);
    const widths = await phone.evaluate('[document.documentElement.scrollWidth, innerWidth]');
    expect(widths).toEqual([360, 360]);
    await context.close();
  });
});
