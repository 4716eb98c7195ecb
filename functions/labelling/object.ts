import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { classify, defaultModel, ffmpegBuild, UndertoneError } from '../../core/index.ts';
import { aws } from '../aws/clients.ts';
import { type Absence, deleteFromInbox, readObject } from '../aws/inbox.ts';
import type { CreatedObject } from '../aws/notification.ts';
import { once } from '../aws/once.ts';
import { resultIdOf } from '../aws/result-id.ts';
import { findResult, finishResult, type Outcome } from '../aws/results.ts';
import { writeLabel } from './label-file.ts';
import { anonymous, logger, metrics, traced } from './telemetry.ts';

/**
 * Processes one object of the inbox: an upload gets its result, everything else its label.
 *
 * @param isLastTry whether the message becomes a dead letter if this fails. Somebody waits for the result
 * of an upload, and then gets the failure
 * @throws Error when that failed, so that it is tried again
 */
export async function labelObject(object: CreatedObject, isLastTry: boolean): Promise<void> {
  if (object.bucket !== aws().environment.inboxBucket) {
    throw new Error('The notification is about another bucket than the inbox.');
  }
  // Consoles create such an object for a folder.
  if (object.key.endsWith('/') && object.size === 0) return;
  const resultId = resultIdOf(object.key);
  if (resultId === undefined) await oncePerVersion(object, () => writeLabelOf(object));
  else await answerUpload(resultId, object, isLastTry);
}

async function writeLabelOf(object: CreatedObject): Promise<void> {
  const outcome = await classifyObject(object);
  note(object, outcome);
  if (typeof outcome !== 'string') await writeLabel(object, outcome);
}

/** Deletes the recording as soon as it is classified, or when its result was deleted or has expired. */
async function answerUpload(id: string, object: CreatedObject, isLastTry: boolean): Promise<void> {
  if ((await findResult(id)) !== null) {
    const outcome = await classifyObject(object).catch(async (thrown) => {
      const { code, message } = UndertoneError.from(thrown);
      if (isLastTry) await finishResult(id, { error: { code, message } });
      throw thrown;
    });
    note(object, outcome);
    if (typeof outcome === 'string') return;
    await finishResult(id, outcome);
  }
  await deleteFromInbox(object.key);
}

/**
 * Does the work for an object once, however often its version is announced. Another model or another
 * build of ffmpeg is a reason to do it again.
 *
 * @throws what the work throws, after which it may be done again; an error while another call does it
 */
export async function oncePerVersion(
  object: CreatedObject,
  work: () => Promise<void>,
): Promise<void> {
  const { card } = await defaultModel();
  const { bucket, key, versionId, etag, uploadedAt } = object;
  const version = versionId ?? (etag || uploadedAt);
  const identity = { bucket, key, version, model: card.sha256, ffmpeg: await ffmpegBuild() };
  const { dynamodb: client, environment } = aws();
  await once('label', identity, { tableName: environment.idempotencyTable, client }, work);
}

/**
 * Returns the verdict on a recording in the inbox, or the error that the recording caused.
 *
 * @throws UndertoneError when the failure is ours, so that another try makes sense
 */
async function classifyObject(object: CreatedObject): Promise<Outcome | Absence> {
  try {
    const bytes = await traced('read', () => readObject(object));
    if (typeof bytes === 'string') return bytes;
    return { verdict: await traced('classify', () => classify(bytes)) };
  } catch (thrown) {
    const error = UndertoneError.from(thrown);
    // Ours, such as a missing decoder or a defect: a label would blame the recording, and for good.
    if (error.status >= 500) throw error;
    return { error: { code: error.code, message: error.message } };
  }
}

function note(object: CreatedObject, outcome: Outcome | Absence): void {
  const kind =
    typeof outcome === 'string' ? outcome : 'verdict' in outcome ? 'heard' : outcome.error.code;
  logger.info('answered', { object: anonymous(object), outcome: kind });
  metrics.addMetric(
    typeof outcome === 'string' ? 'Absent' : 'verdict' in outcome ? 'Verdicts' : 'NamedErrors',
    MetricUnit.Count,
    1,
  );
}
