import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { UPLOADS_PREFIX } from '../infrastructure.ts';

/** Seconds for which a result is kept. */
export const RESULT_SECONDS = 24 * 60 * 60;

/** The sentence for a result that is not there, for whatever reason. */
export const NO_RESULT =
  'There is no result under this id: it was never made, was deleted or has expired. Ask for a new upload with POST /v1/uploads.';

/** 144 random bits in base64url: nobody can guess somebody else's. */
export const resultIdSchema = z.string(NO_RESULT).regex(/^[A-Za-z0-9_-]{24}$/, NO_RESULT);

export function newResultId(): string {
  return randomBytes(18).toString('base64url');
}

/** Returns the key in the inbox bucket at which the upload for a result lies. */
export function uploadKey(id: string): string {
  return `${UPLOADS_PREFIX}${id}`;
}

/** Returns the id of the result that an object of the inbox bucket is for; undefined for others. */
export function resultIdOf(key: string): string | undefined {
  if (!key.startsWith(UPLOADS_PREFIX)) return undefined;
  return resultIdSchema.safeParse(key.slice(UPLOADS_PREFIX.length)).data;
}
