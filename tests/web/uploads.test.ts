import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import type { Route } from 'playwright-core';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { newResultId } from '../../functions/aws/result-id.ts';
import { LAMBDA_CALL_BYTES } from '../../functions/http/page.ts';
import { twoStretches, wavFile } from '../fixtures/audio.ts';
import { useTinyModel } from '../fixtures/model.ts';
import { useLocalAws } from '../functions/local-aws.ts';
import { canBrowse } from './browser.ts';
import { useLabelling } from './labelling.ts';
import { file, NOTE, useVisit } from './visit.ts';
import { useWire } from './wire.ts';

/** More than one call takes on AWS: twenty seconds as a studio would keep them. */
const LARGE = file('My diary.wav', studioFile(twoStretches()));

describe.skipIf(!canBrowse)('the page, with what is too large for one call', () => {
  useTinyModel({ favourite: 'surprised', sensitivity: 0.3 });
  const cloud = useLocalAws();
  const storage = useWire(() => cloud.aws.endpoints.s3);
  beforeAll(() => {
    process.env.AWS_ENDPOINT_URL_S3 = storage.url;
  });
  const labelling = useLabelling(cloud);
  const visit = useVisit({
    server: () => ({
      cloud: async () => {},
      uploads: { above: LAMBDA_CALL_BYTES, origin: storage.url },
    }),
  });
  /** Requests that are no files of the page: method, and path without what names the upload. */
  let requests: string[];
  let resultPath: string;

  beforeEach(async () => {
    // The label function logs there.
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    await visit.open();
    requests = [];
    visit.page.on('request', (request) => {
      const { pathname, port } = new URL(request.url());
      const isStorage = request.url().startsWith(storage.url);
      if (pathname.startsWith('/v1/results/')) resultPath = pathname;
      if (!pathname.startsWith('/v1/') && !isStorage) return;
      const where = isStorage ? `storage ${pathname}` : pathname.replace(/(results)\/.*/, '$1/id');
      expect(port).not.toBe('');
      requests.push(`${request.method()} ${where}`);
    });
  });

  /** Keys of what lies in the bucket. */
  async function keys(): Promise<(string | undefined)[]> {
    const list = new ListObjectsV2Command({ Bucket: 'undertone-uploads' });
    return ((await cloud.s3.send(list)).Contents ?? []).map(({ Key }) => Key);
  }

  /** Resolves when the server knows nothing any more of the upload, and the storage neither. */
  async function expectForgotten(): Promise<void> {
    await vi.waitFor(async () => {
      expect((await fetch(visit.server.url + resultPath)).status).toBe(404);
      expect(await keys()).toEqual([]);
    }, 10_000);
  }

  /** Makes the upload take a few seconds. */
  async function slowDown(): Promise<void> {
    const network = await visit.page.context().newCDPSession(visit.page);
    await network.send('Network.emulateNetworkConditions', {
      ...{ offline: false, latency: 0, downloadThroughput: -1 },
      uploadThroughput: LARGE.buffer.length / 3,
    });
  }

  /** Chooses the large file, and resolves when the storage has it. */
  async function upload(): Promise<void> {
    const sent = visit.page.waitForResponse(`${storage.url}/**`);
    await visit.choose(LARGE);
    expect((await sent).status()).toBe(204);
    await visit.card(LARGE.name, 'listening');
  }

  /** Has the time of the page, whose clock is installed, run ahead of ours until something came. */
  async function hurry<T>(awaited: Promise<T>): Promise<T> {
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    awaited.then(end, end);
    while (!isOver) {
      await visit.page.clock.fastForward(500);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return awaited;
  }

  const cancel = () => visit.page.getByRole('button', { name: `Cancel: ${LARGE.name}` }).click();
  const again = () => visit.page.getByRole('button', { name: `Try again: ${LARGE.name}` }).click();

  test('sends it to the storage, shows how far it is, hears it, and has it deleted', async () => {
    labelling.start();
    await slowDown();
    const { page } = visit;
    await page.evaluate(`
      window.shares = [];
      new MutationObserver(() => {
        const progress = document.querySelector('.card progress');
        if (progress) window.shares.push(progress.value);
      }).observe(document.querySelector('#results'), { subtree: true, childList: true, attributes: true });
    `);
    await visit.choose(LARGE, NOTE);
    const progress = page.getByRole('progressbar', { name: `Sending ${LARGE.name}` });
    await progress.waitFor();
    const sending = await visit.card(LARGE.name, 'sending');
    expect(sending).toMatch(/Sending: \d+% of 4\.9 MiB/);
    expect(await visit.card(NOTE.name, 'waiting')).toContain('Waiting for its turn');
    expect(await visit.card(LARGE.name, 'heard')).toMatch(/Surprised\n+\d+% sure/);
    const shares = await page.evaluate<number[]>('window.shares');
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.filter((share) => share > 0 && share < 1).length).toBeGreaterThan(1);
    expect(shares.at(-1)).toBe(1);
    // All that comes with a verdict is there.
    expect(await page.locator('.strip .stretch').count()).toBeGreaterThan(1);
    await visit.card(NOTE.name, 'heard');
    const [large, small] = await page.locator('tbody tr').allInnerTexts();
    expect(large).toMatch(/^My diary\.wav\s+Surprised\s+\d\d%\s+0:40$/);
    expect(small).toMatch(/^note\.wav\s+Surprised/);
    await expectForgotten();
    expect(requests.filter((request) => !request.startsWith('GET'))).toEqual([
      'POST /v1/uploads',
      'POST storage /undertone-uploads',
      expect.stringMatching(/^(DELETE .v1.results.id|POST .v1.emotion)$/),
      expect.stringMatching(/^(DELETE .v1.results.id|POST .v1.emotion)$/),
    ]);
    // Its own policy lets the page speak to the storage, and to nobody else.
    expect(visit.complaints).toEqual([`request to ${storage.url}/undertone-uploads`]);
  });

  test('does not tell the storage what the file is called', async () => {
    // The browser shows a form only where it holds no file.
    await visit.page.evaluate(`{
      const { append } = FormData.prototype;
      window.parts = [];
      FormData.prototype.append = function (name, value, fileName) {
        append.call(this, name, value, ...(fileName ? [fileName] : []));
        const part = this.get(name);
        window.parts.push(typeof part === 'string' ? part : part.name + part.type);
      };
    }`);
    await upload();
    expect(await keys()).toEqual([expect.stringMatching(/^[\w-]{24}$/)]);
    const parts = await visit.page.evaluate<string[]>('window.parts');
    expect(parts.at(-1)).toBe('recording');
    expect(parts.join()).not.toContain('diary');
    await cancel();
    await expectForgotten();
  });

  test('can be cancelled while it is sent, and sent again', async () => {
    labelling.start();
    await slowDown();
    await visit.choose(LARGE, NOTE);
    await visit.page.getByText(/Sending: [1-9]\d?%/).waitFor();
    await cancel();
    expect(await visit.card(LARGE.name, 'cancelled')).toContain('Cancelled');
    // The next one is not held up by it.
    await visit.card(NOTE.name, 'heard');
    await expectForgotten();
    await again();
    await visit.card(LARGE.name, 'heard');
    await expectForgotten();
  });

  test('can be cancelled while its result is waited for', async () => {
    await upload();
    await vi.waitFor(() => expect(requests).toContain('GET /v1/results/id'), 10_000);
    expect(await keys()).toHaveLength(1);
    await cancel();
    await visit.card(LARGE.name, 'cancelled');
    await expectForgotten();
    expect(requests.filter((request) => request.startsWith('DELETE'))).toHaveLength(1);
  });

  test('is deleted when the visitor leaves while it is sent', async () => {
    await slowDown();
    const asked = visit.page.waitForResponse('**/v1/uploads');
    await visit.choose(LARGE);
    ({ result: resultPath } = await (await asked).json());
    await visit.page.getByText(/Sending: [1-9]\d?%/).waitFor();
    await visit.page.goto('about:blank');
    await expectForgotten();
  });

  test('is deleted when the visitor leaves while its result is waited for', async () => {
    await upload();
    await vi.waitFor(() => expect(requests).toContain('GET /v1/results/id'), 10_000);
    expect(await keys()).toHaveLength(1);
    await visit.page.goto('about:blank');
    await expectForgotten();
  });

  /** Has the page given another form than the server would give. */
  async function giveForm(change: (route: Route) => Promise<object>): Promise<void> {
    await visit.page.route('**/v1/uploads', async (route) =>
      route.fulfill({ status: 201, json: await change(route) }),
    );
  }

  async function failure(): Promise<string> {
    await visit.choose(LARGE);
    return visit.card(LARGE.name, 'failed');
  }

  test('is told where the storage takes it no longer', async () => {
    await giveForm(async (route) => {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 16 * 60_000 });
      const answer = await (await route.fetch({ maxRetries: 2 })).json();
      vi.useRealTimers();
      return answer;
    });
    expect(await failure()).toMatch(
      /This could not be sent: it took longer than the 15 minutes.*\n+upload-refused$/,
    );
    await visit.page.unroute('**/v1/uploads');
    labelling.start();
    await again();
    await visit.card(LARGE.name, 'heard');
    await expectForgotten();
  });

  test('is told where it is more than the storage takes', async () => {
    await giveForm(async () => {
      const id = newResultId();
      const upload = await createPresignedPost(cloud.s3, {
        ...{ Bucket: 'undertone-uploads', Key: id },
        Conditions: [['content-length-range', 1, 1000]],
      });
      return { id, upload };
    });
    expect(await failure()).toMatch(
      /This file has 4\.9 MiB, which is more than the server accepts\. .*\n+audio-too-large$/,
    );
    expect(await visit.page.getByRole('button', { name: 'Try again' }).isVisible()).toBe(false);
    await expectForgotten();
  });

  test('is told where the storage refuses it for another reason, and deleted there too', async () => {
    await giveForm(async (route) => {
      const answer = await (await route.fetch({ maxRetries: 2 })).json();
      answer.upload.fields.key = 'of-somebody-else';
      return answer;
    });
    expect(await failure()).toMatch(/refused it \(AccessDenied, status 403\).*\n+upload-refused$/);
    await expectForgotten();
  });

  test('is told where the connection breaks in the middle', async () => {
    await slowDown();
    await visit.choose(LARGE);
    await visit.page.getByText(/Sending: [2-9]\d%/).waitFor();
    storage.cut();
    expect(await visit.card(LARGE.name, 'failed')).toMatch(
      /the connection broke after \d\d% of it was sent\. Nothing is lost; try again\.\n+unreachable$/,
    );
    storage.mend();
    await expectForgotten();
    labelling.start();
    await again();
    await visit.card(LARGE.name, 'heard');
  });

  test('is told where nothing moves any more', async () => {
    const { page } = visit;
    await page.clock.install();
    const isAsked = page.waitForRequest(`${storage.url}/**`);
    await page.route(`${storage.url}/**`, () => {});
    await visit.choose(LARGE);
    await isAsked;
    await page.clock.fastForward('01:01');
    expect(await visit.card(LARGE.name, 'failed')).toContain('the connection broke after 0%');
    await expectForgotten();
  });

  test('is told where no answer comes', async () => {
    const { page } = visit;
    await page.clock.install();
    await upload();
    await page.clock.fastForward('03:01');
    expect(await visit.card(LARGE.name, 'failed')).toMatch(
      /no answer arrived within three minutes: .*Try again later\.\n+no-result$/,
    );
    await expectForgotten();
  });

  test('is told where the device loses its network before the answer comes', async () => {
    await visit.page.clock.install();
    await upload();
    await visit.page.context().setOffline(true);
    expect(await hurry(visit.card(LARGE.name, 'failed'))).toMatch(
      /This was sent, but the connection was lost before the answer arrived\. .*\n+unreachable$/,
    );
    // It is deleted all the same, when the network is there again.
    await visit.page.context().setOffline(false);
    await hurry(expectForgotten());
  });

  test('waits on where the answer is late, or the server away for a moment', async () => {
    let looks = 0;
    await visit.page.clock.install();
    await visit.page.route('**/v1/results/*', async (route) => {
      if (route.request().method() === 'DELETE') return route.continue();
      looks++;
      if (looks === 1) return route.abort('connectionrefused');
      if (looks === 2)
        return route.fulfill({ status: 503, json: { code: 'unavailable', detail: 'Away' } });
      if (looks === 3) labelling.start();
      return route.continue();
    });
    await visit.choose(LARGE);
    await hurry(visit.card(LARGE.name, 'heard'));
    expect(looks).toBeGreaterThan(3);
    await expectForgotten();
  });

  test('is told where something answers in place of the API', async () => {
    const page = '<h1>Sign in</h1>';
    for (const path of ['**/limits.json', '**/v1/uploads', '**/v1/results/*']) {
      await visit.page.route(path, (route) =>
        route.request().method() === 'DELETE'
          ? route.continue()
          : route.fulfill({ contentType: 'text/html', body: page }),
      );
      expect(await failure()).toMatch(/The server sent a web page.*\n+not-an-answer$/);
      await visit.page.unroute(path);
      await visit.page.getByRole('button', { name: `Remove: ${LARGE.name}` }).click();
    }
    await expectForgotten();
  });

  test('is told what is wrong with the recording itself', async () => {
    labelling.start();
    await visit.choose(file('letter.txt', Buffer.alloc(LARGE.buffer.length, 'Dear diary. ')));
    expect(await visit.card('letter.txt', 'failed')).toMatch(
      /This is text, not a recording\. .*\n+format-unsupported, request/,
    );
    expect(await visit.page.getByRole('button', { name: 'Try again' }).isVisible()).toBe(false);
    await expectForgotten();
  });
});

/** Returns a sound twice over, with 64 bits a sample. */
function studioFile(samples: Float32Array): Uint8Array {
  const twice = new Float32Array(2 * samples.length);
  twice.set(samples);
  twice.set(samples, samples.length);
  return wavFile(twice, { encoding: 'float64' });
}
