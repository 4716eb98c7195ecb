import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import type { Context } from 'aws-lambda';
import { defaultModel } from '../../core/classify.ts';
import { aws } from '../aws/clients.ts';
import type { CreatedObject } from '../aws/notification.ts';

/** Seconds for which a duplicate is known as one. */
const REMEMBERED = 24 * 60 * 60;

const config = new IdempotencyConfig({ expiresAfterSeconds: REMEMBERED });

/** Tells how long this call may take: work that it does not finish may be taken up after that. */
export function registerContext(context: Context): void {
  config.registerLambdaContext(context);
}

/**
 * Does the work for an object once, however often its version is announced. A new model is a reason to
 * do it again.
 *
 * @throws what the work throws, and it may be done again then; an error while another call is at it
 */
export async function once(
  object: CreatedObject,
  work: (object: CreatedObject) => Promise<void>,
): Promise<void> {
  const { card } = await defaultModel();
  const { bucket, key, versionId, etag, uploadedAt } = object;
  const identity = { bucket, key, version: versionId ?? (etag || uploadedAt), model: card.sha256 };
  const { dynamodb, environment } = aws();
  store ??= new DynamoDBPersistenceLayer({
    tableName: environment.idempotencyTable,
    awsSdkV3Client: dynamodb,
  });
  const idempotent = makeIdempotent(async (_: typeof identity) => work(object), {
    persistenceStore: store,
    config,
    keyPrefix: 'label',
  });
  await idempotent(identity);
}

let store: DynamoDBPersistenceLayer | undefined;
