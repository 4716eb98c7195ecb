import { createHash, randomUUID } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';
import { type Message, QueueStore } from './queue-store.ts';

/** Milliseconds between two looks for messages that a person has put into the folder. */
const LOOK_INTERVAL = 2000;
/** Many messages are looked for less often, so that it takes at most this share of the time. */
const BUSY_SHARE = 0.02;

export interface QueueOptions {
  /** Folder of the messages; created. Only one process may use it at a time. */
  readonly folder: string;
  /** Milliseconds for which a message that was handed out is kept from others. */
  readonly visibilityTimeout: number;
  /** How often a message is handed out before it is given up. */
  readonly maxReceiveCount: number;
}

/** How many messages wait, are being worked on, and were given up. */
export interface QueueCounts {
  readonly waiting: number;
  readonly inFlight: number;
  readonly dead: number;
}

/**
 * A standard SQS queue on the disk of this machine: at least once, in no promised order, with a
 * visibility timeout and dead letters. It survives the death of its process at any point: what `send`
 * has returned for is delivered until `remove` has returned for it.
 *
 * @example
 * const queue = new LocalQueue({ folder: 'queue', visibilityTimeout: 30_000, maxReceiveCount: 5 });
 * queue.send('{"hello":"world"}');
 * for (const { messageId } of queue.receive(10)) queue.remove(messageId);
 */
export class LocalQueue {
  readonly #options: QueueOptions;
  readonly #store: QueueStore;
  /** Ids that may be handed out, in the order in which that began. */
  readonly #ready = new Set<string>();
  /** Ids that were handed out, with the time at which they may be again. */
  readonly #hidden = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  #lookAt = 0;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#store = new QueueStore(options.folder);
    this.#look();
  }

  /** Puts a message into the queue and returns its id. It is on the disk by then. */
  send(body: string): string {
    const now = Date.now();
    const id = `${now.toString(36).padStart(9, '0')}-${randomUUID()}`;
    const times = { sentAt: now, visibleAt: now, firstReceivedAt: null };
    this.#store.write({ id, body, receives: 0, ...times });
    this.#ready.add(id);
    for (const listener of this.#listeners) listener();
    return id;
  }

  /** Returns at most `limit` messages as SQS gives them to Lambda; others do not get them meanwhile. */
  receive(limit: number): SQSRecord[] {
    this.#wake();
    const records: SQSRecord[] = [];
    for (const id of this.#ready) {
      if (records.length === limit) break;
      this.#ready.delete(id);
      const message = this.#store.read(id);
      if (!message) continue;
      if (message.receives >= this.#options.maxReceiveCount) {
        this.#store.bury(message, `It was tried ${message.receives} times without success.`);
        continue;
      }
      records.push(this.#handOut(message));
    }
    return records;
  }

  /** Says that a message has been dealt with. */
  remove(id: string): void {
    this.#store.remove(id);
    this.#ready.delete(id);
    this.#hidden.delete(id);
  }

  /** Returns all dead letters to the queue, with as many tries as new ones, and their number. */
  redrive(): number {
    const count = this.#store.unbury();
    this.#look();
    return count;
  }

  counts(): QueueCounts {
    this.#wake();
    return {
      waiting: this.#ready.size,
      inFlight: this.#hidden.size,
      dead: this.#store.deadIds().length,
    };
  }

  /** Calls a listener whenever a message has been sent; returns a function that ends it. */
  onSend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #handOut(message: Message): SQSRecord {
    const now = Date.now();
    const received: Message = {
      ...message,
      receives: message.receives + 1,
      firstReceivedAt: message.firstReceivedAt ?? now,
      visibleAt: now + this.#options.visibilityTimeout,
    };
    this.#store.write(received);
    this.#hidden.set(received.id, received.visibleAt);
    return recordOf(received);
  }

  /** Makes visible what has been hidden long enough, and finds what was put into the folder. */
  #wake(): void {
    const now = Date.now();
    for (const [id, visibleAt] of this.#hidden) {
      // Handed out in the order of time: those behind are hidden for longer.
      if (visibleAt > now) break;
      this.#hidden.delete(id);
      this.#ready.add(id);
    }
    if (now >= this.#lookAt) this.#look();
  }

  /** Takes up messages that this process has not heard of: from before its start, or put there. */
  #look(): void {
    const began = Date.now();
    const latest = began + this.#options.visibilityTimeout;
    const hidden: (readonly [id: string, visibleAt: number])[] = [];
    for (const id of this.#store.ids()) {
      if (this.#ready.has(id) || this.#hidden.has(id)) continue;
      const message = this.#store.read(id);
      if (!message) continue;
      if (message.diedAt !== undefined) this.#revive(message);
      else if (message.visibleAt <= began) this.#ready.add(id);
      // A clock that was set back must not hide a message for longer than was meant.
      else hidden.push([id, Math.min(message.visibleAt, latest)]);
    }
    hidden.sort(([, one], [, other]) => one - other);
    for (const [id, visibleAt] of hidden) this.#hidden.set(id, visibleAt);
    const took = Date.now() - began;
    this.#lookAt = began + took + Math.max(LOOK_INTERVAL, took / BUSY_SHARE);
  }

  #revive({ diedAt: _, reason: __, ...message }: Message): void {
    this.#store.write({ ...message, receives: 0, visibleAt: Date.now() });
    this.#ready.add(message.id);
  }
}

function recordOf({ id, body, sentAt, receives, firstReceivedAt }: Message): SQSRecord {
  return {
    messageId: id,
    receiptHandle: id,
    body,
    attributes: {
      ApproximateReceiveCount: String(receives),
      SentTimestamp: String(sentAt),
      SenderId: 'local',
      ApproximateFirstReceiveTimestamp: String(firstReceivedAt ?? sentAt),
    },
    messageAttributes: {},
    md5OfBody: createHash('md5').update(body).digest('hex'),
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:local:000000000000:undertone-labels',
    awsRegion: 'local',
  };
}
