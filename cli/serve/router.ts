import type { APIGatewayProxyResult } from 'aws-lambda';
import { UndertoneError } from '../../core/errors.ts';
import { problem } from '../../functions/http/problem.ts';
import { CHAT_ROUTES, ROUTES, type Route } from '../../functions/routes.ts';
import { LIVE_PATH } from './live/protocol.ts';

/** A route with what the path of a request puts into its braces. */
export interface FoundRoute {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>> | null;
}

const PATTERNS = [...ROUTES, ...CHAT_ROUTES].map((route) => ({
  route,
  pattern: patternOf(route.path),
}));

/** Returns the route of a request, or the problem that answers it when there is none. */
export function findRoute(request: Request, requestId: string): FoundRoute | APIGatewayProxyResult {
  const { pathname } = new URL(request.url);
  const here = PATTERNS.flatMap(({ route, pattern }) => {
    const match = pattern.exec(pathname);
    return match ? [{ route, pathParameters: decoded(match.groups) }] : [];
  });
  if (here.length === 0) return problem(notFound(), requestId);
  const found = here.find(({ route }) => route.method === request.method);
  return found ?? problem(notAllowed(here), requestId, { allow: methodsOf(here) });
}

/** Returns the methods that are taken at the address of a request; none where there is nothing. */
export function methodsAt(request: Request): string[] {
  const { pathname } = new URL(request.url);
  return PATTERNS.filter(({ pattern }) => pattern.test(pathname)).map(({ route }) => route.method);
}

/** The sentence for an address at which there is nothing. */
export function notFound(): UndertoneError {
  const routes = ROUTES.map(({ method, path }) => `${method} ${path}`).join(', ');
  return new UndertoneError(
    'not-found',
    `There is nothing at this address. The API has ${routes} and the WebSocket ${LIVE_PATH}; the page is at /.`,
  );
}

function notAllowed(here: readonly FoundRoute[]): UndertoneError {
  const [{ route }] = here;
  return new UndertoneError('method-not-allowed', `${route.path} takes ${methodsOf(here)} only.`);
}

function methodsOf(here: readonly FoundRoute[]): string {
  return here.map(({ route }) => route.method).join(', ');
}

/** `/v1/results/{id}` takes one segment, which is not empty, for `id`. */
function patternOf(path: string): RegExp {
  const source = path
    .split('/')
    .map((segment) => segment.replace(/^\{(\w+)\}$/, '(?<$1>[^/]+)').replaceAll('.', '\\.'))
    .join('/');
  return new RegExp(`^${source}$`);
}

function decoded(groups: Record<string, string> | undefined): Record<string, string> | null {
  if (!groups) return null;
  return Object.fromEntries(
    Object.entries(groups).map(([name, value]) => {
      try {
        return [name, decodeURIComponent(value)];
      } catch {
        // Not UTF-8 once it is decoded: no name of ours looks like that, as it is.
        return [name, value];
      }
    }),
  );
}
