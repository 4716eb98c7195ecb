import { createHash } from 'node:crypto';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { headerOf } from './headers.ts';
import { json, notModified } from './respond.ts';

/**
 * Returns a value that seldom changes as JSON: for `maxAge` seconds a client need not ask again, and
 * then 304 tells it when what it has is still right.
 */
export function cachedJson(
  event: Pick<APIGatewayProxyEvent, 'headers'>,
  value: unknown,
  maxAge: number,
): APIGatewayProxyResult {
  const etag = `"${createHash('sha256').update(JSON.stringify(value)).digest('base64url')}"`;
  const headers = { etag, 'cache-control': `public, max-age=${maxAge}` };
  return names(headerOf(event, 'if-none-match'), etag)
    ? notModified(headers)
    : json(value, headers);
}

/** Weak comparison of `If-None-Match` (RFC 9110, 13.1.2): proxies that compress weaken the tag. */
function names(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}
