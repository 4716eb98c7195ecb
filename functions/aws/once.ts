import {
  IdempotencyConfig,
  IdempotencyPersistenceLayerError,
  makeIdempotent,
} from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';

/** Seconds for which a duplicate is known as one. */
const REMEMBERED = 24 * 60 * 60;

const config = new IdempotencyConfig({ expiresAfterSeconds: REMEMBERED });

/** Tells how long this call may take: work that it does not finish may be taken up after that. */
export function registerContext(context: Context): void {
  config.registerLambdaContext(context);
}

/** The table that remembers what was done. */
export interface DoneTable {
  readonly tableName: string;
  readonly client: DynamoDBClient;
}

/** Whether a failure of `once` means that the table does not answer, and nothing else. */
export function isTableAway(thrown: unknown): boolean {
  return thrown instanceof IdempotencyPersistenceLayerError;
}

let store: DynamoDBPersistenceLayer | undefined;

/**
 * Does a piece of work once, however often it is asked for.
 *
 * @param kind keeps pieces of different kinds apart
 * @param identity what makes it the same piece of work; only a hash of it is kept
 * @throws what the work throws, and it may be done again then; an error while another call is at it
 */
export async function once<Identity extends Record<string, string>>(
  kind: string,
  identity: Identity,
  { tableName, client }: DoneTable,
  work: () => Promise<void>,
): Promise<void> {
  store ??= new DynamoDBPersistenceLayer({ tableName, awsSdkV3Client: client });
  const idempotent = makeIdempotent(async (_: Identity) => work(), {
    persistenceStore: store,
    config,
    keyPrefix: kind,
  });
  await idempotent(identity);
}
