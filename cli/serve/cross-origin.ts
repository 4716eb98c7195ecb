import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { CORS } from '../../functions/http/cors.ts';
import { isLoopback } from '../../lib/loopback.ts';
import { methodsAt } from './router.ts';

/**
 * Lets pages of other origins use the API (CORS), and answers the question that browsers ask first,
 * which is API Gateway's part in the cloud.
 *
 * @param host the address the server listens at. On a loopback address only pages of this machine are
 * let in, such as one that is being developed: not every page that somebody visits.
 */
export function crossOrigin(host: string): MiddlewareHandler {
  const isPrivate = isLoopback(host);
  const allow = cors({
    origin: (origin) => (isPrivate ? (isLocalPage(origin) ? origin : null) : CORS.origin),
    allowMethods: (_, { req }) => [...methodsAt(req.raw), 'OPTIONS'],
    allowHeaders: [...CORS.allowHeaders],
    exposeHeaders: [...CORS.exposeHeaders],
    maxAge: CORS.maxAge,
  });
  return async (context, next) => {
    if (methodsAt(context.req.raw).length === 0) return next();
    return allow(context, async () => {
      await next();
      // The functions let everybody in, which is right in the cloud.
      if (isPrivate && !isLocalPage(context.req.header('origin'))) {
        context.res.headers.delete('access-control-allow-origin');
      }
    });
  };
}

/** Returns whether an origin is a page of this very machine. */
export function isLocalPage(origin: string | undefined): boolean {
  return !!origin && URL.canParse(origin) && isLoopback(new URL(origin).hostname);
}
