import { relative } from 'node:path';
import type { Clip } from './clip.ts';
import type { Extraction } from './extract.ts';

/** A recording that is not trained on, and why. */
export interface Exclusion {
  readonly id: string;
  readonly path: string;
  readonly reason: string;
}

/**
 * Returns the recordings to leave out: those with a problem, and copies. Copies have the same
 * decoded content, or the same name in another format, which may have lost a little. Of copies under
 * one label the first stays; under different labels nobody knows which is right, and all of them go.
 *
 * @param extractions one for each clip
 * @param folder that of the corpus; reasons name other recordings from there
 */
export function findExclusions(
  clips: readonly Clip[],
  extractions: readonly Extraction[],
  folder: string,
): Exclusion[] {
  const exclusions = new Map<number, string>();
  extractions.forEach(({ problem }, i) => {
    if (problem) exclusions.set(i, problem);
  });
  const usable = () => [...clips.keys()].filter((i) => !exclusions.has(i));
  const nameOf = (i: number) => relative(folder, clips[i].path);
  for (const copies of groupBy(usable(), (i) => extractions[i].audioHash)) {
    const labels = new Set(copies.map((i) => clips[i].emotion));
    const [first, second, ...rest] = copies;
    for (const i of [second, ...rest]) {
      const reason = `same recording as ${nameOf(first)}`;
      exclusions.set(i, labels.size === 1 ? reason : `${reason} under another label`);
    }
    if (labels.size > 1) {
      exclusions.set(first, `same recording as ${nameOf(second)} under another label`);
    }
  }
  for (const [first, ...rest] of groupBy(usable(), (i) => clips[i].id)) {
    for (const i of rest) exclusions.set(i, `same name as ${nameOf(first)}`);
  }
  return [...exclusions]
    .sort(([a], [b]) => a - b)
    .map(([i, reason]) => ({ id: clips[i].id, path: clips[i].path, reason }));
}

/** Returns the groups of at least two items with the same key. */
function groupBy(items: readonly number[], keyOf: (item: number) => string): number[][] {
  const groups = new Map<string, number[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups.values()].filter((group) => group.length > 1);
}
