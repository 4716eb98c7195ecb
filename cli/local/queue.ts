import { createHash } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';
import { Deduplication } from './deduplication.ts';
import { MessageIds } from './message-ids.ts';
import { type Message, QueueStore } from './queue-store.ts';

/** Whose queues they are; as good as any. */
export const ACCOUNT_ID = '000000000000';

/** Milliseconds between two looks for messages that a person has put into the folder. */
const LOOK_INTERVAL = 2000;
/** Many messages are looked for less often, so that it takes at most this share of the time. */
const BUSY_SHARE = 0.02;

export interface QueueOptions {
  /** As SQS has it: that of a FIFO queue ends with `.fifo`. */
  readonly name: string;
  /** Folder of the messages; created. Only one process may use it at a time. */
  readonly folder: string;
  /** Milliseconds for which a message that was handed out is kept from others. */
  readonly visibilityTimeout: number;
  /** How often a message is handed out before it is given up. */
  readonly maxReceiveCount: number;
}

/** What a FIFO queue has to know of a message. */
export interface Order {
  /** Messages of one group are handed out one after another. */
  readonly group: string;
  /** A message with the id of one of the last five minutes is that one, and not sent again. */
  readonly deduplicationId: string;
}

/** How many messages wait, are being worked on, and were given up. */
export interface QueueCounts {
  readonly waiting: number;
  readonly inFlight: number;
  readonly dead: number;
}

