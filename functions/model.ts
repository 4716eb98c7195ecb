import { createHash } from 'node:crypto';
import { defaultModel } from '../core/classify.ts';
import { httpHandler } from './http/handler.ts';
import { headerOf } from './http/headers.ts';
import { json, notModified } from './http/respond.ts';

/** Seconds for which a client may keep the card without asking again. */
const MAX_AGE = 60;

/**
 * `GET /v1/model`: the card of the model that answers here. 304 when `If-None-Match` names the
 * card that the client already has.
 */
export const handler = httpHandler(async (event) => {
  const { card } = await defaultModel();
  const etag = `"${createHash('sha256').update(JSON.stringify(card)).digest('base64url')}"`;
  const headers = { etag, 'cache-control': `public, max-age=${MAX_AGE}` };
  return names(headerOf(event, 'if-none-match'), etag) ? notModified(headers) : json(card, headers);
});

/** Weak comparison of `If-None-Match` (RFC 9110, 13.1.2): proxies that compress weaken the tag. */
function names(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}
