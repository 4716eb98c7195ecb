import { randomBytes } from 'node:crypto';
import * as z from 'zod';

/** Seconds for which a result is kept. */
export const RESULT_SECONDS = 24 * 60 * 60;

/** The sentence for a result that is not there, for whatever reason. */
export const NO_RESULT =
  'There is no result under this id: it was never made, was deleted or has expired. Ask for a new upload with POST /v1/uploads.';

/** 144 random bits in base64url: nobody can guess somebody else's. Also the key of the upload in its bucket. */
export const resultIdSchema = z.string(NO_RESULT).regex(/^[A-Za-z0-9_-]{24}$/, NO_RESULT);

export function newResultId(): string {
  return randomBytes(18).toString('base64url');
}
