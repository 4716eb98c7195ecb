import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../cli/serve/server.ts';
import { siteCommand } from '../../cli/site.ts';
import { deviceFiles } from '../../functions/http/device.ts';
import { answerOf } from '../cli/serve/http.ts';
import { useTinyModel } from '../fixtures/model.ts';
import { canBrowse, useBrowser, visibleText } from '../web/browser.ts';
import { LETTER, NOTE } from '../web/visit.ts';

useTinyModel({ favourite: 'surprised', sensitivity: 0.3 });

/** Bytes that may be loaded on demand, compressed. */
const MOST_BYTES = 12 * 2 ** 20;

describe('the local server', () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer({ port: 0, host: '127.0.0.1' });
  });
  afterAll(() => server.close());

  const device = () => deviceFiles(process.env.UNDERTONE_MODEL ?? '');
  const get = (path: string, encoding: string) =>
    answerOf(
      fetch(`${server.url}/${path}`, {
        headers: { 'accept-encoding': encoding, connection: 'close' },
      }),
    );

  test('serves what classifies on the device for ever, and the list of it each time anew', async () => {
    for (const { path, type } of device().files) {
      const { status, headers } = await get(path, 'gzip');
      expect([status, headers['content-type']]).toEqual([200, type]);
      expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
      expect(headers['content-security-policy']).toContain("'wasm-unsafe-eval'");
    }
    const { headers, body } = await get('device/files.json', 'gzip');
    expect(headers['cache-control']).toBe('no-cache');
    const { page } = JSON.parse(body);
    expect(page).toEqual(expect.arrayContaining(['app.js', 'vendor/meyda.min.js', 'icon.svg']));
    for (const path of page) expect((await get(path, 'gzip')).status, path).toBe(200);
    expect((await get('device/worker-OLD.js', 'gzip')).status).toBe(404);
  });

  test.each([
    ['br, gzip', 'br'],
    ['gzip', 'gzip'],
    ['identity', undefined],
  ])('sends the WebAssembly as the browser takes it: %s', async (accepted, encoding) => {
    const [{ path, source }] = device().files.filter(({ brotli }) => brotli);
    const response = await fetch(`${server.url}/${path}`, {
      headers: { 'accept-encoding': accepted },
    });
    expect(response.headers.get('content-encoding') ?? undefined).toBe(encoding);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.equals(await readFile(source))).toBe(true);
  });
});

test('all that is loaded on demand is light enough', async () => {
  let bytes = 0;
  const { files } = deviceFiles('model');
  for (const { source, brotli } of files) bytes += (await readFile(brotli ?? source)).length;
  console.log(`On the device: ${(bytes / 2 ** 20).toFixed(1)} MiB with Brotli.`);
  expect(bytes).toBeLessThan(MOST_BYTES);
  // What the page says before it loads them.
  for (const file of ['index.html', 'device.js']) {
    const text = await readFile(join('web', file), 'utf8');
    const told = [...text.matchAll(/About (\d+)(?: |&nbsp;)MB/g)].map(([, number]) =>
      Number(number),
    );
    expect(new Set(told), file).toEqual(new Set([Math.round(bytes / 1e6)]));
  }
  for (const { source, brotli } of files) {
    if (brotli) {
      const unpacked = brotliDecompressSync(await readFile(brotli));
      expect(unpacked.equals(await readFile(source))).toBe(true);
    }
  }
});

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

describe.skipIf(!canBrowse)('the static site', () => {
  let folder: string;
  let host: Server;
  const browser = useBrowser();
  /** Everything that was asked of the host. */
  const asked: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'undertone-site-'));
    await siteCommand(folder);
    // The plainest of hosts: it knows no headers but the type, compresses nothing, and has no API.
    host = createServer(async ({ method, url = '' }, response) => {
      asked.push(`${method} ${url}`);
      const path = url === '/voice/' ? '/voice/index.html' : url;
      try {
        const content = await readFile(join(folder, path.replace('/voice/', '')));
        response.setHeader('content-type', TYPES[extname(path)] ?? 'application/octet-stream');
        response.end(content);
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((listening) => host.listen(0, '127.0.0.1', listening));
  });

  afterAll(async () => {
    host?.close();
    host?.closeAllConnections();
    await rm(folder, { recursive: true });
  });

  test('classifies below any path of any host, without an API, and then without a network', async () => {
    const page = await browser().newPage();
    const complaints: string[] = [];
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('console', (message) => complaints.push(message.text()));
    await page.goto(`http://127.0.0.1:${(host.address() as AddressInfo).port}/voice/`);
    await page.locator('[data-figures=shown]').waitFor();
    expect(await page.getByLabel('Analyze on this device').isDisabled()).toBe(true);
    expect(await visibleText(page.locator('.promise'))).toContain('stays in this browser');
    await page.locator('#file').setInputFiles([NOTE, LETTER]);
    await page.locator('[data-state=heard]', { hasText: 'Surprised' }).waitFor();
    const failed = page.locator('[data-state=failed]');
    expect(await visibleText(failed)).toContain('format-unsupported');
    expect(await failed.getByRole('button', { name: /server/ }).count()).toBe(0);
    await page.locator('.device-words', { hasText: /without a network\.$/ }).waitFor();
    await page.context().setOffline(true);
    await page.reload();
    await page.locator('#file').setInputFiles([NOTE]);
    await page.locator('[data-state=heard]', { hasText: 'Surprised' }).waitFor();
    await page.locator('[data-figures=shown]').waitFor();
    const other = asked.filter((line) => !line.startsWith('GET /voice/'));
    expect(other.filter((line) => !line.endsWith('/favicon.ico'))).toEqual([]);
    expect(complaints.filter((text) => !text.includes('ERR_INTERNET_DISCONNECTED'))).toEqual([]);
  });
});
