import { execFile } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { modelCard } from '../../../training/report/card.ts';
import { modelCardMarkdown } from '../../../training/report/model-card-doc.ts';
import { BARE, RESULTS, SONG_ONLY } from './results.ts';

test('every figure of the chosen model stands in the document', () => {
  const text = modelCardMarkdown(RESULTS);
  for (const line of [
    '| Speakers unseen, speech | **Perceptron** | 50 | 0.520 | 0.512 | 0.491 | 0.484 |',
    '| Speakers unseen, song | **Perceptron** | 24 | 0.750 | 0.750 |',
    '| Random 80/20 split, speech and song | **Perceptron** | 80 | 0.900 | 0.900 |',
    '| Speakers unseen, speech | Trees & <i>shrubs</i> | 32 | 0.250 | 0.250 |',
    '| surprised | 0.333 | 0.100 | 0.154 | 10 |',
    '| surprised | 9 | 0 | 0 | 0 | 0 | 0 | 0 | 1 |',
    '| neutral | 10 | 4 |',
    '| all | 50 | 24 |',
    '| 40% | 60.0% | 65.3% |',
    '| 90% | 0.0% | – |',
    'Below a confidence of 37% the verdict is `uncertain`. So 71.3% of the recordings of strangers are answered, and 62.8% of those rightly; 60% was aimed at.',
    'T = 1.234 changes the expected calibration error from 0.091 to 0.032',
    'Perceptron (hidden 8-4, dropout 0.6) on 3 features',
    `20,480 bytes of ONNX, SHA-256 \`${'ab'.repeat(32)}\``,
    'npm run train -- --data <folder> --families forest,mlp --seed 1234\n',
  ]) {
    expect(text).toContain(line);
  }
});

test('folds stand from the worst to the best', () => {
  const text = modelCardMarkdown(RESULTS);
  const worst = text.indexOf('| 2 | 32 | 0.250 | 0.250 |');
  expect(worst).toBeGreaterThan(0);
  expect(text.indexOf('| 1 | 50 | 0.520 | 0.512 |')).toBeGreaterThan(worst);
});

test('limits and licence are those of the card that is shipped', () => {
  const { limits, licence, data } = modelCard(RESULTS);
  const text = modelCardMarkdown(RESULTS);
  for (const sentence of [...limits, licence, data[0].citation]) expect(text).toContain(sentence);
  expect(text).not.toContain('quick run');
});

test('a quick run without song says so', () => {
  const text = modelCardMarkdown(BARE);
  expect(text).toContain('**Made from a quick run:**');
  expect(text).toContain('| Speakers unseen, song | **Perceptron** | – | – | – | – | – |');
  expect(text).toContain('--families mlp --seed 1 --quick\n');
  expect(text).not.toMatch(/speech and song together|NaN|undefined|null/);
});

test('a run on song alone is told of song', () => {
  const text = modelCardMarkdown(SONG_ONLY);
  expect(text).toContain('in recordings of song');
  expect(text).toContain('UAR on the song of unseen speakers is 0.750');
});

test('every table has as many cells in each row as in its head', () => {
  const tables = modelCardMarkdown(RESULTS).match(/(^\|.*\n)+/gm) ?? [];
  expect(tables).toHaveLength(6);
  for (const lines of tables.map((table) => table.trimEnd().split('\n'))) {
    expect(new Set(lines.map((line) => line.split('|').length)).size).toBe(1);
  }
});

test('the command writes the document, and tells what it needs where there are no results', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'undertone-card-'));
  const [results, out] = [join(folder, 'results.json'), join(folder, 'card.md')];
  await writeFile(results, JSON.stringify(RESULTS));
  const run = (from: string) =>
    promisify(execFile)(process.execPath, [
      'dist/training/report/write-model-card.js',
      ...['--results', from, '--out', out],
    ]);
  await run(results);
  expect(await readFile(out, 'utf8')).toBe(modelCardMarkdown(RESULTS));
  await expect(run(join(folder, 'none.json'))).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Needed is the results.json of a training run.'),
  });
});
