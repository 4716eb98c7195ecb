import { createHash } from 'node:crypto';
import { DeleteCommand, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { SQSRecord } from 'aws-lambda';
import * as z from 'zod';
import { CALLBACK_RETRY_DELAYS } from '../infrastructure.ts';
import { aws, namesFor, nowSeconds, unavailable } from './clients.ts';
import { retryAfter, sendMessage } from './queues.ts';
import { RESULT_SECONDS, resultIdSchema } from './result-id.ts';
import { markAnnounced, type StoredResult } from './results.ts';

/** Where a result is to be posted, and what signs it. In a table of its own: few functions may know it. */
export interface Callback {
  readonly url: string;
  /** `whsec_` and the key in base64. */
  readonly secret: string;
}

const rowSchema = z.object({ url: z.string(), secret: z.string(), expires: z.number() });

/**
 * Keeps where a result is to be posted.
 *
 * @throws UndertoneError `unavailable`
 */
export async function createCallback(id: string, { url, secret }: Callback): Promise<void> {
  const Item = { id, url, secret, expires: nowSeconds() + RESULT_SECONDS };
  await aws()
    .documents.send(new PutCommand({ TableName: callbacksTable(), Item }))
    .catch(failed);
}

/**
 * Returns where a result is still to be posted; null when it has been, or need not be any more.
 *
 * @throws UndertoneError `unavailable`
 */
export async function findCallback(id: string): Promise<Callback | null> {
  const get = new GetCommand({ TableName: callbacksTable(), Key: { id }, ConsistentRead: true });
  const { Item } = await aws().documents.send(get).catch(failed);
  if (!Item) return null;
  const { expires, ...callback } = rowSchema.parse(Item);
  return expires > nowSeconds() ? callback : null;
}

/**
 * Forgets where a result was to be posted. Nothing to forget is no error.
 *
 * @throws UndertoneError `unavailable`
 */
export async function deleteCallback(id: string): Promise<void> {
  await aws()
    .documents.send(new DeleteCommand({ TableName: callbacksTable(), Key: { id } }))
    .catch(failed);
}

/** Seconds of a window in which tries are counted. */
const WINDOW = 60;

/**
 * Counts tries at a host in the minute that runs. Somebody may have named it without asking it, so that it
 * gets no more than an honest receiver needs.
 *
 * @returns whether they are within what one host gets
 * @throws UndertoneError `unavailable`
 */
export async function countTries(host: string, tries: number): Promise<boolean> {
  const most = Number(namesFor('callbacks').UNDERTONE_CALLBACKS_PER_HOST);
  const now = nowSeconds();
  const hash = createHash('sha256').update(host).digest('base64url');
  const count = new UpdateCommand({
    TableName: callbacksTable(),
    // No id of a result has a space.
    Key: { id: `host ${hash} ${Math.floor(now / WINDOW)}` },
    UpdateExpression: 'SET expires = :expires ADD tries :tries',
    ExpressionAttributeValues: { ':tries': tries, ':expires': now + 2 * WINDOW },
    ReturnValues: 'UPDATED_NEW',
  });
  const { Attributes } = await aws().documents.send(count).catch(failed);
  return Number(Attributes?.tries) <= most;
}

const messageSchema = z.object({ id: resultIdSchema });

/**
 * Has a result that is there posted, if its client wants that, and once: its form can be used again and again,
 * and each announcement brings all tries of a callback.
 *
 * @throws UndertoneError `unavailable` when the queue does not take it
 */
export async function announce({ id, hasCallback, isAnnounced }: StoredResult): Promise<void> {
  if (!hasCallback || isAnnounced) return;
  await sendMessage(callbacksQueue(), { id });
  await markAnnounced(id);
}

/** Returns the id of the result that a message of the queue is about. */
export function resultToPost({ body }: SQSRecord): string {
  return messageSchema.parse(JSON.parse(body)).id;
}

/**
 * Has a message come again, later after each try. After the last one it is up to the queue at once, which
 * gives it up.
 *
 * @param options.isHostBusy whether its host has had what it gets in a minute
 * @throws what SQS refuses it with; the message comes again all the same, sooner
 */
export async function postLater(
  record: SQSRecord,
  { isHostBusy }: { readonly isHostBusy: boolean },
): Promise<void> {
  const tries = Number(record.attributes.ApproximateReceiveCount);
  const delay = CALLBACK_RETRY_DELAYS[tries - 1] ?? 0;
  const seconds = isHostBusy && delay > 0 ? Math.max(delay, 2 * WINDOW) : delay;
  // Those that failed together do not all come back at the same moment.
  await retryAfter(callbacksQueue(), record, Math.round(seconds * (0.75 + Math.random() / 2)));
}

function callbacksQueue(): string {
  return namesFor('callbackQueue').UNDERTONE_CALLBACKS_QUEUE_URL;
}

function callbacksTable(): string {
  return namesFor('callbacks').UNDERTONE_CALLBACKS_TABLE;
}

function failed(cause: unknown): never {
  throw unavailable(cause);
}
