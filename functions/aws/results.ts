import { setTimeout as sleep } from 'node:timers/promises';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  type BatchGetCommandInput,
  DeleteCommand,
  GetCommand,
  PutCommand,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import {
  API_CODES,
  type ErrorCode,
  type Verdict,
  verdictSchema,
  withoutTimeline,
} from '../../core/index.ts';
import { backoff } from '../../lib/backoff.ts';
import type { ResultItem } from '../http/schemas.ts';
import { aws, namesFor, nowSeconds, unavailable } from './clients.ts';
import { RESULT_SECONDS } from './result-id.ts';

/** A result that was stored before verdicts had a sequence can still be read. */
const storedVerdict = verdictSchema.extend({
  sequence: verdictSchema.shape.sequence.default([]),
});

const errorSchema = z.object({
  code: z.enum(API_CODES),
  message: z.string(),
});

const rowSchema = z.object({
  id: z.string(),
  /** Seconds since 1970; DynamoDB removes the row some time after. */
  expires: z.number(),
  /** JSON of what is known; absent while the upload or its verdict is waited for. */
  outcome: z
    .string()
    .transform((json) => JSON.parse(json))
    .pipe(z.union([z.object({ verdict: storedVerdict }), z.object({ error: errorSchema })]))
    .optional(),
  reference: z.string().optional(),
  hasCallback: z.boolean().default(false),
  isAnnounced: z.boolean().default(false),
});

/** How the hearing of an upload ended. */
export type Outcome =
  | { readonly verdict: Verdict }
  | { readonly error: { readonly code: ErrorCode; readonly message: string } };

/** What the client said about a result when it asked for it. */
export interface ResultDetails {
  /** The client's own name for the recording. */
  readonly reference?: string | undefined;
  /** Whether the result is to be posted somewhere (callbacks.ts). */
  readonly hasCallback?: boolean;
}

/** A result that has not expired. */
export interface StoredResult extends ResultDetails {
  readonly id: string;
  /** null while the upload or its verdict is waited for. */
  readonly outcome: Outcome | null;
  /** Whether what posts results has been told of it. */
  readonly isAnnounced: boolean;
}

/** Returns a result as lists and callbacks have it: without its timeline, which may be long. */
export function resultItem({ id, reference, outcome }: StoredResult): ResultItem {
  const named = { id, ...(reference !== undefined && { reference }) };
  if (!outcome) return { ...named, state: 'waiting' };
  if ('error' in outcome) return { ...named, state: 'failed', error: outcome.error };
  return { ...named, state: 'done', verdict: withoutTimeline(outcome.verdict) };
}

/**
 * Notes that a result will be there.
 *
 * @throws UndertoneError `unavailable`
 */
export async function createResult(id: string, details: ResultDetails = {}): Promise<void> {
  const { reference, hasCallback = false } = details;
  const Item = {
    id,
    expires: nowSeconds() + RESULT_SECONDS,
    ...(reference !== undefined && { reference }),
    ...(hasCallback && { hasCallback }),
  };
  await aws()
    .documents.send(
      new PutCommand({
        TableName: resultsTable(),
        Item,
        ConditionExpression: 'attribute_not_exists(id)',
      }),
    )
    .catch(failed);
}

/**
 * Returns a result, or null when there is no such result or it has expired.
 *
 * @throws UndertoneError `unavailable`
 */
export async function findResult(id: string): Promise<StoredResult | null> {
  const { Item } = await aws()
    .documents.send(
      new GetCommand({
        TableName: resultsTable(),
        Key: { id },
        ConsistentRead: true,
      }),
    )
    .catch(failed);
  return Item ? readRow(Item) : null;
}

/** Times that keys which DynamoDB had no capacity for are asked for. */
const BATCH_TRIES = 5;

/**
 * Returns results by id, without those that do not exist or have expired.
 *
 * @param ids at most 100: DynamoDB takes no more
 * @throws UndertoneError `unavailable`
 */
export async function findResults(
  ids: readonly string[],
): Promise<ReadonlyMap<string, StoredResult>> {
  const found = new Map<string, StoredResult>();
  const table = resultsTable();
  let wanted: BatchGetCommandInput['RequestItems'] =
    ids.length > 0
      ? { [table]: { Keys: ids.map((id) => ({ id })), ConsistentRead: true } }
      : undefined;
  for (let tries = 1; wanted && Object.keys(wanted).length > 0; tries++) {
    if (tries > BATCH_TRIES) failed(new Error('DynamoDB leaves keys unprocessed.'));
    if (tries > 1) await sleep(backoff(tries - 1, 50));
    const { Responses, UnprocessedKeys } = await aws()
      .documents.send(new BatchGetCommand({ RequestItems: wanted }))
      .catch(failed);
    for (const row of Responses?.[table] ?? []) {
      const result = readRow(row);
      if (result) found.set(result.id, result);
    }
    wanted = UnprocessedKeys;
  }
  return found;
}

function readRow(row: unknown): StoredResult | null {
  const { expires, outcome = null, ...rest } = rowSchema.parse(row);
  // DynamoDB may take days to remove what has expired.
  return expires > nowSeconds() ? { ...rest, outcome } : null;
}

/**
 * Keeps how the hearing of an upload ended, unless that is known already or nobody waits for it any more:
 * its result was deleted or has been removed.
 *
 * @throws UndertoneError `unavailable`
 */
export async function finishResult(id: string, outcome: Outcome): Promise<void> {
  await change(id, {
    UpdateExpression: 'SET outcome = :outcome',
    ConditionExpression: 'attribute_exists(id) AND attribute_not_exists(outcome)',
    ExpressionAttributeValues: { ':outcome': JSON.stringify(outcome) },
  });
}

/**
 * Notes that what posts results has been told of a result. One that is not there any more is no error.
 *
 * @throws UndertoneError `unavailable`
 */
export async function markAnnounced(id: string): Promise<void> {
  await change(id, {
    UpdateExpression: 'SET isAnnounced = :true',
    ConditionExpression: 'attribute_exists(id)',
    ExpressionAttributeValues: { ':true': true },
  });
}

/** Changes a row, unless it is not as the condition says. */
async function change(
  id: string,
  how: Omit<UpdateCommandInput, 'TableName' | 'Key'>,
): Promise<void> {
  await aws()
    .documents.send(new UpdateCommand({ TableName: resultsTable(), Key: { id }, ...how }))
    .catch((error) => {
      if (!(error instanceof ConditionalCheckFailedException)) failed(error);
    });
}

/**
 * Removes a result. One that is not there is no error.
 *
 * @throws UndertoneError `unavailable`
 */
export async function deleteResult(id: string): Promise<void> {
  await aws()
    .documents.send(new DeleteCommand({ TableName: resultsTable(), Key: { id } }))
    .catch(failed);
}

function resultsTable(): string {
  return namesFor('results').UNDERTONE_RESULTS_TABLE;
}

function failed(cause: unknown): never {
  throw unavailable(cause);
}
