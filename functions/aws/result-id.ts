import { randomBytes } from 'node:crypto';
import * as z from 'zod';

/** Seconds for which a result is kept; a batch, counted from its last upload; a callback, at most. */
export const RESULT_SECONDS = 24 * 60 * 60;

/** The sentence for a result that is not there, for whatever reason. */
export const NO_RESULT =
  'There is no result under this id: it was never made, was deleted or has expired. Ask for a new upload with POST /v1/uploads.';

/** 144 random bits in base64url: nobody can guess somebody else's. Also the key of the upload in its bucket. */
export const resultIdSchema = z.string(NO_RESULT).regex(/^[A-Za-z0-9_-]{24}$/, NO_RESULT);

/** The sentence for a batch that is not there, for whatever reason. */
export const NO_BATCH =
  'There is no batch under this id: it was never made or has expired. Make a new one with POST /v1/batches.';

/** Like that of a result. */
export const batchIdSchema = z.string(NO_BATCH).regex(/^[A-Za-z0-9_-]{24}$/, NO_BATCH);

export function isBatchId(text: string): boolean {
  return batchIdSchema.safeParse(text).success;
}

/** Returns a new id, which begins neither like an option of a command nor like a formula of a spreadsheet. */
export function newResultId(): string {
  for (;;) {
    const id = randomBytes(18).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}

export const newBatchId = newResultId;
