import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PAGE, readPageDocument } from '../../functions/http/page.ts';
import { ROOT } from '../../lib/root.ts';

const folder = join(ROOT, PAGE.folder);

test('the page is the same where Git wrote other ends of lines', async () => {
  const copy = await mkdtemp(join(tmpdir(), 'undertone-page-'));
  await cp(folder, copy, { recursive: true });
  for (const name of ['index.html', 'styles/page.css']) {
    const text = await readFile(join(copy, name), 'utf8');
    await writeFile(join(copy, name), text.replaceAll('\n', '\r\n'));
  }
  expect(readPageDocument(copy)).toEqual(readPageDocument(folder));
  await rm(copy, { recursive: true });
});
