import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EMOTIONS, type Verdict } from '../../core/index.ts';
import { ROOT } from '../../lib/root.ts';
import { encode, hasFfmpeg } from '../fixtures/encode.ts';
import { canBrowse } from '../web/browser.ts';
import { useVisit } from '../web/visit.ts';

/** The most by which a probability may differ from the server's. */
const TOLERANCE = 0.005;

/** Runs in the page: classifies bytes with the library that the build made of device/browser/. */
const CLASSIFY = `async (base64) => {
  const base = new URL('device/', document.baseURI);
  window.undertone ??= (async () => {
    const { client } = await (await fetch(new URL('files.json', base))).json();
    const { load } = await import(new URL(client.path, base).href);
    return load({ base });
  })();
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const started = performance.now();
  try {
    const undertone = await window.undertone;
    const verdict = await undertone.classify(bytes);
    return { verdict, took: performance.now() - started };
  } catch ({ name, code, message, cause }) {
    return { error: { name, code, message, cause: String(cause) } };
  }
}`;

describe.skipIf(!canBrowse)('a verdict on the device', () => {
  const visit = useVisit();

  async function onDevice(bytes: Uint8Array) {
    const base64 = Buffer.from(bytes).toString('base64');
    return visit.page.evaluate(`(${CLASSIFY})('${base64}')`) as Promise<{ verdict: Verdict; error?: unknown; took: number }>;
  }

  async function onServer(bytes: Uint8Array): Promise<Verdict> {
    const options = { method: 'POST', body: new Uint8Array(bytes) };
    return (await fetch(`${visit.server.url}/v1/emotion`, options)).json() as Promise<Verdict>;
  }

  test('x', async () => {
    await visit.open();
    const plain = await readFile(join(ROOT, 'samples', 'plain.ogg'));
    const long = await readFile(join(ROOT, 'samples', 'long.ogg'));
    const all = { opus: plain, long, wav: encode(plain, 'wav'), flac: encode(plain, 'flac'), mp3: encode(plain, 'mp3'), m4a: encode(plain, 'm4a'),
      mp3b: encode(long, 'mp3'), m4ab: encode(long, 'm4a') };
    for (const [name, bytes] of Object.entries(all)) {
      const a = await onDevice(bytes);
      const b = await onServer(bytes);
      if (a.error) { console.log(name, a.error, b); continue; }
      const d = Math.max(...EMOTIONS.map((e) => Math.abs(a.verdict.probabilities![e] - b.probabilities![e])));
      console.log(name, d, a.took, a.verdict.duration, b.duration, a.verdict.timeline?.length, b.timeline?.length);
    }
    console.log(visit.complaints);
  });
});
