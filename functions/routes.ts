/** One route of the HTTP API. */
export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Name of the file in this folder whose export `handler` answers it. */
  readonly handler: 'emotion' | 'model';
}

/**
 * Every route of the HTTP API. Plain data, so that what deploys the handlers need not load them.
 */
export const ROUTES: readonly Route[] = [
  { method: 'POST', path: '/v1/emotion', handler: 'emotion' },
  { method: 'GET', path: '/v1/model', handler: 'model' },
];
