import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono, type MiddlewareHandler } from 'hono';
import { accepts } from 'hono/accepts';
import { compress } from 'hono/compress';
import { cors } from 'hono/cors';
import { findModelFolder, MAX_BYTES, UndertoneError } from '../../core/index.ts';
import { missingSettings, type Platform } from '../../functions/chat/environment.ts';
import {
  DEVICE,
  DEVICE_LIST,
  type DeviceFiles,
  deviceFiles,
  FOREVER,
} from '../../functions/http/device.ts';
import { type Answer, problem } from '../../functions/http/handle.ts';
import { PAGE, readPageDocument, securityHeaders } from '../../functions/http/page.ts';
import { CHAT_ROUTES, CORS, INSTALL_ROUTES, ROUTES, type Route } from '../../functions/routes.ts';
import { ROOT } from '../../lib/root.ts';
import { isLoopback, parseUrl } from '../../lib/url.ts';
import { Admission, Room } from './admission.ts';
import { answerEarly, readBody } from './body.ts';
import { LIVE_PATH } from './live/protocol.ts';

export interface AppOptions {
  readonly host: string;
  /** Waits for what the functions use of AWS to start; null where it never does. */
  readonly cloud: (() => Promise<unknown> | undefined) | null;
  /** What the page uploads instead of sending it in one call, as it does on AWS; nothing by default. */
  readonly uploads?: PageUploads;
  /** Bytes that the bodies of all requests may have together; twenty of the largest by default. */
  readonly maxBodies?: number | undefined;
}

export interface PageUploads {
  /** Bytes of a recording above which it is uploaded. */
  readonly above: number;
  /** Origin of the S3 that takes it. */
  readonly origin: string;
}

/** Recordings that are classified at a time; in the cloud each has an instance of the function to itself. */
const classifying = new Admission({
  concurrency: availableParallelism(),
  maxWaiting: 1000,
});

/**
 * Returns the local server as an app without a socket: the routes of functions/routes.ts, and the page
 * everywhere else.
 *
 * @param options.host the address it will listen at. On a loopback address only requests to a loopback name
 * are answered, so that a foreign page cannot reach it through a name of its own (DNS rebinding), and
 * only pages of this machine may use the API.
 */
export function createApp(options: AppOptions): Hono {
  const { host, cloud, uploads, maxBodies = 20 * MAX_BYTES } = options;
  const app = new Hono();
  const backend = { cloud, room: new Room(maxBodies) };
  const pageFolder = join(ROOT, PAGE.folder);
  const page = readPageDocument(pageFolder);
  const sources = { styleSource: page.styleSource, uploadOrigin: uploads?.origin };
  const headersOfAll = Object.entries(securityHeaders(sources));
  app.use(async (context, next) => {
    await next();
    const { headers } = context.res;
    // The pages of functions have a stricter policy of their own.
    for (const [name, value] of headersOfAll) if (!headers.has(name)) context.header(name, value);
    // The files of the page may change at every start: the browser asks each time.
    if (!headers.has('cache-control')) context.header('cache-control', 'no-cache');
    if (!headers.has('x-request-id')) context.header('x-request-id', randomUUID());
  });
  // Before the check of the name: platforms come through a tunnel, under its name, and sign what they send;
  // browsers come the same way to install the Slack app.
  for (const route of [...CHAT_ROUTES, ...INSTALL_ROUTES]) {
    app.all(route.path, ({ req }) => answer(req.raw, [route], backend));
  }
  if (isLoopback(host)) {
    app.use(async ({ req }, next) => {
      if (!isLoopback(new URL(req.url).hostname)) throw hostUnknown();
      await next();
    });
  }
  for (const path of new Set(ROUTES.map((route) => route.path))) {
    const here = ROUTES.filter((route) => route.path === path);
    const pattern = path.replace(/\{(\w+)\}/g, ':$1');
    app.use(pattern, crossOrigin(host, methodsOf(here)));
    app.all(pattern, ({ req }) => answer(req.raw, here, backend));
  }
  app.get(`/${PAGE.limits}`, (context) =>
    context.json({ maxCallBytes: uploads?.above ?? MAX_BYTES }),
  );
  app.get('*', compress());
  // Wherever npm put the packages: in a folder of ours, or beside it where we are a package ourselves.
  const { resolve } = createRequire(import.meta.url);
  for (const [path, file] of Object.entries(PAGE.vendor)) {
    app.get(`/${path}`, serveStatic({ path: resolve(file) }));
  }
  app.get(`/${DEVICE}/*`, serveDevice());
  for (const path of ['/', '/index.html']) app.get(path, (context) => context.html(page.html));
  app.get('*', serveStatic({ root: pageFolder }));
  app.notFound(() => problem(notFound()));
  app.onError((thrown) => problem(thrown));
  return app;
}

