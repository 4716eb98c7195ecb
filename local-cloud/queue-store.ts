import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { writeAtomicallySync } from '../lib/files.ts';

const messageSchema = z.object({
  id: z.string(),
  body: z.string(),
  /** Milliseconds since 1970, as all times here. */
  sentAt: z.number(),
  /** Number of deliveries. */
  receives: z.number().int().min(0),
  firstReceivedAt: z.number().nullable(),
  /** Until when it is hidden. */
  visibleAt: z.number(),
  /** Of a FIFO queue. */
  group: z.string().optional(),
  deduplicationId: z.string().optional(),
  /** Only of dead letters. */
  diedAt: z.number().optional(),
  reason: z.string().optional(),
});

export type Message = Readonly<z.infer<typeof messageSchema>>;

const WAITING = 'messages';
const DEAD = 'dead';
const EXTENSION = '.json';

/**
 * The messages of a queue, one file each: `messages/` holds those that wait or are in flight, `dead/` the
 * dead letters. Every change replaces a file in one step, so the process may be killed at any point. To
 * have a dead letter delivered again, move its file to `messages/`.
 *
 * All methods are synchronous: once `write` has returned, the end of the process cannot lose the message.
 */
export class QueueStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    for (const name of [WAITING, DEAD]) mkdirSync(join(folder, name), { recursive: true });
    // Files that the last process did not finish were never confirmed to a sender.
    for (const name of [WAITING, DEAD]) {
      for (const file of readdirSync(join(folder, name))) {
        if (file.endsWith('.tmp')) rmSync(join(folder, name, file), { force: true });
      }
    }
  }

  /** Returns the ids of all messages except dead letters, oldest first. */
  ids(): string[] {
    return namesIn(join(this.#folder, WAITING));
  }

  deadIds(): string[] {
    return namesIn(join(this.#folder, DEAD));
  }

  /** Returns a message, or null. A file that is not a message is moved to the dead letters as it is. */
  read(id: string): Message | null {
    const path = this.#path(WAITING, id);
    if (!existsSync(path)) return null;
    const text = readFileSync(path, 'utf8');
    try {
      // The file name counts, so a copy of the file is another message.
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

  /** Makes a message a dead letter. */
  bury(message: Message, reason: string): void {
    this.#replace(DEAD, { ...message, diedAt: Date.now(), reason });
    this.remove(message.id);
  }

  /** Moves all dead letters back, and returns how many there were. */
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

/** Milliseconds for which a deduplication id counts, as on SQS. */
const KNOWN_FOR = 5 * 60 * 1000;

const knownSchema = z.array(
  z.object({ deduplicationId: z.string(), messageId: z.string(), sentAt: z.number() }),
);

type Known = z.infer<typeof knownSchema>[number];

/**
 * The recent deduplication ids of a FIFO queue, in one file beside its messages: a repetition is
 * recognised even after the message was processed or the process restarted. All methods are synchronous.
 */
export class Deduplication {
  readonly #path: string;
  readonly #known = new Map<string, Known>();

  constructor(folder: string) {
    this.#path = join(folder, 'recent.json');
    for (const known of readKnown(this.#path)) this.#known.set(known.deduplicationId, known);
  }

  /** Returns the id of the message sent with this deduplication id, or null. */
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

/** Returns the ids in a file; none when it is missing or damaged. */
function readKnown(path: string): Known[] {
  if (!existsSync(path)) return [];
  try {
    return knownSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return [];
  }
}

/** Milliseconds by which the clock may have been ahead: a year. */
const LONGEST_LEAD = 365 * 24 * 60 * 60 * 1000;

/**
 * Makes message ids that sort in the order of their creation, even within one millisecond and after the
 * clock was set back between two processes.
 */
export class MessageIds {
  #time = 0;
  #count = 0;

  /** Makes all further ids sort after this one of an earlier process. */
  follow(id: string): void {
    const time = Number.parseInt(id.split('-')[0], 36);
    // Files that a person put there may have any name.
    if (Number.isSafeInteger(time) && time >= this.#time && time <= Date.now() + LONGEST_LEAD) {
      this.#time = time + 1;
      this.#count = 0;
    }
  }

  next(): string {
    const time = Math.max(Date.now(), this.#time);
    this.#count = time === this.#time ? this.#count + 1 : 0;
    this.#time = time;
    return `${base36(time, 9)}-${base36(this.#count, 4)}-${randomUUID()}`;
  }
}

function base36(value: number, length: number): string {
  return value.toString(36).padStart(length, '0');
}
