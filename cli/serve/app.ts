import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { HttpBindings } from '@hono/node-server';
import { serveStatic } from '@hono/node-server/serve-static';
import { type Context, Hono } from 'hono';
import { compress } from 'hono/compress';
import { UndertoneError } from '../../core/errors.ts';
import { MAX_BYTES } from '../../core/limits.ts';
import { readPageDocument } from '../../functions/http/page-document.ts';
import { PAGE } from '../../functions/http/page-files.ts';
import { securityHeaders } from '../../functions/http/security-headers.ts';
import { CHAT_ROUTES } from '../../functions/routes.ts';
import { logEvent } from '../../lib/log.ts';
import { isLoopback } from '../../lib/loopback.ts';
import { ROOT } from '../../lib/root.ts';
import { crossOrigin } from './cross-origin.ts';
import { failure, forward, nothingHere } from './gateway-adapter.ts';

type App = Hono<{ Bindings: HttpBindings }>;

export interface AppOptions {
  readonly host: string;
  /** Waits for what the functions use of AWS to start; null where it never does. */
  readonly cloud: (() => Promise<unknown> | undefined) | null;
  /** What the page sends by another way than one call, as it does on AWS; nothing by default. */
  readonly uploads?: PageUploads;
}

export interface PageUploads {
  /** Bytes of a recording above which it is uploaded. */
  readonly above: number;
  /** Origin of the S3 that takes it. */
  readonly origin: string;
}

/**
 * Returns the local server as an app without a socket: the API under /v1, the page everywhere else.
 *
 * @param options.host the address it will listen at. On a loopback address only requests to a loopback name
 * are answered, so that a foreign page cannot reach it through a name of its own (DNS rebinding).
 */
export function createApp({ host, cloud, uploads }: AppOptions): App {
  const app: App = new Hono();
  const pageFolder = join(ROOT, PAGE.folder);
  const page = readPageDocument(pageFolder);
  const sources = { styleSource: page.styleSource, uploadOrigin: uploads?.origin };
  const headersOfAll = Object.entries(securityHeaders(sources));
  app.use(async (context, next) => {
    await next();
    for (const [name, value] of headersOfAll) context.header(name, value);
    const { headers } = context.res;
    // The files of the page may change at every start: the browser asks each time.
    if (!headers.has('cache-control')) context.header('cache-control', 'no-cache');
    if (!headers.has('x-request-id')) context.header('x-request-id', randomUUID());
  });
  const toApi = ({ req, env }: Context<{ Bindings: HttpBindings }>) =>
    forward(req.raw, { sourceIp: env.incoming.socket.remoteAddress ?? '', cloud });
  // Before the look at the name: platforms come through a tunnel, under its name, and sign what they send.
  for (const { path } of CHAT_ROUTES) app.all(path, toApi);
  if (isLoopback(host)) {
    app.use(async (context, next) => {
      const { hostname } = new URL(context.req.url);
      return isLoopback(hostname) ? next() : failure(hostUnknown());
    });
  }
  app.use(crossOrigin(host));
  for (const path of ['/v1/*', '/openapi.json']) app.all(path, toApi);
  app.get(`/${PAGE.limits}`, (context) =>
    context.json({ maxCallBytes: uploads?.above ?? MAX_BYTES }),
  );
  app.get('*', compress());
  // Wherever npm put the packages: in a folder of ours, or beside it where we are a package ourselves.
  const { resolve } = createRequire(import.meta.url);
  for (const [path, file] of Object.entries(PAGE.vendor)) {
    app.get(`/${path}`, serveStatic({ path: resolve(file) }));
  }
  for (const path of ['/', '/index.html']) app.get(path, (context) => context.html(page.html));
  app.get('*', serveStatic({ root: pageFolder }));
  app.notFound(nothingHere);
  app.onError((thrown) => {
    const requestId = randomUUID();
    const error = UndertoneError.from(thrown);
    if (error.status >= 500) logEvent('a request failed', error, { requestId });
    return failure(error, requestId);
  });
  return app;
}

/** The sentence for a request to a name that is not one of this machine. */
export function hostUnknown(): UndertoneError {
  return new UndertoneError(
    'host-unknown',
    'This server answers on this machine only: use 127.0.0.1 or localhost as the address, or start it with --host to let others reach it.',
  );
}
