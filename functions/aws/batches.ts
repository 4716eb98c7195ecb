import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { aws, namesFor, nowSeconds, unavailable } from './clients.ts';
import { RESULT_SECONDS } from './result-id.ts';
import { findResults, type StoredResult } from './results.ts';

/**
 * A batch is a row of its own, and one for each of its results. They hold ids and nothing else: what is
 * listed are the results themselves, so that one that was deleted or has expired is in no list.
 */
const HEAD = '!';

/** Milliseconds since 1970, when the result was asked for, and its id. Sorts after the head. */
const MEMBER = /^\d{13}\.([A-Za-z0-9_-]{24})$/;

const memberSchema = z.object({ member: z.string().regex(MEMBER) });

/**
 * Makes a batch, and returns when it expires unless results are added to it.
 *
 * @throws UndertoneError `unavailable`
 */
export async function createBatch(batch: string): Promise<Date> {
  const expires = nowSeconds() + RESULT_SECONDS;
  const put = new PutCommand({ TableName: batchesTable(), Item: { batch, member: HEAD, expires } });
  await aws().documents.send(put).catch(failed);
  return new Date(expires * 1000);
}

/**
 * Adds a result that is about to be created, and keeps the batch for as long as that.
 *
 * @returns whether there is such a batch
 * @throws UndertoneError `unavailable`
 */
export async function addToBatch(batch: string, id: string): Promise<boolean> {
  const TableName = batchesTable();
  const now = nowSeconds();
  const expires = now + RESULT_SECONDS;
  const keep = new UpdateCommand({
    TableName,
    Key: { batch, member: HEAD },
    UpdateExpression: 'SET expires = :expires',
    ConditionExpression: 'expires > :now',
    ExpressionAttributeValues: { ':expires': expires, ':now': now },
  });
  try {
    await aws().documents.send(keep);
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    failed(error);
  }
  const Item = { batch, member: `${Date.now()}.${id}`, expires };
  await aws().documents.send(new PutCommand({ TableName, Item })).catch(failed);
  return true;
}

/**
 * Returns whether there is such a batch.
 *
 * @throws UndertoneError `unavailable`
 */
export async function hasBatch(batch: string): Promise<boolean> {
  const get = new GetCommand({
    TableName: batchesTable(),
    Key: { batch, member: HEAD },
    ConsistentRead: true,
  });
  const { Item } = await aws().documents.send(get).catch(failed);
  return Item !== undefined && z.object({ expires: z.number() }).parse(Item).expires > nowSeconds();
}

/** A result in its place in a batch. */
export interface BatchResult {
  readonly result: StoredResult;
  /** Where to go on after it. */
  readonly cursor: string;
}

/** Some results of a batch, in the order in which they were asked for. */
export interface BatchPart {
  readonly results: readonly BatchResult[];
  /** Where to go on; null at the end of the batch. */
  readonly next: string | null;
}

/** The most results that are read at once: DynamoDB takes no more keys. */
export const PART = 100;

/**
 * Reads the results of a batch after a cursor: fewer than `limit` where some were deleted.
 *
 * @param limit at most PART
 * @throws UndertoneError `unavailable`
 */
export async function readBatch(
  batch: string,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<BatchPart> {
  const query = new QueryCommand({
    TableName: batchesTable(),
    KeyConditionExpression: '#batch = :batch AND #member > :after',
    // Both are reserved words.
    ExpressionAttributeNames: { '#batch': 'batch', '#member': 'member' },
    ExpressionAttributeValues: { ':batch': batch, ':after': after ? memberOf(after) : HEAD },
    ConsistentRead: true,
    // One more tells whether this is the end.
    Limit: limit + 1,
  });
  const { Items = [] } = await aws().documents.send(query).catch(failed);
  const members = Items.slice(0, limit).map((item) => memberSchema.parse(item).member);
  const found = await findResults(members.map(idOf));
  const results = members.flatMap((member) => {
    const result = found.get(idOf(member));
    return result ? [{ result, cursor: cursorOf(member) }] : [];
  });
  const last = Items.length > limit ? members.at(-1) : undefined;
  return { results, next: last === undefined ? null : cursorOf(last) };
}

/** Whether a text is a cursor of some batch. */
export function isCursor(text: string): boolean {
  return MEMBER.test(memberOf(text));
}

function cursorOf(member: string): string {
  return Buffer.from(member).toString('base64url');
}

function memberOf(cursor: string): string {
  return Buffer.from(cursor, 'base64url').toString();
}

function idOf(member: string): string {
  return member.slice(member.indexOf('.') + 1);
}

function batchesTable(): string {
  return namesFor('batches').UNDERTONE_BATCHES_TABLE;
}

function failed(cause: unknown): never {
  throw unavailable(cause);
}
