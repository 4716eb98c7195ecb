import { defaultModel } from '../../core/index.ts';
import { aws } from '../aws/clients.ts';
import type { CreatedObject } from '../aws/notification.ts';
import { once } from '../aws/once.ts';

/**
 * Does the work for an object once, however often its version is announced. A new model is a reason to
 * do it again.
 *
 * @throws what the work throws, and it may be done again then; an error while another call is at it
 */
export async function oncePerVersion(
  object: CreatedObject,
  work: () => Promise<void>,
): Promise<void> {
  const { card } = await defaultModel();
  const { bucket, key, versionId, etag, uploadedAt } = object;
  const identity = { bucket, key, version: versionId ?? (etag || uploadedAt), model: card.sha256 };
  const { dynamodb: client, environment } = aws();
  await once('label', identity, { tableName: environment.idempotencyTable, client }, work);
}
