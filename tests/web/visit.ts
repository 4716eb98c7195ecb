import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type RunningServer, type ServerOptions, startServer } from '../../cli/serve/server.ts';
import { silence, twoStretches, voiceLike, wavFile } from '../fixtures/audio.ts';
import { useBrowser, visibleText } from './browser.ts';

export const LIGHT: BrowserContextOptions = { viewport: { width: 1100, height: 900 } };
export const DARK: BrowserContextOptions = { ...LIGHT, colorScheme: 'dark' };
export const PHONE: BrowserContextOptions = {
  viewport: { width: 360, height: 740 },
  hasTouch: true,
};

export const NOTE = file('note.wav', wavFile(voiceLike({ seconds: 2 })));
export const LETTER = file('letter.txt', Buffer.from('Hello'));
export const QUIET = file('quiet.wav', wavFile(silence({ seconds: 2 })));
/** Two stretches with a pause between them, so that the timeline has two entries at least. */
export const LONG = file('long.wav', wavFile(twoStretches()));

/** A file as Playwright chooses it. Its type is wrong: the page must not go by it. */
export function file(name: string, bytes: Uint8Array) {
  return { name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) };
}

type CardState = 'waiting' | 'loading' | 'sending' | 'listening' | 'heard' | 'failed' | 'cancelled';

interface Opening extends BrowserContextOptions {
  /** Whether the visitor refuses the microphone. */
  readonly isDenied?: boolean;
}

/** The server, one browser and the page of the test that runs. */
export class Visit {
  server!: RunningServer;
  browser!: Browser;
  page!: Page;
  /** What the browser complained of, refused by the policy or not; requests to others too. */
  complaints: string[] = [];

  /** Opens the page, by default without motion: cards that pulse while they wait keep a processor busy. */
  async open({ isDenied = false, ...options }: Opening = LIGHT): Promise<void> {
    const permissions = isDenied ? [] : ['microphone'];
    const context = await this.browser.newContext({
      reducedMotion: 'reduce',
      ...options,
      permissions,
    });
    this.page = await context.newPage();
    this.complaints = watch(this.page, this.server.url);
    await this.page.goto(this.server.url);
    await this.page.locator('[data-figures]').waitFor();
  }

  async choose(...files: ReturnType<typeof file>[]): Promise<void> {
    await this.page.locator('#file').setInputFiles(files);
  }

  /** Drops a file onto the title of the page, as a file manager would. */
  async drop({ name, buffer }: ReturnType<typeof file>): Promise<void> {
    await this.page.evaluate(`{
      const bytes = Uint8Array.from(atob('${buffer.toString('base64')}'), (c) => c.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], '${name}'));
      for (const type of ['dragenter', 'dragover', 'drop']) {
        const event = new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true });
        document.querySelector('h1').dispatchEvent(event);
        if (type !== 'dragenter' && !event.defaultPrevented) throw new Error('the browser would open it');
      }
    }`);
  }

  /** Waits until the card of a file has reached a state, and returns its text. */
  async card(name: string, state: CardState): Promise<string> {
    const element = this.page.locator(`[data-state=${state}]`, { hasText: name });
    await element.waitFor();
    return visibleText(element);
  }
}

interface VisitOptions {
  /** Returns what the server is given, once what the hooks before started is there. */
  readonly server?: () => Partial<ServerOptions>;
  /** Whether the visitor has a microphone, which plays a voice. */
  readonly hasMicrophone?: boolean;
}

/**
 * Starts the server for all tests of a file, and gives them a browser.
 *
 * @example
 * const visit = useVisit();
 * test('…', async () => {
 *   await visit.open();
 *   await visit.choose(NOTE);
 *   expect(await visit.card('note.wav', 'heard')).toContain('Happy');
 * });
 */
export function useVisit({ server = () => ({}), hasMicrophone = false }: VisitOptions = {}): Visit {
  const visit = new Visit();
  const browser = useBrowser({ hasMicrophone });

  beforeAll(async () => {
    visit.server = await startServer({ port: 0, host: '127.0.0.1', ...server() });
    visit.browser = browser();
  });

  afterEach(async () => {
    // What a test has left under way is nobody's error.
    if (visit.page?.isClosed() === false) await visit.page.unrouteAll({ behavior: 'ignoreErrors' });
    await visit.page?.context().close();
  });

  afterAll(() => visit.server?.close());

  return visit;
}

function watch(page: Page, url: string): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() !== 'log') complaints.push(message.text());
  });
  page.on('request', (request) => {
    const isOurs = request.url().startsWith(url) || request.url().startsWith('blob:');
    if (!isOurs) complaints.push(`request to ${request.url()}`);
  });
  return complaints;
}
