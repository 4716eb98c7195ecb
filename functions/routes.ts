/** One route of the HTTP API. */
export interface ApiRoute {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Names in braces stand for one segment, which the event has in `pathParameters`. */
  readonly path: string;
  /** Name of the file in this folder whose export `handler` answers it. */
  readonly handler: 'emotion' | 'model' | 'uploads' | 'result' | 'delete-result' | 'openapi';
}

/** A route that a chat platform calls; it is there where the platform has been set up. */
export interface ChatRoute {
  readonly method: 'POST';
  readonly path: string;
  readonly handler: 'discord-interactions' | 'slack-events';
  /** Signs what it sends, which takes the place of a key. */
  readonly platform: 'discord' | 'slack';
}

export type Route = ApiRoute | ChatRoute;

/**
 * Every route of the HTTP API. Plain data, so that what deploys the handlers need not load them.
 */
export const ROUTES: readonly ApiRoute[] = [
  { method: 'POST', path: '/v1/emotion', handler: 'emotion' },
  { method: 'POST', path: '/v1/uploads', handler: 'uploads' },
  { method: 'GET', path: '/v1/results/{id}', handler: 'result' },
  { method: 'DELETE', path: '/v1/results/{id}', handler: 'delete-result' },
  { method: 'GET', path: '/v1/model', handler: 'model' },
  { method: 'GET', path: '/openapi.json', handler: 'openapi' },
];

/** What the chat platforms call. They say what is sent and answered, so OpenAPI does not describe it. */
export const CHAT_ROUTES: readonly ChatRoute[] = [
  {
    method: 'POST',
    path: '/discord/interactions',
    handler: 'discord-interactions',
    platform: 'discord',
  },
  { method: 'POST', path: '/slack/events', handler: 'slack-events', platform: 'slack' },
];
