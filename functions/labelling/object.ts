import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { classify, defaultModel, ffmpegBuild, UndertoneError } from '../../core/index.ts';
import { aws, namesFor } from '../aws/clients.ts';
import type { CreatedObject } from '../aws/notification.ts';
import { once } from '../aws/once.ts';
import { type Absence, readObject } from '../aws/recordings.ts';
import type { Outcome } from '../aws/results.ts';
import type { Alone } from './batch.ts';
import { writeLabel } from './label-file.ts';
import { anonymous, logger, metrics, traced } from './telemetry.ts';

/**
 * Writes the label of an object of the inbox.
 *
 * @throws Error when that failed, so that it is tried again
 */
export async function labelObject(
  object: CreatedObject,
  _delivery: number,
  alone: Alone,
): Promise<void> {
  if (object.bucket !== namesFor('labelling').UNDERTONE_INBOX_BUCKET) {
    throw new Error('The notification is about another bucket than the inbox.');
  }
  // Consoles create such an object for a folder.
  if (object.key.endsWith('/') && object.size === 0) return;
  await oncePerVersion(object, async () => {
    const outcome = await classifyObject(object, alone);
    if (typeof outcome !== 'string') await writeLabel(object, outcome);
  });
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
  const { UNDERTONE_IDEMPOTENCY_TABLE: tableName } = namesFor('labelling');
  await once('label', identity, { tableName, client: aws().dynamodb }, work);
}

/**
 * Returns the verdict on a recording in a bucket, or the error that the recording caused, and counts it.
 *
 * @throws UndertoneError when the failure is ours, so that another try makes sense
 */
export async function classifyObject(
  object: CreatedObject,
  alone: Alone,
): Promise<Outcome | Absence> {
  const outcome = await outcomeOf(object, alone);
  note(object, outcome);
  return outcome;
}

async function outcomeOf(object: CreatedObject, alone: Alone): Promise<Outcome | Absence> {
  try {
    const bytes = await traced('read', () => readObject(object));
    if (typeof bytes === 'string') return bytes;
    return { verdict: await alone(() => traced('classify', () => classify(bytes))) };
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
