/** What web pages of any origin may send and read (CORS). Plain data, as others answer preflights. */
export const CORS = {
  origin: '*',
  allowHeaders: ['accept', 'content-type', 'if-none-match', 'x-api-key'],
  exposeHeaders: ['etag', 'location', 'retry-after', 'x-request-id'],
  /** Seconds for which a browser may keep a permission. */
  maxAge: 3600,
} as const;
