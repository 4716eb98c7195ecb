import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { UPLOADS_PREFIX } from '../infrastructure.ts';

/** Seconds for which a result is kept. */
export const RESULT_SECONDS = 24 * 60 * 60;

/** 144 random bits in base64url: nobody finds the result of somebody else. */
export const resultIdSchema = z.string().regex(/^[A-Za-z0-9_-]{24}$/);

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
