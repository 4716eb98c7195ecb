/**
 * What the page consists of, wherever it is served from. Plain data, as the local server and the stack
 * in cdk/ both serve it.
 */
export const PAGE = {
  /** Folder at the root of the repository: all its files, at the paths they have in it. */
  folder: 'web',
  /** Files of packages, as Node resolves them, by the path at which the page asks for them. */
  vendor: { 'vendor/meyda.min.js': 'meyda/dist/web/meyda.min.js' },
  /** Path at which the page reads how many bytes one call takes here, as `{ maxCallBytes }`. */
  limits: 'limits.json',
} as const;

/**
 * Bytes of a recording that one call takes on Lambda: base64 makes 6 MB of them, and an event may have
 * 6 MiB together with the headers of the request.
 */
export const LAMBDA_CALL_BYTES = 4_500_000;
