import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { join as put, split } from '../fuzz/pieces.ts';
import { smallOggs, smallWavs, smallWebms } from '../fuzz/seeds.ts';
import { run } from './fixtures/run.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs `npm run fuzz` with a temporary folder of its own. */
const fuzz = (...options: string[]) =>
  run('fuzz/main.js', ['--findings', join(folder, 'findings'), ...options], {
    env: { TMPDIR: folder },
  });

// About a minute together; on a busy machine, many times as long.
test.each([
  ['parsers', 500],
  // In one process: both begin with recordings in every container.
  ['classify,http', 60],
])(
  '%s: whatever comes, a result or a named error, and nothing left behind',
  async (target, runs) => {
    const finished = await fuzz('--target', target, '--runs', String(runs), '--seed', '16');
    expect(finished).toMatchObject({ code: 0, stderr: '' });
    expect(finished.stdout).toContain('No findings.');
    expect(await readdir(folder)).toEqual([]);
  },
  900_000,
);

test('a recording that is taken apart and put together is the same', () => {
  const whole = [...smallWebms(), ...smallOggs().slice(0, 5), ...smallWavs().slice(0, 6)];
  for (const recording of whole) expect(put(split(recording))).toEqual(recording);
});

test('a saved input is given to its target again', async () => {
  const path = join(folder, 'sniff-0');
  await writeFile(path, '#EXTM3U');
  const { stdout } = await fuzz('--replay', path);
  expect(stdout).toBe('As it should be: format-unsupported\n');
  await rm(path);
});

test('a target that does not exist is named, with those that do', async () => {
  const { code, stderr } = await fuzz('--target', 'mp4');
  expect(code).toBe(2);
  expect(stderr).toMatch(/There is no target mp4. Choose from all, parsers, sniff, .*notes\.\n/);
});

test('one parser alone ends when its time is over', async () => {
  const { code, stdout } = await fuzz('--target', 'sniff', '--minutes', '0.01');
  expect(code).toBe(0);
  expect(stdout).toContain('No findings.');
});
