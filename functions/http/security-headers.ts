/** What the page may use besides the files at its own address. */
export interface PageSources {
  /** Names the one style that stands in the page: `'sha256-…'`. */
  readonly styleSource: string;
  /** Where the page sends what is too large for one call, where there is such a place. */
  readonly uploadOrigin?: string | undefined;
}

/**
 * Returns what every answer of the page's address says to browsers, by the name of the header: the
 * local server and CloudFront both send it.
 *
 * The page loads nothing but its own files, and plays only what the visitor gave it. `connect-src`
 * covers the live stream: 'self' is the same host over wss: too.
 *
 * There is no Cross-Origin-Opener-Policy. It would cut the page off from a foreign window that opened
 * it, which can do no more to it than send it elsewhere: there is no login, nothing secret in the
 * address, no message that is listened to, no window that it opens, and no memory that it shares. It
 * would make the browser start a new process when the answer is there already, which takes longer than
 * all that the page itself needs until it can be seen.
 *
 * @example
 * securityHeaders(readPageDocument('web'))['content-security-policy'];
 */
export function securityHeaders({ styleSource, uploadOrigin }: PageSources) {
  return {
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "worker-src 'self'",
      `style-src 'self' ${styleSource}`,
      "img-src 'self'",
      ["connect-src 'self'", uploadOrigin].filter(Boolean).join(' '),
      'media-src blob:',
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'microphone=(self), camera=(), geolocation=()',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  } as const;
}
