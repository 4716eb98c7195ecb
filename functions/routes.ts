/** One route of the HTTP API. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Names in braces stand for one segment, which the event has in `pathParameters`. */
  readonly path: string;
  /** Name of the file in this folder whose export `handler` answers it. */
  readonly handler: 'emotion' | 'model' | 'uploads' | 'result' | 'delete-result' | 'openapi';
}

/**
 * Every route of the HTTP API. Plain data, so that what deploys the handlers need not load them.
 */
export const ROUTES: readonly Route[] = [
  { method: 'POST', path: '/v1/emotion', handler: 'emotion' },
  { method: 'POST', path: '/v1/uploads', handler: 'uploads' },
  { method: 'GET', path: '/v1/results/{id}', handler: 'result' },
  { method: 'DELETE', path: '/v1/results/{id}', handler: 'delete-result' },
  { method: 'GET', path: '/v1/model', handler: 'model' },
  { method: 'GET', path: '/openapi.json', handler: 'openapi' },
];
