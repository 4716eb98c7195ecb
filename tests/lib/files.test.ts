import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureFolder, lockFolder } from '../../lib/files.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'undertone-folders-'));
});

afterEach(() => rm(folder, { recursive: true }));

test('a lock names its process and is gone when it is given back', async () => {
  const unlock = await lockFolder(folder, '--work');
  expect(await readFile(join(folder, 'lock'), 'utf8')).toBe(String(process.pid));
  await unlock();
  expect(await readdir(folder)).toEqual([]);
});

test('the lock of a living process is respected, also of one of somebody else', async () => {
  // The parent of this process lives, and so does the first of the system.
  for (const pid of [process.ppid, 1]) {
    await writeFile(join(folder, 'lock'), String(pid));
    const refusal = expect(lockFolder(folder, '--work')).rejects;
    await refusal.toMatchObject({
      code: 'folder-locked',
      message: expect.stringContaining(`in use by process ${pid}. Stop that process`),
    });
    expect(await readFile(join(folder, 'lock'), 'utf8')).toBe(String(pid));
  }
});

test.each([
  '',
  'half',
  '0',
  '-1',
  String(process.pid),
])('a lock that says "%s" is of no living run and is taken over', async (content) => {
  await writeFile(join(folder, 'lock'), content);
  const unlock = await lockFolder(folder, '--work');
  expect(await readFile(join(folder, 'lock'), 'utf8')).toBe(String(process.pid));
  await unlock();
});

test('a folder is made with those above it, and one that is there stays as it is', async () => {
  await ensureFolder(join(folder, 'a/b'), '--out');
  await writeFile(join(folder, 'a/b/kept'), 'kept');
  await ensureFolder(join(folder, 'a/b'), '--out');
  expect(await readFile(join(folder, 'a/b/kept'), 'utf8')).toBe('kept');
});

test('a folder that is a file is refused with the option to change', async () => {
  const path = join(folder, 'file');
  await writeFile(path, '');
  await expect(ensureFolder(path, '--report')).rejects.toMatchObject({
    code: 'folder-unwritable',
    message: `Cannot write to the folder ${path} (EEXIST). Check its permissions, or choose another folder with --report.`,
  });
});
