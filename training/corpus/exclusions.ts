import { relative } from 'node:path';
import type { Clip } from './clip.ts';
import { type Fingerprint, isCopy } from './fingerprint.ts';

/** A recording that is not trained on, and why. */
export interface Exclusion {
  readonly id: string;
  readonly path: string;
  readonly reason: string;
}

/** What has to be known of a recording to tell whether it is trained on. */
export interface Content {
  /** Why it is of no use, if it is not. */
  readonly problem: string | null;
  /** Hash of the decoded samples. */
  readonly audioHash: string;
  /** Finds copies that were encoded anew or shifted; without it only equal samples count. */
  readonly fingerprint?: Fingerprint;
}

/**
 * Returns the recordings to leave out: those with a problem, and copies. Copies have the same
 * decoded content, or the same fingerprint among the recordings of one sentence by one speaker, or
 * the same name in another format, which may have lost a little. Of copies under one label the
 * first stays; under different labels nobody knows which is right, and all of them go.
 *
 * @param contents one for each clip
 * @param folder that of the corpus; reasons name other recordings from there
 */
export function findExclusions(
  clips: readonly Clip[],
  contents: readonly Content[],
  folder: string,
): Exclusion[] {
  const exclusions = new Map<number, string>();
  contents.forEach(({ problem }, i) => {
    if (problem) exclusions.set(i, problem);
  });
  const usable = () => [...clips.keys()].filter((i) => !exclusions.has(i));
  const fileOf = (i: number) => relative(folder, clips[i].path);
  const excludeCopies = (copies: readonly number[]) => {
    const [first] = copies;
    const isDoubted = copies.some((i) => clips[i].emotion !== clips[first].emotion);
    for (const i of isDoubted ? copies : copies.slice(1)) {
      const other = copies.find((j) => clips[j].emotion !== clips[i].emotion);
      exclusions.set(
        i,
        other === undefined
          ? `same recording as ${fileOf(first)}`
          : `same recording as ${fileOf(other)} under another label`,
      );
    }
  };
  for (const copies of groupBy(usable(), (i) => contents[i].audioHash)) excludeCopies(copies);
  const takeOf = (i: number) => `${clips[i].speaker} ${clips[i].sentence} ${clips[i].channel}`;
  for (const takes of groupBy(usable(), takeOf)) {
    for (const copies of groupCopies(takes, contents)) excludeCopies(copies);
  }
  for (const [first, ...rest] of groupBy(usable(), (i) => `${clips[i].corpus} ${clips[i].id}`)) {
    for (const i of rest) exclusions.set(i, `same name as ${fileOf(first)}`);
  }
  return [...exclusions]
    .sort(([a], [b]) => a - b)
    .map(([i, reason]) => ({ id: clips[i].id, path: clips[i].path, reason }));
}

/** Returns the groups of at least two recordings, each a copy of the first by its fingerprint. */
function groupCopies(takes: readonly number[], contents: readonly Content[]): number[][] {
  const groups: number[][] = [];
  for (const i of takes) {
    const { fingerprint } = contents[i];
    if (!fingerprint) continue;
    const group = groups.find(([first]) => isCopy(contents[first].fingerprint!, fingerprint));
    if (group) group.push(i);
    else groups.push([i]);
  }
  return groups.filter((group) => group.length > 1);
}

/** Returns the groups of at least two items with the same key. */
function groupBy(items: readonly number[], keyOf: (item: number) => string): number[][] {
  const groups = new Map<string, number[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups.values()].filter((group) => group.length > 1);
}
