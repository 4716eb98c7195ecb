import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UndertoneError } from '../core/index.ts';
import { interrupted } from '../lib/interrupted.ts';
import { modelOf, type Outcome } from './classify-file.ts';
import { startClassifier, watchDropFolder } from './serve/drop-folder.ts';
import { COLOURS, LABEL_WIDTH, percentColumn, printable } from './terminal.ts';

export interface WatchOptions {
  /** Folder that the labels are written to; `labels` inside the watched one by default. */
  readonly labels?: string;
  readonly json?: boolean;
  readonly model?: string;
}

/**
 * Labels everything in a folder and whatever appears in it until SIGINT or SIGTERM, and finishes the
 * file at hand before it resolves.
 *
 * @throws UndertoneError when there is no such folder, or labels or model cannot be used
 */
export async function watchCommand(folder: string, options: WatchOptions): Promise<void> {
  const { labels = join(folder, 'labels'), json, model } = options;
  // A name that was mistyped would become a folder that stays empty.
  if (!(await stat(folder).catch(() => null))?.isDirectory()) {
    throw new UndertoneError(
      'not-found',
      `There is no folder ${folder}. Make it, or name another.`,
    );
  }
  // Here too, because a thread cannot tell what is wrong with it.
  await modelOf(model);
  const stopped = interrupted();
  const classifier = startClassifier(model);
  try {
    const watching = await watchDropFolder({
      inbox: folder,
      labels,
      classify: classifier.classify,
      print: (line) => process.stdout.write(`${line}\n`),
      format: json ? JSON.stringify : line,
    });
    tell(`Watching ${folder}; labels go to ${labels}. Stop with Ctrl+C.`);
    await stopped;
    tell('Stopping: finishing the file at hand. Press Ctrl+C again to stop at once.');
    await watching.close();
  } finally {
    await classifier.close();
  }
}

/** For people, and so beside the labels, not among them. */
function tell(sentence: string): void {
  process.stderr.write(`${printable(sentence)}\n`);
}

function line(label: Outcome): string {
  const file = printable(label.file);
  if ('error' in label) return `${'✗'.padEnd(LABEL_WIDTH + 5)}  ${file}: ${label.error.message}`;
  const { emotion, confidence, speech } = label;
  const sure = percentColumn(speech ? confidence : null);
  return `${COLOURS[emotion](emotion.padEnd(LABEL_WIDTH))} ${sure}  ${file}`;
}
