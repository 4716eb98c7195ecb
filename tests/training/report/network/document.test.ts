import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { networkModelCard } from '../../../../training/report/card.ts';
import {
  networkModelCardMarkdown,
  readNetworkResults,
  writeModelCard,
} from '../../../../training/report/network/document.ts';
import { RESULTS } from '../results.ts';
import { BARE_RESULTS, EMPTY_RESULTS, NETWORK_RESULTS, OUTSIDE_RESULTS } from './results.ts';

const newFolder = () => mkdtemp(join(tmpdir(), 'undertone-card-'));

test('every figure of the run stands in the document', () => {
  const text = networkModelCardMarkdown(NETWORK_RESULTS);
  for (const line of [
    '# Model card: undertone 2.5.1\n',
    'Trained on 2026-03-04 with seeds 11, 12 and 13; 675,432 parameters, 3,145,728 bytes of ONNX',
    '160 recordings by 10 speakers: 100 by 8 for training, 60 by 2 for testing only. Cao et al. 2014.',
    '| disgust | 10 | 0 |',
    '| 03-01 | silent &lt;img src="https://example.org/x.png"> "&amp; |',
    '- **Speakers unseen, speech.** Five folds by actor:',
    '| Speakers unseen, speech | average of one network and a linear probe | 80 | 0.750 | 0.750 |',
    '| Speakers unseen, song | average of one network and a linear probe | 30 | 0.800 | 0.800 |',
    '| CREMA-D, actors 1061–1076 | average of 3 networks and a linear probe, as shipped | 60 | 0.650 | 0.650 |',
    '| Random 80/20 split, speech and song | average of one network and a linear probe | 80 | 0.900 | 0.900 |',
    'Mean over the folds: UAR **0.740 ± 0.026**; pooled: **0.750**.',
    '| xlsr, fine-tuned | yes | accuracy | 0.818 |',
    '| **Undertone** | yes | UAR | 0.750 |',
    '| disgust | 0.625 | 0.500 | 0.556 | 10 |',
    '| disgust | 0 | 0 | 0 | 0 | 0 | 0 | 5 | 5 |',
    'lowest actor 3 (man) with 0.555, highest actor 4 (woman) with 0.900',
    '| actor 3 (man) | 60 | 0.565 | 0.555 |',
    '| speech, women | 80 | 0.750 | 0.771 |',
    '| CREMA-D, high intensity | 60 | 0.650 | 0.722 |',
    'lowest actor 1061 with 0.510',
    '| everyday noise at 10 dB SNR | 0.689 | 0.687 | 6.3 |',
    '| 40 dB softer | 0.755 | 0.754 | −0.4 |',
    'Below a confidence of 47% the verdict is `uncertain`. The model answers 82% of',
    'T = 0.876 changes the expected calibration error from 0.091 to 0.032',
    '| 13% to 20% | 23 | 16.7% | 19.0% |',
    '| 60% | 60.0% | 87.6% |',
    '| everyday sounds | 400 | 390 | 97.5% |',
    '| voices | 200 | 3 | 1.5% |',
    '| as shipped, smoothed | 71.3% |',
    'npm run train -- --data <folder> --init <folder>/weights/mn04_as_mAP_432.pt --speech <folder>/weights/embedding_model.onnx\nnpm run docs:card\n',
  ]) {
    expect(text).toContain(line);
  }
});

test('the document leads with recordings unlike those it learned from', () => {
  const text = networkModelCardMarkdown(OUTSIDE_RESULTS);
  const at = (heading: string) => text.indexOf(`## ${heading}\n`);
  expect(at('On recordings unlike those it learned from')).toBeGreaterThan(0);
  expect(at('In the laboratory')).toBeGreaterThan(at('On recordings unlike those it learned from'));
  for (const line of [
    'Trained on 2026-03-04 in 2.5 hours with seeds',
    'over 2 corpora left out of training is **0.550**, the mean expected calibration error 0.070.',
    'At a threshold of 70% the model answers **39%** of these recordings, each corpus counting alike, and **75%** of its',
    '| CREMA-D | 60 | 91 | 0.600 | 0.600 | 0.050 | 48% | 72% |',
    '| happy | 0.500 | 0.600 |',
    '| disgust | – | 0.600 |',
    'On 41 recordings a majority of listeners named one emotion',
    'speechocean762: 60% neutral or calm, 38% uncertain, 2.0% angry, fearful, disgust or surprised.',
    '| angry | 1.2% |',
    'The largest difference is 17.0 points of UAR in favour of women: RAVDESS speech.',
    '| ASED, left out | 20 | 0.560 | 30 | 0.440 | 12.0 |',
    '| CREMA-D, left out | 60 | 0.600 | – | – | – |',
  ]) {
    expect(text).toContain(line);
  }
});

test('known failures are read off the figures', () => {
  const text = networkModelCardMarkdown(NETWORK_RESULTS);
  const failures = text.slice(text.indexOf('## Known failures'), text.indexOf('## Limits'));
  for (const sentence of [
    'Found least often: disgust, in 50% of its recordings.',
    'Most frequent mistakes: disgust classified as surprised (5 times, 50% of disgust);',
    'Lowest UAR of an actor: actor 3 (man) with 0.555, actor 5 (man) with 0.640 and actor 2',
    'Lowest UAR of the groups of speech: men, 0.729; highest: strong intensity, 0.802.',
    'Worst condition tested: everyday noise at 10 dB SNR, 6.3 points of UAR lost.',
    'Most overconfident between 93% and 100%: the mean confidence is 97%',
    'Sounds most often taken for speech: sneeze (7 of 100 recordings);',
    'answered “no speech”: CREMA-D, actors kept apart (2 of 120 recordings);',
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
  ['bare', BARE_RESULTS, 11],
  ['empty', EMPTY_RESULTS, 13],
])('a run that is %s says what it did not measure, and shows no picture of it', (_, results, count) => {
  const text = networkModelCardMarkdown(results);
  expect(text.match(/not measured in this run/gi)).toHaveLength(count);
  expect(text.match(/!\[/g)).toHaveLength(1);
  expect(text).not.toMatch(/NaN|undefined|null/);
});

test('every table has as many cells in each row as in its head', () => {
  const tables = networkModelCardMarkdown(OUTSIDE_RESULTS).match(/(^\|.*\n)+/gm) ?? [];
  expect(tables).toHaveLength(23);
  for (const lines of tables.map((table) => table.trimEnd().split('\n'))) {
    expect(new Set(lines.map((line) => line.split('|').length)).size).toBe(1);
  }
});

test('document and pictures are written together, and every picture that it shows is there', async () => {
  const folder = await newFolder();
  const document = join(folder, 'docs', 'card.md');
  const files = await writeModelCard(OUTSIDE_RESULTS, document);
  const text = await readFile(document, 'utf8');
  expect(text).toBe(networkModelCardMarkdown(OUTSIDE_RESULTS));
  const shown = [...text.matchAll(/!\[.+?\]\((.+?)\)/g)].map(([, path]) => path);
  expect(shown.sort()).toEqual(
    (await readdir(join(folder, 'docs', 'figures'))).map((name) => `figures/${name}`).sort(),
  );
  expect(shown).toHaveLength(8);
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
  await expect(readNetworkResults(path)).rejects.toThrow('it is not the results of a network run');
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
    stderr: expect.stringContaining(
      'Name the results.json of a run of `npm run train` with --results.',
    ),
  });
});
