import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  LIVE_LIMITS,
  LIVE_PATH,
  MAX_MESSAGE_SECONDS,
  SAMPLE_RATES,
} from '../cli/serve/live/protocol.ts';
import { type ServeProcess, startServe } from './cli/serve/process.ts';
import { hasFfmpeg } from './fixtures/encode.ts';
import { DOCUMENTED_URL, readDocument, withoutFigures } from './support/docs.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { page, blocks } = readDocument('live.md');

let folder: string;
let server: ServeProcess;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-docs-'));
  for (const name of ['samples', 'node_modules', 'package.json']) {
    await symlink(join(root, name), join(folder, name));
  }
  // With the model that ships: its verdicts are what the page shows.
  server = startServe(folder, ['--port', '0', '--no-inbox', '--no-cloud'], { UNDERTONE_MODEL: '' });
  [, url] = await server.printed(/listening at (\S+)/);
});

afterAll(async () => {
  server.child.kill('SIGKILL');
  await server.exit;
  await rm(folder, { recursive: true });
});

test.skipIf(!hasFfmpeg)('the client runs as it stands and prints what the page shows', async () => {
  const [client, shell, answer] = ['js', 'sh', 'text'].map(
    (language) => blocks.find((block) => block.language === language)?.text ?? '',
  );
  const documented = DOCUMENTED_URL.replace('http', 'ws');
  expect(client).toContain(documented + LIVE_PATH);
  const program = client.replaceAll(documented, url.replace('http', 'ws'));
  await writeFile(join(folder, 'client.js'), program);
  const { stdout } = await promisify(execFile)('sh', ['-euc', shell], {
    cwd: folder,
    timeout: 50_000,
  });
  expect(withoutFigures(stdout)).toBe(withoutFigures(answer));
});

test('the limits are told', () => {
  const { streams, idle, ping } = LIVE_LIMITS;
  expect(page).toContain(`| Concurrent streams | ${streams};`);
  expect(page).toContain(`after ${idle / 1000} s without a message`);
  expect(page).toContain(`a ping every ${ping / 1000} s`);
  expect(page).toContain(`${SAMPLE_RATES.least} to ${SAMPLE_RATES.most} Hz`);
  expect(MAX_MESSAGE_SECONDS).toBe(1);
  expect(page).toContain('at most one second per message');
});
