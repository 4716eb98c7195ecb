import { readFile, stat } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import { EMOTIONS, type Emotion, UndertoneError } from '../../core/index.ts';
import { expandPaths } from '../inputs.ts';

/** A recording whose emotion is known. */
export interface LabelledRecording {
  readonly file: string;
  readonly emotion: Emotion;
  /** Who speaks, in any notation; undefined if that is not known. */
  readonly speaker: string | undefined;
}

/** Other names of the emotions, each of which means one of them in every language that has it. */
const SYNONYMS: Readonly<Record<Emotion, string>> = {
  neutral: 'neutrality neutre neutro neutra ニュートラル 中立',
  calm: 'calmness ruhig ruhe calma calmo tranquilo calme 穏やか 冷静',
  happy:
    'happiness joy fröhlich glücklich freude feliz alegría alegria felicidad felicidade joie joyeux heureux 喜び',
  sad: 'sadness traurig trauer traurigkeit triste tristeza tristesse 悲しみ',
  angry: 'anger wütend wut ärger enfado enojo ira raiva colère 怒り',
  fearful: 'fear angst ängstlich miedo medo peur 恐れ 恐怖',
  disgust: 'disgusted ekel asco nojo dégoût 嫌悪',
  surprised: 'surprise überrascht überraschung sorpresa surpresa 驚き',
};

const EMOTION_OF = new Map<string, Emotion>(
  EMOTIONS.flatMap((emotion) =>
    [emotion, ...SYNONYMS[emotion].split(' ')].map((name) => [name, emotion] as const),
  ),
);

/** Columns of a CSV file, by the names that its header may have for them. */
const COLUMNS = { file: ['file'], label: ['label', 'emotion'], speaker: ['speaker'] } as const;

/**
 * Returns the labelled recordings of a folder with one folder an emotion, or of a CSV file.
 *
 * @throws UndertoneError `not-found`, `labels-invalid`
 * @example
 * await labelledRecordings('notes'); // notes/happy/1.ogg is happy
 */
export async function labelledRecordings(path: string): Promise<LabelledRecording[]> {
  const found = await stat(path).catch((cause) => {
    throw new UndertoneError(
      'not-found',
      `There is no ${path}. Give a folder with one folder an emotion, or a CSV file.`,
      { cause },
    );
  });
  const listed = found.isDirectory() ? await foldersOf(path) : await rowsOf(path);
  if (listed.length === 0) {
    throw new UndertoneError('not-found', `No recordings were found in ${path}.`);
  }
  const unknown = new Set(listed.flatMap(({ label }) => (emotionOf(label) ? [] : [label])));
  if (unknown.size > 0) {
    const names = [...unknown].slice(0, 5).map((name) => `"${name}"`);
    throw invalid(
      `In ${path}, ${names.join(', ')}${unknown.size > 5 ? ` and ${unknown.size - 5} more` : ''} cannot be read as emotions. Labels are ${EMOTIONS.join(', ')}, and the other names for these in docs/evaluate.md. Rename these folders or labels, or remove the recordings.`,
    );
  }
  return listed.map(({ label, ...rest }) => ({ ...rest, emotion: emotionOf(label)! }));
}

function emotionOf(label: string): Emotion | undefined {
  return EMOTION_OF.get(label.normalize('NFC').trim().toLowerCase());
}

async function foldersOf(folder: string) {
  return (await expandPaths([folder])).map((file) => {
    const [label, ...below] = relative(folder, file).split(sep);
    // A folder that cannot be listed stands for its recordings.
    if (below.length === 0 && !emotionOf(label)) {
      throw invalid(
        `${file} has no label. Put each recording into a folder that is named after its emotion, such as ${folder}${sep}happy, or list the recordings in a CSV file.`,
      );
    }
    return { file, label, speaker: undefined };
  });
}

async function rowsOf(path: string) {
  const text = (await readFile(path, 'utf8')).replace(/^\ufeff/, '');
  const header = /^.*/.exec(text)?.[0] ?? '';
  const separator = [',', ';', '\t'].find((each) => header.includes(each)) ?? ',';
  const [names = [], ...rows] = parseCsv(text, separator);
  const lower = names.map((name) => name.trim().toLowerCase());
  const column = (of: readonly string[]) => lower.findIndex((name) => of.includes(name));
  const [file, label, speaker] = Object.values(COLUMNS).map(column);
  if (file < 0 || label < 0) {
    throw invalid(
      `${path} is not a CSV file with the columns file and label. Its first line must name them, as in "file,label,speaker"; the column speaker may be left out.`,
    );
  }
  const seen = new Map<string, number>();
  return rows.map((row, i) => {
    if (!row[file] || !row[label]) {
      throw invalid(`Row ${i + 2} of ${path} has no file or no label. Complete or delete it.`);
    }
    const found = resolve(dirname(path), row[file]);
    const first = seen.get(found);
    if (first) throw invalid(`${path} lists ${row[file]} in row ${first} and in row ${i + 2}.`);
    seen.set(found, i + 2);
    return { file: found, label: row[label], speaker: row[speaker]?.trim() || undefined };
  });
}

/** RFC 4180, with any separator; empty lines are passed over. */
function parseCsv(text: string, separator: string): string[][] {
  const cell = new RegExp(
    `(?:"((?:[^"]|"")*)"|([^${separator}\r\n]*))(${separator}|\r?\n|\r|$)`,
    'g',
  );
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(cell)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end !== separator) rows.push([]);
  }
  return rows.filter((row) => row.some((value) => value !== ''));
}

function invalid(message: string): UndertoneError {
  return new UndertoneError('labels-invalid', message);
}