/** Serves what classifies on the visitor's device, as CloudFront does. */
function serveDevice(): MiddlewareHandler {
  let device: DeviceFiles | undefined;
  return async (context, next) => {
    device ??= deviceFiles(findModelFolder());
    const path = context.req.path.slice(1);
    if (path === DEVICE_LIST) return context.json(device.list);
    const file = device.files.find((each) => each.path === path);
    if (!file) return next();
    const supports = file.brotli ? ['br', 'identity'] : ['identity'];
    const encoding = accepts(context, {
      ...{ header: 'Accept-Encoding', supports, default: 'identity' },
    });
    const isBrotli = encoding === 'br' && file.brotli;
    const headers = {
      'content-type': file.type,
      'cache-control': FOREVER,
      vary: 'accept-encoding',
      ...(isBrotli && { 'content-encoding': 'br' }),
    };
    // Nobody would read the file to its end and close it.
    if (context.req.method === 'HEAD') return context.body(null, 200, headers);
    const content = Readable.toWeb(createReadStream(isBrotli ? file.brotli : file.source));
    return context.body(content as ReadableStream, 200, headers);
  };
}

/**
 * Answers a request to an address of the API with the function that does so in the cloud, in this
 * process. What API Gateway does there is done here: the check of the method, and refusing a body that
 * is too large before it is read to the end.
 */
async function answer(
  request: Request,
  here: readonly Route[],
  { cloud, room }: Pick<AppOptions, 'cloud'> & { readonly room: Room },
): Promise<Response> {
  const route = here.find(({ method }) => method === request.method);
  if (!route) return problem(notAllowed(here), { headers: { allow: methodsOf(here).join(', ') } });
  if ('platform' in route || 'installs' in route) {
    const platform = 'platform' in route ? route.platform : route.installs;
    const missing = missingSettings(platform);
    if (missing.length > 0) throw notSetUp(platform, missing);
  }
  if (route.usesCloud) {
    if (!cloud) throw noCloud();
    await cloud();
  }
  const body = await readBody(request, room);
  const { content } = body;
  if (content instanceof UndertoneError) return answerEarly(problem(content), body);
  try {
    // Loaded when it is first asked for: what talks to AWS takes a moment.
    const module: { readonly answer: Answer } = await import(`../../functions/${route.handler}.ts`);
    const whole = new Request(request.url, {
      method: request.method,
      headers: [...request.headers],
      body: content.length > 0 ? content : null,
    });
    if (route.handler !== 'emotion') return await module.answer(whole);
    return await classifying.run(() => module.answer(whole));
  } finally {
    body.free();
  }
}

/**
 * Lets pages of other origins use the API (CORS), and answers preflight requests, which API Gateway
 * does in the cloud.
 *
 * @param host the address the server listens at. On a loopback address only pages of this machine are
 * let in, such as one under development: not every page that somebody visits.
 */
function crossOrigin(host: string, methods: readonly string[]): MiddlewareHandler {
  const isPrivate = isLoopback(host);
  const allow = cors({
    origin: (origin) => (isPrivate ? (isLocalPage(origin) ? origin : null) : CORS.origin),
    allowMethods: [...methods, 'OPTIONS'],
    allowHeaders: [...CORS.allowHeaders],
    exposeHeaders: [...CORS.exposeHeaders],
    maxAge: CORS.maxAge,
  });
  return (context, next) =>
    allow(context, async () => {
      await next();
      // The functions let every origin in, which is right in the cloud.
      if (isPrivate && !isLocalPage(context.req.header('origin'))) {
        context.res.headers.delete('access-control-allow-origin');
      }
    });
}

/** Returns whether an origin is a page of this very machine. */
export function isLocalPage(origin: string | undefined): boolean {
  const url = parseUrl(origin ?? '');
  return url !== null && isLoopback(url.hostname);
}

function methodsOf(routes: readonly Route[]): string[] {
  return routes.map(({ method }) => method);
}

/** The error for a request to a name that is not one of this machine. */
export function hostUnknown(): UndertoneError {
  return new UndertoneError(
    'host-unknown',
    'This server answers on this machine only: use 127.0.0.1 or localhost as the address, or start it with --host to let others reach it.',
  );
}

/** The error for an address at which there is nothing. */
export function notFound(): UndertoneError {
  const routes = ROUTES.map(({ method, path }) => `${method} ${path}`).join(', ');
  return new UndertoneError(
    'not-found',
    `There is nothing at this address. The API has ${routes} and the WebSocket ${LIVE_PATH}; the page is at /.`,
  );
}

function notAllowed(here: readonly Route[]): UndertoneError {
  const [{ path }] = here;
  return new UndertoneError(
    'method-not-allowed',
    `${path} takes ${methodsOf(here).join(', ')} only.`,
  );
}

function noCloud(): UndertoneError {
  return new UndertoneError(
    'not-found',
    'This server was started without the local cloud, which uploads and chat bots need. Start it without --no-cloud, or send the recording to POST /v1/emotion.',
  );
}

function notSetUp(platform: Platform, missing: readonly string[]): UndertoneError {
  return new UndertoneError(
    'not-found',
    `This server is not set up for ${platform}. Set ${missing.join(' and ')} and start it again; docs/${platform}.md says where to find them.`,
  );
}