/**
 * An SQS queue on the disk of this machine, with a visibility timeout and dead letters. A standard queue
 * delivers at least once, in no promised order. A FIFO queue keeps the order in each group: while one of
 * its messages is being worked on, or has failed and will come again, the others wait. It survives the death of its process at any point: what `send`
 * has returned for is delivered until `remove` has returned for it.
 *
 * @example
 * const options = { folder: 'queue', visibilityTimeout: 30_000, maxReceiveCount: 5 };
 * const queue = new LocalQueue({ name: 'jobs', ...options });
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
  /** Groups of the messages of a FIFO queue. */
  readonly #groups = new Map<string, string>();
  readonly #ids = new MessageIds();
  readonly #deduplication: Deduplication | null;
  readonly #listeners = new Set<() => void>();
  #lookAt = 0;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#store = new QueueStore(options.folder);
    this.#deduplication = this.isFifo ? new Deduplication(options.folder) : null;
    this.#look();
  }

  get name(): string {
    return this.#options.name;
  }

  get isFifo(): boolean {
    return isFifo(this.name);
  }

  /**
   * Puts a message into the queue and returns its id. It is on the disk by then.
   *
   * @param order what a FIFO queue needs; a standard one takes none
   */
  send(body: string, order?: Order): string {
    const known = order && this.#deduplication?.find(order.deduplicationId);
    if (known) return known;
    const now = Date.now();
    const id = this.#ids.next();
    const times = { sentAt: now, visibleAt: now, firstReceivedAt: null };
    const message = { id, body, receives: 0, ...times, ...order };
    this.#store.write(message);
    this.#recognize(message);
    this.#ready.add(id);
    for (const listener of this.#listeners) listener();
    return id;
  }

  /** Returns at most `limit` messages as SQS gives them to Lambda; others do not get them meanwhile. */
  receive(limit: number): SQSRecord[] {
    this.#wake();
    const records: SQSRecord[] = [];
    const busy = new Set([...this.#hidden.keys()].map((id) => this.#groups.get(id)));
    for (const id of this.#candidates()) {
      if (records.length === limit) break;
      const group = this.#groups.get(id);
      if (group !== undefined && busy.has(group)) continue;
      this.#ready.delete(id);
      const message = this.#store.read(id);
      if (!message) continue;
      if (message.receives >= this.#options.maxReceiveCount) {
        this.#store.bury(message, `It was tried ${message.receives} times without success.`);
        this.#groups.delete(id);
        continue;
      }
      busy.add(group);
      records.push(this.#handOut(message));
    }
    return records;
  }

  /** Says that a message has been dealt with. */
  remove(id: string): void {
    this.#store.remove(id);
    this.#ready.delete(id);
    this.#hidden.delete(id);
    this.#groups.delete(id);
  }

  /**
   * Hides a message for another time than the queue would, from now on.
   *
   * @param receiptHandle of the receipt by which it was handed out; one of an earlier receipt has no say
   * @param duration milliseconds
   * @returns whether the message is still being worked on by whoever has this receipt
   */
  hide(receiptHandle: string, duration: number): boolean {
    this.#wake();
    const id = receiptHandle.slice(0, receiptHandle.lastIndexOf('#'));
    const message = this.#hidden.has(id) ? this.#store.read(id) : null;
    if (!message || receiptOf(message) !== receiptHandle) return false;
    const visibleAt = Date.now() + duration;
    this.#store.write({ ...message, visibleAt });
    this.#hidden.set(id, visibleAt);
    return true;
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

  /** Ids that wait, in the order in which they may be handed out. What failed comes first again. */
  #candidates(): Iterable<string> {
    return this.isFifo ? [...this.#ready].sort() : this.#ready;
  }

  /** Takes in what a FIFO queue has to know of a message that it has. */
  #recognize({ id, group, deduplicationId, sentAt }: Message): void {
    if (group !== undefined) this.#groups.set(id, group);
    if (deduplicationId === undefined || !this.#deduplication) return;
    if (this.#deduplication.find(deduplicationId) !== null) return;
    this.#deduplication.remember({ deduplicationId, messageId: id, sentAt });
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
    return recordOf(received, this.name);
  }

  /** Makes visible what has been hidden long enough, and finds what was put into the folder. */
  #wake(): void {
    const now = Date.now();
    for (const [id, visibleAt] of this.#hidden) {
      if (visibleAt > now) continue;
      this.#hidden.delete(id);
      this.#ready.add(id);
    }
    if (now >= this.#lookAt) this.#look();
  }

  /** Takes up messages that this process has not heard of: from before its start, or put there. */
  #look(): void {
    const began = Date.now();
    const latest = began + this.#options.visibilityTimeout;
    for (const id of this.#store.ids()) {
      if (this.#ready.has(id) || this.#hidden.has(id)) continue;
      const message = this.#store.read(id);
      if (!message) continue;
      this.#ids.follow(id);
      // Its process may have ended before it could note the second of both.
      this.#recognize(message);
      if (message.diedAt !== undefined) this.#revive(message);
      else if (message.visibleAt <= began) this.#ready.add(id);
      // A clock that was set back must not hide a message for longer than was meant.
      else this.#hidden.set(id, Math.min(message.visibleAt, latest));
    }
    const took = Date.now() - began;
    this.#lookAt = began + took + Math.max(LOOK_INTERVAL, took / BUSY_SHARE);
  }

  #revive({ diedAt: _, reason: __, ...message }: Message): void {
    this.#store.write({ ...message, receives: 0, visibleAt: Date.now() });
    this.#ready.add(message.id);
  }
}

/** The name tells, as on SQS. */
function isFifo(name: string): boolean {
  return name.endsWith('.fifo');
}

/** Another one each time that a message is handed out. */
function receiptOf({ id, receives }: Message): string {
  return `${id}#${receives}`;
}

/** Returns the name of a queue as the rest of AWS has it. */
export function queueArn(name: string): string {
  return `arn:aws:sqs:local:${ACCOUNT_ID}:${name}`;
}

/** Returns what the queue of the dead letters of a queue is called. */
export function deadLetterName(name: string): string {
  return isFifo(name) ? name.replace(/\.fifo$/, '-dead.fifo') : `${name}-dead`;
}

function recordOf(message: Message, queue: string): SQSRecord {
  const { id, body, sentAt, receives, firstReceivedAt, group, deduplicationId } = message;
  return {
    messageId: id,
    receiptHandle: receiptOf(message),
    body,
    attributes: {
      ApproximateReceiveCount: String(receives),
      SentTimestamp: String(sentAt),
      SenderId: 'local',
      ApproximateFirstReceiveTimestamp: String(firstReceivedAt ?? sentAt),
      ...(group !== undefined && { MessageGroupId: group }),
      ...(deduplicationId !== undefined && { MessageDeduplicationId: deduplicationId }),
    },
    messageAttributes: {},
    md5OfBody: createHash('md5').update(body).digest('hex'),
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn(queue),
    awsRegion: 'local',
  };
}
