import { createHash } from 'node:crypto';
import type { SQSRecord } from 'aws-lambda';
import { Deduplication, type Message, MessageIds, QueueStore } from './queue-store.ts';

/** Account in ARNs and queue URLs. */
export const ACCOUNT_ID = '000000000000';

/** Milliseconds between two checks for messages that a person has put into the folder. */
const LOOK_INTERVAL = 2000;
/** A folder with many messages is checked less often: checks take at most this share of the time. */
const BUSY_SHARE = 0.02;

export interface QueueOptions {
  /** Name of the queue; a FIFO queue's ends with `.fifo`, as on SQS. */
  readonly name: string;
  /** Folder of the messages; created. Only one process may use it at a time. */
  readonly folder: string;
  /** Milliseconds for which a received message is hidden from other receivers. */
  readonly visibilityTimeout: number;
  /** Deliveries of a message before it becomes a dead letter. */
  readonly maxReceiveCount: number;
  /** Takes the dead letters; by default they are files in the subfolder `dead`. */
  readonly deadLetters?: LocalQueue;
}

/** What a FIFO queue has to know about a message. */
export interface Order {
  /** Messages of one group are delivered one after another. */
  readonly group: string;
  /** A message with the same id as one of the last five minutes is not sent again. */
  readonly deduplicationId: string;
}

/** Numbers of messages that wait, are in flight, and are dead letters. */
export interface QueueCounts {
  readonly waiting: number;
  readonly inFlight: number;
  readonly dead: number;
}

/**
 * An SQS queue on disk, with visibility timeout and dead letters. A standard queue delivers at least once,
 * in no guaranteed order. A FIFO queue keeps the order within each group: while one message is in flight
 * or waits for another try, the rest of its group waits.
 *
 * The process may be killed at any point: a message for which `send` has returned is delivered until
 * `remove` has returned for it.
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
  /** Ids that can be delivered, in the order in which they became visible. */
  readonly #ready = new Set<string>();
  /** Ids in flight, with the time at which they become visible again. */
  readonly #hidden = new Map<string, number>();
  /** Group of each message of a FIFO queue. */
  readonly #groups = new Map<string, string>();
  readonly #ids = new MessageIds();
  readonly #deduplication: Deduplication | null;
  readonly #listeners = new Set<() => void>();
  #lookAt = 0;
  /** The latest time that was seen. */
  #now = 0;

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
   * Stores a message and returns its id.
   *
   * @param order for a FIFO queue only
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

  /** Returns at most `limit` messages, as Lambda gets them from SQS, and hides them meanwhile. */
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
        this.#giveUp(message);
        continue;
      }
      busy.add(group);
      records.push(this.#handOut(message));
    }
    return records;
  }

  /** Deletes a message that has been processed. */
  remove(id: string): void {
    this.#store.remove(id);
    this.#ready.delete(id);
    this.#hidden.delete(id);
    this.#groups.delete(id);
  }

  /**
   * Changes the visibility timeout of a message in flight, counted from now.
   *
   * @param receiptHandle of the latest delivery; earlier ones have no effect
   * @param duration milliseconds
   * @returns whether the message is in flight under this receipt handle
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

  /** Moves all dead letters back with all their tries, and returns how many there were. */
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

  /** Calls a listener after each `send`; returns a function that removes it. */
  onSend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Returns visible ids in the order of delivery. In a FIFO queue, failed messages come first again. */
  #candidates(): Iterable<string> {
    return this.isFifo ? [...this.#ready].sort() : this.#ready;
  }

  /** Records group and deduplication id of a message. */
  #recognize({ id, group, deduplicationId, sentAt }: Message): void {
    if (group !== undefined) this.#groups.set(id, group);
    if (deduplicationId === undefined || !this.#deduplication) return;
    if (this.#deduplication.find(deduplicationId) !== null) return;
    this.#deduplication.remember({ deduplicationId, messageId: id, sentAt });
  }

  #giveUp(message: Message): void {
    const { deadLetters } = this.#options;
    if (deadLetters) {
      deadLetters.send(message.body);
      this.#store.remove(message.id);
    } else this.#store.bury(message, `It failed ${message.receives} times.`);
    this.#groups.delete(message.id);
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

  /** Makes messages visible whose timeout has passed, and finds new files in the folder. */
  #wake(): void {
    const now = Date.now();
    // When the clock was set back, messages stay hidden for as long as intended, and the folder is checked.
    const back = Math.max(0, this.#now - now);
    this.#now = now;
    this.#lookAt -= back;
    for (const [id, at] of this.#hidden) {
      const visibleAt = at - back;
      if (back > 0) this.#hidden.set(id, visibleAt);
      if (visibleAt > now) continue;
      this.#hidden.delete(id);
      this.#ready.add(id);
    }
    if (now >= this.#lookAt) this.#look();
  }

  /** Finds messages that are new to this process: from an earlier one, or put there by a person. */
  #look(): void {
    const began = Date.now();
    const latest = began + this.#options.visibilityTimeout;
    for (const id of this.#store.ids()) {
      if (this.#ready.has(id) || this.#hidden.has(id)) continue;
      const message = this.#store.read(id);
      if (!message) continue;
      this.#ids.follow(id);
      // The earlier process may have ended before it stored the deduplication id.
      this.#recognize(message);
      if (message.diedAt !== undefined) this.#revive(message);
      else if (message.visibleAt <= began) this.#ready.add(id);
      // When the clock was set back, a message must not stay hidden for longer than intended.
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

function isFifo(name: string): boolean {
  return name.endsWith('.fifo');
}

/** Each delivery has a receipt handle of its own. */
function receiptOf({ id, receives }: Message): string {
  return `${id}#${receives}`;
}

/** Returns the ARN of a queue. */
export function queueArn(name: string): string {
  return `arn:aws:sqs:local:${ACCOUNT_ID}:${name}`;
}

/** Returns the name of the dead-letter queue of a queue. */
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
