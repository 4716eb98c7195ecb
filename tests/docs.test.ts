import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cardSchema } from '../core/index.ts';
import { percent as formatPercent } from '../lib/percent.ts';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const card = cardSchema.parse(JSON.parse(read('model/emotion.json')));

test('README states the figures of the shipped model', () => {
  const { unseenSpeech, cremaD } = card.figures;
  const percent = (share: number) => formatPercent(share, { decimals: 1 });
  const readme = read('README.md');
  for (const { accuracy, unweightedAverageRecall } of [unseenSpeech, cremaD]) {
    expect(readme).toContain(`| ${percent(accuracy)} | ${percent(unweightedAverageRecall)} |`);
  }
  expect(readme).toContain(`below ${percent(card.threshold)}`);
  expect(readme).toContain(`answers ${percent(card.calibration.coverage)}`);
  expect(readme).toContain(`${percent(card.calibration.accuracy)} of those answers`);
});

test('docs/model-card.md describes the shipped model', () => {
  expect(read('docs/model-card.md')).toContain(card.sha256);
});

test('docs/security.md names tests that exist', () => {
  const doc = read('docs/security.md');
  const proofs = [...doc.matchAll(/\]\(\.\.\/(tests\/[\w/.-]+)\): ((?:"[^"]+"(?:, )?)+)/g)].flatMap(
    ([, path, titles]) => [...titles.matchAll(/"([^"]+)"/g)].map(([, title]) => [path, title]),
  );
  expect(proofs.length).toBeGreaterThanOrEqual(doc.match(/^\| .*\.test\.ts/gm)?.length ?? 1);
  const missing = proofs.filter(([path, title]) => !read(path).includes(title));
  expect(missing).toEqual([]);
});
