import { readFile, rm } from 'node:fs/promises';
import * as z from 'zod';
import { UndertoneError } from '../../core/index.ts';
import { writeAtomically } from '../../lib/files.ts';

const checkpointSchema = z.object({
  source: z.string(),
  queueUrl: z.string(),
  /** The last key up to which everything is in the queue; keys come in the order of their bytes. */
  after: z.string(),
  enqueued: z.number().int().min(0),
});

/** How far a backfill has come. */
export type Checkpoint = Readonly<z.infer<typeof checkpointSchema>>;

/**
 * Reads the checkpoint of a backfill; null when there is none.
 *
 * @throws UndertoneError when the file is something else, or is about another backfill
 */
export async function readCheckpoint(
  path: string,
  { source, queueUrl }: Pick<Checkpoint, 'source' | 'queueUrl'>,
): Promise<Checkpoint | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new UndertoneError(
      'setting-invalid',
      `Cannot read the checkpoint ${path}. Check its permissions, or name another file with --checkpoint.`,
      { cause },
    );
  }
  const parsed = checkpointSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new UndertoneError(
      'parameter-invalid',
      `${path} is not the checkpoint of a backfill. Name another file with --checkpoint, or start without --resume.`,
      { cause: parsed.error },
    );
  }
  const checkpoint = parsed.data;
  if (checkpoint.source === source && checkpoint.queueUrl === queueUrl) return checkpoint;
  throw new UndertoneError(
    'parameter-invalid',
    `The checkpoint ${path} is about ${checkpoint.source} and the queue ${checkpoint.queueUrl}. Name another file with --checkpoint, or start without --resume.`,
  );
}

/** Writes a checkpoint in one step. */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  try {
    await writeAtomically(path, `${JSON.stringify(checkpoint, null, 2)}\n`);
  } catch (cause) {
    throw new UndertoneError(
      'folder-unwritable',
      `Cannot write the checkpoint ${path}: ${(cause as Error).message}. Name another file with --checkpoint.`,
      { cause },
    );
  }
}

export function removeCheckpoint(path: string): Promise<void> {
  return rm(path, { force: true });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
