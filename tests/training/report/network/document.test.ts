import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { networkModelCard } from '../../../../training/report/network/card.ts';
import { networkModelCardMarkdown } from '../../../../training/report/network/document/document.ts';
import { readNetworkResults, writeModelCard } from '../../../../training/report/network/write.ts';
import { RESULTS } from '../results.ts';
import { BARE_RESULTS, EMPTY_RESULTS, NETWORK_RESULTS } from './results.ts';

const newFolder = () => mkdtemp(join(tmpdir(), 'undertone-card-'));

test('every figure of the run stands in the document', () => {
  const text = networkModelCardMarkdown(NETWORK_RESULTS);
  for (const line of [
    '# Model card: undertone 1.0.0\n',
    'seeds 11, 12 and 13; 675,432 parameters, 3,145,728 bytes of ONNX',
    '**CREMA-D**: 160 recordings by 10 speakers: 100 by 8 are trained on, 60 by 2 only tested on.',
    '| disgust | 10 | 0 | 25 |',
    '- RAVDESS 03-01: silent &lt;img src="https://example.org/x.png"> "&amp;',
    '| Speakers unseen, speech | one seed, mean ± sd of 3 seeds | 80 | 0.750 ± 0.000 | 0.730 ± 0.010 |',
    '| Speakers unseen, speech | the average of 3 networks and a perceptron, which ships | 80 | 0.750 | 0.750 |',
    '| Speakers unseen, song | the average of 3 networks and a perceptron, which ships | 30 | 0.800 | 0.800 |',
    '| CREMA-D, actors 1061–1076 | the average of 3 networks and a perceptron, which ships | 60 | 0.650 | 0.650 |',
    '| Random 80/20 split, speech and song | one network, mean ± sd of 2 seeds | 80 | 0.900 ± 0.000 | 0.910 ± 0.014 |',
    'UAR 0.730 ± 0.010 (3 seeds, all 3 folds pooled)',
    '| fold 3: 1 4 | 0.750 | 0.770 | 0.760 | – |',
    '| average of 3 &amp; &lt;b>more&lt;/b> | 1 2 3 | 0.750 |',
    '| xlsr, fine-tuned | yes | accuracy | 0.818 |',
    '| disgust | 0.625 | 0.500 | 0.556 | 10 |',
    '| disgust | 0 | 0 | 0 | 0 | 0 | 0 | 5 | 5 |',
    'worst actor 3 (man) with 0.555, best actor 4 (woman) with 0.900',
    '| 3 | male | 60 | 0.565 | 0.555 |',
    '| speech, women | 80 | 0.750 | 0.771 |',
    '| CREMA-D, high intensity | 60 | 0.650 | 0.722 |',
    'worst actor 1061 with 0.510',
    '| everyday noise at 10 dB SNR | 0.689 | 0.687 | 6.3 |',
    '| 40 dB softer | 0.755 | 0.754 | −0.4 |',
    'Below a confidence of 47% the verdict is `uncertain`. So 82.3% of',
    'Of the most confident 70%, 85.1% are right.',
    'T = 0.876 changes the expected calibration error on 15 bins from 0.091 to 0.032',
    '| 13.3% to 20.0% | 23 | 16.7% | 19.0% |',
    '| 60% | 60.0% | 87.6% |',
    '| everyday sounds | 400 | 390 | 97.5% |',
    '| voices, whispered | 100 | 3 | 3.0% |',
    '71.3% of the time is labelled rightly; without smoothing 68.4%',
    'npm run train -- --data <folder>\nnpm run docs:card\n',
  ]) {
    expect(text).toContain(line);
  }
});

