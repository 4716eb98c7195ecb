import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { API_CODES, type ErrorCode, type Verdict, verdictSchema } from '../../core/index.ts';
import { aws, namesFor, unavailable } from './clients.ts';
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
});

/** How the hearing of an upload ended. */
export type Outcome =
  | { readonly verdict: Verdict }
  | { readonly error: { readonly code: ErrorCode; readonly message: string } };

/**
 * Notes that a result will be there.
 *
 * @throws UndertoneError `unavailable`
 */
export async function createResult(id: string): Promise<void> {
  const Item = { id, expires: nowSeconds() + RESULT_SECONDS };
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
 * Returns how the hearing of an upload ended, `waiting` before that, and null when there is no such
 * result or it has expired.
 *
 * @throws UndertoneError `unavailable`
 */
export async function findResult(id: string): Promise<Outcome | 'waiting' | null> {
  const { Item } = await aws()
    .documents.send(
      new GetCommand({
        TableName: resultsTable(),
        Key: { id },
        ConsistentRead: true,
      }),
    )
    .catch(failed);
  if (!Item) return null;
  const { expires, outcome } = rowSchema.parse(Item);
  // DynamoDB may take days to remove what has expired.
  return expires > nowSeconds() ? (outcome ?? 'waiting') : null;
}

/**
 * Keeps how the hearing of an upload ended, unless that is known already or nobody waits for it any more:
 * its result was deleted or has been removed.
 *
 * @throws UndertoneError `unavailable`
 */
export async function finishResult(id: string, outcome: Outcome): Promise<void> {
  const update = new UpdateCommand({
    TableName: resultsTable(),
    Key: { id },
    UpdateExpression: 'SET outcome = :outcome',
    ConditionExpression: 'attribute_exists(id) AND attribute_not_exists(outcome)',
    ExpressionAttributeValues: { ':outcome': JSON.stringify(outcome) },
  });
  await aws()
    .documents.send(update)
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
  return namesFor('uploads').UNDERTONE_RESULTS_TABLE;
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

function failed(cause: unknown): never {
  throw unavailable(cause);
}
