// Loaded while the instance starts, not with the first note.
import 'onnxruntime-node';
import { forEachObject } from './labelling/batch.ts';
import { labelObject } from './labelling/object.ts';

/**
 * Labels what came into the inbox bucket. A recording that cannot be classified gets its named error, and
 * is done; a failure that lies with us or with AWS is tried again.
 */
export const handler = forEachObject(labelObject);
