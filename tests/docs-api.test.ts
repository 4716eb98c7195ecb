import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API_CODES, ERROR_TABLE, MAX_BYTES, MAX_SECONDS } from '../core/index.ts';
import { RESULT_SECONDS } from '../functions/aws/result-id.ts';
import { problemSchema } from '../functions/http/schemas.ts';
import { ROUTES } from '../functions/routes.ts';
import { type ServeProcess, startServe } from './cli/serve/process.ts';
import { type Block, DOCUMENTED_URL, readDocument, withoutFigures } from './support/docs.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { page, blocks } = readDocument('api.md');

/** A program of the page, and what it prints according to the page. */
const examples = blocks.flatMap((program, i) => {
  if (!['sh', 'ts', 'python'].includes(program.language)) return [];
  return [{ ...program, answer: blocks[i + 1] }];
});

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0;
}

/** Every machine that checks a change has curl; Python and jq are not for us to ask for. */
const isThere = {
  curl: isInstalled('curl') || process.env.CI === 'true',
  jq: isInstalled('jq'),
  python3: isInstalled('python3'),
};

function canRun({ language, text }: Block): boolean {
  if (language === 'python') return isThere.python3;
  return language === 'ts' || (isThere.curl && (isThere.jq || !/\bjq\b/.test(text)));
}

let folder: string;
let server: ServeProcess;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-docs-'));
  await symlink(join(root, 'samples'), join(folder, 'samples'));
  // With the model that ships: its verdicts are what the page shows.
  server = startServe(folder, ['--port', '0', '--no-inbox', '--local-callbacks'], {
    UNDERTONE_MODEL: '',
  });
  [, url] = await server.printed(/listening at (\S+)/);
  await server.printed(/The local cloud is up/);
});

afterAll(async () => {
  server.child.kill('SIGKILL');
  await server.exit;
  await rm(folder, { recursive: true });
});

/** Runs a program of the page as a reader would, and returns what it prints. */
async function output({ language, text }: Block): Promise<string> {
  const program = text.replaceAll(DOCUMENTED_URL, url);
  const run = promisify(execFile);
  const options = { cwd: folder, maxBuffer: 2 ** 26, timeout: 50_000 };
  if (language === 'sh') return (await run('sh', ['-euc', program], options)).stdout;
  if (language === 'python') return (await run('python3', ['-c', program], options)).stdout;
  const { code } = await transform(program, { loader: 'ts', format: 'esm' });
  await writeFile(join(folder, 'example.mjs'), code);
  return (await run(process.execPath, ['example.mjs'], options)).stdout;
}

/** Names whose values are the same for everybody; the others differ from call to call. */
const FIXED = new Set(['type', 'title', 'status', 'detail', 'code', 'openapi', 'maxBytes']);

/** Expects a value to have all that the page shows of it: the page leaves things out. */
function expectShape(actual: unknown, shown: unknown, name = 'answer'): void {
  if (shown === null || typeof shown !== 'object') {
    if (FIXED.has(name)) expect(actual, name).toBe(shown);
    else
      expect(actual === null ? 'null' : typeof actual, name).toBe(
        shown === null ? 'null' : typeof shown,
      );
  } else if (Array.isArray(shown)) {
    expect(actual, name).toBeInstanceOf(Array);
    if (shown.length > 0) expectShape((actual as unknown[])[0], shown[0], `first of ${name}`);
  } else {
    expect(typeof actual, name).toBe('object');
    expect(actual, name).not.toBeNull();
    // Which emotions a recording has is for the model to say.
    if (name === 'summary') return;
    const object = actual as Record<string, unknown>;
    for (const [key, value] of Object.entries(shown)) expectShape(object[key], value, key);
  }
}

/** Expects the status, the headers and the body that the page shows. */
function expectHttp(actual: string, shown: string): void {
  const [got, wanted] = [parseHttp(actual), parseHttp(shown)];
  expect(got.status).toBe(wanted.status);
  for (const [name, value] of wanted.headers) {
    const real = got.headers.get(name);
    expect(real, name).toBeDefined();
    if (!value.includes('…')) expect(real, name).toBe(value);
  }
  if (wanted.body) expectShape(JSON.parse(got.body), JSON.parse(wanted.body));
  else expect(got.body).toBe('');
}

function parseHttp(text: string) {
  const [head, body = ''] = text.replaceAll('\r\n', '\n').split('\n\n');
  const [status, ...lines] = head.trim().split('\n');
  const headers = lines.map((line): [string, string] => {
    const [name, ...value] = line.split(': ');
    return [name.toLowerCase(), value.join(': ')];
  });
  return { status, headers: new Map(headers), body: body.trim() };
}

describe('the examples', () => {
  test('are in three languages, and each has its answer', () => {
    expect(new Set(examples.map(({ language }) => language))).toEqual(
      new Set(['sh', 'ts', 'python']),
    );
    for (const { line, answer } of examples) {
      expect(['json', 'http', 'text'], `after line ${line}`).toContain(answer?.language);
    }
  });

  test.for(examples)('line $line ($language)', async (example, { skip }) => {
    skip(!canRun(example));
    const printed = await output(example);
    const { language, text } = example.answer;
    if (language === 'json') expectShape(JSON.parse(printed), JSON.parse(text));
    else if (language === 'http') expectHttp(printed, text);
    else expect(withoutFigures(printed)).toBe(withoutFigures(text));
  });
});

test('every error code is shown as the problem that it is', () => {
  const shown = blocks
    .flatMap(({ language, text }) => {
      if (language === 'jsonl') return text.trim().split('\n');
      if (language === 'http') return [parseHttp(text).body];
      return language === 'json' ? [text] : [];
    })
    .filter((text) => text.includes('/problems/'))
    .map((text) => problemSchema.parse(JSON.parse(text)));
  for (const { code, status, title } of shown) {
    expect({ status, title }).toEqual(ERROR_TABLE[code]);
  }
  expect(shown.map(({ code }) => code).sort()).toEqual([...API_CODES].sort());
});

test('every route and the limits are told', () => {
  for (const { method, path } of ROUTES) expect(page).toContain(`\`${method} ${path}\``);
  expect(page).toContain(`${MAX_BYTES / 2 ** 20} MiB, ${MAX_SECONDS} seconds`);
  expect(page).toContain(`| Result of an upload | ${RESULT_SECONDS / 3600} hours |`);
});
