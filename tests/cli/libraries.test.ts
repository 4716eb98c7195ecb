import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve, sep } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../lib/root.ts';
import { voiceLike, wavFile } from '../fixtures/audio.ts';
import { duckDb } from '../fixtures/duckdb.ts';
import { encode, hasFfmpeg } from '../fixtures/encode.ts';
import { BUILD, type ServeProcess, startProcess } from './serve/process.ts';

const SAMPLE = join(ROOT, 'samples', 'plain.ogg');
const NOISE = join(ROOT, 'samples', 'noise.ogg');

/** System calls that write files or say whom a process talks to; not every processor has all of them. */
const CALLS =
  '?open,openat,?creat,?mkdir,mkdirat,?rename,?renameat,renameat2,?link,linkat,?symlink,symlinkat,connect,sendto,sendmsg,sendmmsg';
const STRACE = ['strace', '--seccomp-bpf', '-f', '-qq', '-e', `trace=${CALLS}`, '-o'];
const hasStrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;

const folder = mkdtempSync(join(tmpdir(), 'undertone-libraries-'));
const m4a = join(folder, 'note.m4a');
const note = wavFile(voiceLike({ seconds: 2 }));
writeFileSync(m4a, hasFfmpeg ? encode(note, 'm4a') : note);

/** Stands in for Discord, Slack and S3, and refuses everything, so that programs end at once. */
const refuser = createServer(({ url = '' }, response) => {
  if (url.startsWith('/slack')) response.end('{"ok":false,"error":"invalid_auth"}');
  else if (url.startsWith('/discord'))
    response.writeHead(401).end('{"message":"401: Unauthorized"}');
  else response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>');
});
const refusing = () => `http://127.0.0.1:${(refuser.address() as AddressInfo).port}`;

beforeAll(() => new Promise<void>((listening) => refuser.listen(0, '127.0.0.1', listening)));
afterAll(async () => {
  refuser.close();
  await rm(folder, { recursive: true });
});

interface Deeds {
  readonly code: number | null;
  readonly text: string;
  /** What it wrote outside its working and temporary folders. */
  readonly written: readonly string[];
  /** The addresses and Unix sockets that it contacted. Looking up a name contacts one. */
  readonly contacted: readonly string[];
}

/**
 * Runs a program as a user does: with an empty home folder, and without the variable CI, with which
 * onnxruntime sends nothing.
 *
 * @param use what is done with it while it runs
 */
