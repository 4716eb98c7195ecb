import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { writeAtomicallySync } from '../../lib/files.ts';

/** Milliseconds for which a deduplication id is known; as on SQS. */
const KNOWN_FOR = 5 * 60 * 1000;

const knownSchema = z.array(
  z.object({ deduplicationId: z.string(), messageId: z.string(), sentAt: z.number() }),
);

type Known = z.infer<typeof knownSchema>[number];

/**
 * Which deduplication ids a FIFO queue has seen of late, in one file beside its messages: what was sent
 * twice is known as that also when its message has been dealt with, or this process was another one.
 *
 * All methods are synchronous, as those of the messages are.
 */
export class Deduplication {
  readonly #path: string;
  readonly #known = new Map<string, Known>();

  constructor(folder: string) {
    this.#path = join(folder, 'recent.json');
    for (const known of read(this.#path)) this.#known.set(known.deduplicationId, known);
  }

  /** Returns the id of the message that was sent with a deduplication id; null for a new one. */
  find(deduplicationId: string): string | null {
    this.#forget();
    return this.#known.get(deduplicationId)?.messageId ?? null;
  }

  remember(known: Known): void {
    this.#known.set(known.deduplicationId, known);
    this.#forget();
    writeAtomicallySync(this.#path, JSON.stringify([...this.#known.values()]));
  }

  #forget(): void {
    const oldest = Date.now() - KNOWN_FOR;
    for (const [id, { sentAt }] of this.#known) if (sentAt < oldest) this.#known.delete(id);
  }
}

/** A file that is damaged, or was written by somebody else, holds nothing. */
function read(path: string): Known[] {
  if (!existsSync(path)) return [];
  try {
    return knownSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return [];
  }
}
