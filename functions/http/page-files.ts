/**
 * What the page consists of, wherever it is served from. Plain data, as the local server and the stack
 * in cdk/ both serve it.
 */
export const PAGE = {
  /** Folder at the root of the repository: all its files, at the paths they have in it. */
  folder: 'web',
  /** Files of packages, as Node resolves them, by the path at which the page asks for them. */
  vendor: { 'vendor/meyda.min.js': 'meyda/dist/web/meyda.min.js' },
} as const;