async function deedsOf(
  [program, ...options]: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  use?: (running: ServeProcess, interrupt: () => Promise<void>) => Promise<void>,
): Promise<Deeds> {
  const at = await mkdtemp(join(folder, 'user-'));
  const [home, work, temporary] = ['home', 'work', 'tmp'].map((name) => join(at, name));
  for (const path of [home, work, temporary]) mkdirSync(path);
  const log = join(at, 'log');
  const command = [process.execPath, join(BUILD, program), ...options];
  const running = startProcess(hasStrace ? [...STRACE, log, ...command] : command, work, {
    HOME: home,
    TMPDIR: temporary,
    CI: undefined,
    ORT_DISABLE_TELEMETRY: undefined,
    ...environment,
  });
  await use?.(running, async () => {
    // strace ignores the signal; its log begins with the process that it started.
    const pid = hasStrace ? Number.parseInt(await readFile(log, 'utf8'), 10) : running.child.pid;
    process.kill(pid ?? 0, 'SIGINT');
  });
  const { code, out, err } = await running.exit;
  const calls = hasStrace ? (await readFile(log, 'utf8')).split('\n') : [];
  const allowed = [work, temporary, '/dev', '/proc/self'].map((path) => path + sep);
  const written = calls
    .filter((call) => !call.includes(' = -1 E'))
    .filter((call) => !/ open(at)?\(/.test(call) || /O_(WRONLY|RDWR|CREAT)/.test(call))
    .flatMap((call) => / (?:open|creat|mkdir|rename|link|symlink).*?"(.*?)"/.exec(call)?.[1] ?? [])
    .map((path) => resolve(work, path))
    .filter((path) => !allowed.some((start) => `${path}/`.startsWith(start)));
  const contacted = calls.flatMap(
    (call) => /(?:inet_addr\(|AF_INET6, |sun_path=)"(.*?)"/.exec(call)?.[1] ?? [],
  );
  return {
    code,
    text: out + err,
    written: [...new Set([...(await readdir(home)), ...written])],
    contacted: [...new Set(contacted)],
  };
}

test('strace is there, which shows what a process contacts', () => {
  if (process.env.CI && process.platform === 'linux') expect(hasStrace).toBe(true);
});

describe('no library writes outside the working folder, looks up a name or contacts anybody', () => {
  test.each([
    ['one recording', [SAMPLE]],
    ['several, in processes and with ffmpeg', [m4a, NOISE, '--workers', '2']],
  ])('classify: %s', async (_, options) => {
    const { code, text, written, contacted } = await deedsOf([
      'cli/main.js',
      'classify',
      ...options,
    ]);
    expect(code, text).toBe(0);
    expect({ written, contacted }).toEqual({ written: [], contacted: [] });
  });

  test('serve, with a request', async () => {
    const options = ['cli/main.js', 'serve', '--port', '0'];
    const { code, text, written, contacted } = await deedsOf(
      options,
      {},
      async (server, interrupt) => {
        const [address] = await server.printed(/http:\/\/127\.0\.0\.1:\d+/);
        const body = new Uint8Array(await readFile(m4a));
        expect((await fetch(`${address}/v1/emotion`, { method: 'POST', body })).status).toBe(200);
        await interrupt();
      },
    );
    expect(code, text).toBe(0);
    expect(written).toEqual([]);
    expect(contacted.filter((address) => address !== '127.0.0.1')).toEqual([]);
  });

  test.each([
    ['bots/discord/main.js', /token/i],
    ['bots/slack/main.js', /token/i],
  ])('%s, which is refused', async (program, reason) => {
    const { code, text, written, contacted } = await deedsOf([program], {
      UNDERTONE_API_ENDPOINT: refusing(),
      UNDERTONE_DISCORD_TOKEN: 'a-token-that-is-refused',
      UNDERTONE_DISCORD_API: `${refusing()}/discord`,
      UNDERTONE_SLACK_APP_TOKEN: 'xapp-refused',
      UNDERTONE_SLACK_BOT_TOKEN: 'xoxb-refused',
      UNDERTONE_SLACK_API: `${refusing()}/slack/`,
    });
    expect(code).toBe(1);
    expect(text).toMatch(reason);
    expect(written).toEqual([]);
    if (hasStrace) expect(contacted).toEqual(['127.0.0.1']);
  });

  test.skipIf(!duckDb)('labels --sql, with DuckDB', async () => {
    const labels = join(folder, 'labels');
    mkdirSync(labels, { recursive: true });
    const error = { code: 'format-unsupported', message: 'This is text.' };
    writeFileSync(join(labels, 'a.txt.json'), JSON.stringify({ file: 'a.txt', error }));
    // It does not fit into memory, and spills.
    const sql =
      'SELECT count(*) FROM (SELECT DISTINCT hash(range) || key FROM labels, range(3000000))';
    const options = ['cli/main.js', 'labels', labels, '--sql', sql];
    const { code, text, written, contacted } = await deedsOf(options);
    expect(code, text).toBe(0);
    expect(text).toContain('3000000');
    expect({ written, contacted }).toEqual({ written: [], contacted: [] });
  });

  // Without credentials, AWS's client would look for some at 169.254.169.254.
  test('backfill, whose credentials are refused', async () => {
    const options = ['backfill', 's3://bucket/prefix', '--queue-url', `${refusing()}/queue`];
    const { code, text, written, contacted } = await deedsOf(['cli/main.js', ...options], {
      AWS_ENDPOINT_URL_S3: refusing(),
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'refused',
      AWS_SECRET_ACCESS_KEY: 'refused',
    });
    expect(code, text).toBe(1);
    expect(text).toMatch(/credentials/);
    expect(written).toEqual([]);
    if (hasStrace) expect(contacted).toEqual(['127.0.0.1']);
  });
});

test('onnxruntime survives a command line of 100 kB', async () => {
  const missing = Array.from({ length: 500 }, (_, i) => `${'missing-'.repeat(25)}${i}.ogg`);
  const { code, text } = await deedsOf(['cli/main.js', 'classify', '--csv', SAMPLE, ...missing]);
  expect(code).toBe(1);
  const [, first, ...others] = text.trim().split('\n');
  expect(first).toMatch(/plain\.ogg,(?!.*not-found)/);
  expect(others.filter((row) => row.includes('.ogg') && row.includes('not-found'))).toHaveLength(
    500,
  );
});

test('the CDK sends no telemetry from this project', () => {
  const cdk = join(ROOT, 'node_modules', 'aws-cdk', 'bin', 'cdk');
  const options = [cdk, 'cli-telemetry', '--status', '--no-notices'];
  const env = { ...process.env, CDK_HOME: folder, CDK_DISABLE_CLI_TELEMETRY: undefined };
  const { output } = spawnSync(process.execPath, options, { cwd: ROOT, env, encoding: 'utf8' });
  // On stdout in continuous integration, else on stderr.
  expect(output.join('')).toMatch(/disabled/);
});
