import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { aws } from '../aws/clients.ts';
import { type Absence, deleteFromInbox } from '../aws/inbox.ts';
import type { CreatedObject } from '../aws/notification.ts';
import { resultIdOf } from '../aws/result-id.ts';
import { findResult, finishResult, type Outcome } from '../aws/results.ts';
import { hear } from './hear.ts';
import { writeLabel } from './label-file.ts';
import { oncePerVersion } from './once.ts';
import { anonymous, logger, metrics } from './telemetry.ts';

/**
 * Answers one object of the inbox: an upload gets its result, everything else its label.
 *
 * @throws Error when it could not be answered, so that it is tried again
 */
export async function labelObject(object: CreatedObject): Promise<void> {
  if (object.bucket !== aws().environment.inboxBucket) {
    throw new Error('The notification is about another bucket than the inbox.');
  }
  // What consoles create for a folder.
  if (object.key.endsWith('/') && object.size === 0) return;
  const resultId = resultIdOf(object.key);
  if (resultId === undefined) await oncePerVersion(object, () => writeLabelOf(object));
  else await answerUpload(resultId, object);
}

async function writeLabelOf(object: CreatedObject): Promise<void> {
  const outcome = await hear(object);
  note(object, outcome);
  if (typeof outcome !== 'string') await writeLabel(object, outcome);
}

/** The recording is deleted as soon as it has been heard, or when nobody waits for it any more. */
async function answerUpload(id: string, object: CreatedObject): Promise<void> {
  if ((await findResult(id)) !== null) {
    const outcome = await hear(object);
    note(object, outcome);
    if (typeof outcome === 'string') return;
    await finishResult(id, outcome);
  }
  await deleteFromInbox(object.key);
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
