import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { writeAtomicallySync } from '../../lib/files.ts';

const messageSchema = z.object({
  id: z.string(),
  body: z.string(),
  /** Milliseconds since 1970, as all times here. */
  sentAt: z.number(),
  /** How often it was handed out. */
  receives: z.number().int().min(0),
  firstReceivedAt: z.number().nullable(),
  /** Until when nobody else gets it. */
  visibleAt: z.number(),
  /** Of a FIFO queue: which others it has to follow, and what it is known by when it comes twice. */
  group: z.string().optional(),
  deduplicationId: z.string().optional(),
  /** When it was given up, and why; only in the folder of the dead letters. */
  diedAt: z.number().optional(),
  reason: z.string().optional(),
});

export type Message = Readonly<z.infer<typeof messageSchema>>;

const WAITING = 'messages';
const DEAD = 'dead';
const EXTENSION = '.json';

/**
 * The messages of a queue as files, one each: `messages/` holds those that wait or are being worked on,
 * `dead/` those that were given up. Every change replaces a file in one step, so that a process may be
 * killed at any point. Who moves a file from `dead/` to `messages/` has it delivered again.
 *
 * All methods are synchronous: when `write` returns, the system has the message, and the
 * end of this process cannot lose it.
 */
export class QueueStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    for (const name of [WAITING, DEAD]) mkdirSync(join(folder, name), { recursive: true });
    // What was being written when the last process ended was never promised to anybody.
    for (const name of [WAITING, DEAD]) {
      for (const file of readdirSync(join(folder, name))) {
        if (file.endsWith('.tmp')) rmSync(join(folder, name, file), { force: true });
      }
    }
  }

  /** Returns the ids of all messages that wait or are being worked on, oldest first. */
  ids(): string[] {
    return namesIn(join(this.#folder, WAITING));
  }

  deadIds(): string[] {
    return namesIn(join(this.#folder, DEAD));
  }

  /**
   * Returns a message, or null when there is none. A file that is not a message, which a person
   * may leave, is put aside among the dead letters as it is.
   */
  read(id: string): Message | null {
    const path = this.#path(WAITING, id);
    if (!existsSync(path)) return null;
    const text = readFileSync(path, 'utf8');
    try {
      // The name counts: who copies a file makes another message.
      return { ...messageSchema.parse(JSON.parse(text)), id };
    } catch {
      renameSync(path, join(this.#folder, DEAD, `${id}.damaged`));
      return null;
    }
  }

  write(message: Message): void {
    this.#replace(WAITING, message);
  }

  remove(id: string): void {
    rmSync(this.#path(WAITING, id), { force: true });
  }

  /** Gives a message up: it lies in `dead/` from then on. */
  bury(message: Message, reason: string): void {
    this.#replace(DEAD, { ...message, diedAt: Date.now(), reason });
    this.remove(message.id);
  }

  /** Moves all dead letters back and returns how many there were. */
  unbury(): number {
    const ids = this.deadIds();
    for (const id of ids) renameSync(this.#path(DEAD, id), this.#path(WAITING, id));
    return ids.length;
  }

  #replace(folder: string, message: Message): void {
    const text = `${JSON.stringify(message, null, 2)}\n`;
    writeAtomicallySync(this.#path(folder, message.id), text);
  }

  #path(folder: string, id: string): string {
    return join(this.#folder, folder, id + EXTENSION);
  }
}

function namesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(EXTENSION))
    .map((name) => name.slice(0, -EXTENSION.length))
    .sort();
}
