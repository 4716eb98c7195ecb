import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { UndertoneError } from '../../core/errors.ts';
import { EMOTION_COUNT, EMOTIONS, type Emotion } from '../../core/model/emotions.ts';
import type { Clip } from './clip.ts';
import { filesBelow } from './find.ts';

/** How many listeners named each emotion of a clip, in class order. */
export type Votes = ReadonlyMap<string, Float32Array>;

const FILE = 'crema-d-votes.csv';
/** The columns of the file after the name of the clip. */
const COLUMNS: Readonly<Record<string, Emotion>> = {
  anger: 'angry',
  disgust: 'disgust',
  fear: 'fearful',
  happy: 'happy',
  neutral: 'neutral',
  sad: 'sad',
};

/**
 * Reads what listeners heard in the clips of CREMA-D, from `crema-d-votes.csv` wherever it lies below
 * the folder. Empty where it is not there.
 *
 * @throws UndertoneError `audio-unreadable` for a file of another form, or one that votes on clips
 * that are not there
 */
export async function readVotes(folder: string, clips: readonly Clip[]): Promise<Votes> {
  const path = (await filesBelow(folder)).find((candidate) => basename(candidate) === FILE);
  if (path === undefined) return new Map();
  const [header, ...lines] = (await readFile(path, 'utf8')).trim().split(/\r?\n/);
  const columns = header.split(',').slice(1);
  const wanted = Object.keys(COLUMNS);
  if (columns.length !== wanted.length || wanted.some((column) => !columns.includes(column))) {
    throw new UndertoneError(
      'audio-unreadable',
      `${path} begins with "${header}". Needed is a line "clip,${wanted.join(',')}", then one line for each clip.`,
    );
  }
  const votes = new Map<string, Float32Array>();
  for (const [i, line] of lines.entries()) {
    const [id, ...counts] = line.split(',');
    const numbers = counts.map(Number);
    if (numbers.length !== columns.length || numbers.some((n) => !(n >= 0))) {
      throw new UndertoneError(
        'audio-unreadable',
        `Line ${i + 2} of ${path} is "${line}". Needed are a clip and ${columns.length} counts.`,
      );
    }
    const row = new Float32Array(EMOTION_COUNT);
    columns.forEach((column, k) => {
      row[EMOTIONS.indexOf(COLUMNS[column])] = numbers[k];
    });
    votes.set(id, row);
  }
  const known = new Set(clips.flatMap(({ corpus, id }) => (corpus === 'crema-d' ? [id] : [])));
  const missing = [...votes.keys()].filter((id) => !known.has(id));
  if (missing.length > 0) {
    throw new UndertoneError(
      'not-found',
      `${path} has votes on ${missing.length} clips that are not below ${folder}, ${missing[0]} among them. Add these recordings of CREMA-D, or remove their lines.`,
    );
  }
  return votes;
}