test('known failures are read off the figures', () => {
  const text = networkModelCardMarkdown(NETWORK_RESULTS);
  const failures = text.slice(text.indexOf('## Known failures'), text.indexOf('## Legal'));
  for (const sentence of [
    'Found least often: disgust, in 50.0% of its recordings.',
    'Most frequent mistakes: disgust heard as surprised (5 times, 50% of disgust);',
    'Heard worst: actor 3 (man) with a UAR of 0.555, actor 5 (man) with a UAR of 0.640 and actor 2',
    'Lowest UAR of the groups of speech: men, 0.729; highest: strong intensity, 0.802.',
    'Worst condition tested: everyday noise at 10 dB SNR, 6.3 points of UAR lost.',
    'Most overconfident between 93% and 100%: there it tells 96.7%',
    'Sounds taken for speech most often: sneeze, short (4 of 20 recordings);',
    'Voices taken for no speech most often: CREMA-D, whisper (3 of 40 recordings);',
  ]) {
    expect(failures).toContain(sentence);
  }
});

test('limits and licence are those of the card that ships', () => {
  const { limits, licence } = networkModelCard(NETWORK_RESULTS);
  const text = networkModelCardMarkdown(NETWORK_RESULTS);
  for (const sentence of [...limits, licence]) expect(text).toContain(sentence);
});

test.each([
  ['bare', BARE_RESULTS, 9],
  ['empty', EMPTY_RESULTS, 11],
])('a %s run says what it did not measure, and shows no picture of it', (_, results, count) => {
  const text = networkModelCardMarkdown(results);
  expect(text.match(/not measured in this run/gi)).toHaveLength(count);
  expect(text.match(/!\[/g)).toHaveLength(1);
  expect(text).not.toMatch(/NaN|undefined|null/);
});

test('every table has as many cells in each row as in its head', () => {
  const tables = networkModelCardMarkdown(NETWORK_RESULTS).match(/(^\|.*\n)+/gm) ?? [];
  expect(tables).toHaveLength(15);
  for (const lines of tables.map((table) => table.trimEnd().split('\n'))) {
    expect(new Set(lines.map((line) => line.split('|').length)).size).toBe(1);
  }
});

test('document and pictures are written together, and every picture that it shows is there', async () => {
  const folder = await newFolder();
  const document = join(folder, 'docs', 'card.md');
  const files = await writeModelCard(NETWORK_RESULTS, document);
  const text = await readFile(document, 'utf8');
  expect(text).toBe(networkModelCardMarkdown(NETWORK_RESULTS));
  const shown = [...text.matchAll(/!\[.+?\]\((.+?)\)/g)].map(([, path]) => path);
  expect(shown.sort()).toEqual(
    (await readdir(join(folder, 'docs', 'figures'))).map((name) => `figures/${name}`).sort(),
  );
  expect(shown).toHaveLength(5);
  expect(files).toEqual([document, ...files.slice(1)]);
  const actors = await readFile(join(folder, 'docs', 'figures', 'actors.svg'), 'utf8');
  expect(actors).toContain('actor 3 (man)');
  expect(actors).toContain('0.555');
});

test('results of another kind are told apart', async () => {
  const path = join(await newFolder(), 'results.json');
  await writeFile(path, JSON.stringify(NETWORK_RESULTS));
  expect(await readNetworkResults(path)).toEqual(NETWORK_RESULTS);
  await writeFile(path, JSON.stringify(RESULTS));
  await expect(readNetworkResults(path)).rejects.toThrow('not hold what a network run measures');
});

test('the command writes the document, and tells what it needs where there are no results', async () => {
  const folder = await newFolder();
  const [results, out] = [join(folder, 'results.json'), join(folder, 'card.md')];
  await writeFile(results, JSON.stringify(NETWORK_RESULTS));
  const run = (from: string) =>
    promisify(execFile)(process.execPath, [
      'dist/training/report/write-model-card.js',
      ...['--results', from, '--out', out],
    ]);
  await run(results);
  expect(await readFile(out, 'utf8')).toBe(networkModelCardMarkdown(NETWORK_RESULTS));
  await expect(run(join(folder, 'none.json'))).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Needed is the results.json of a training run of the network.'),
  });
});
