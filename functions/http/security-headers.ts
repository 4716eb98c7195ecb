/**
 * What every answer of the page's address says to browsers, wherever it is served from. Plain data, as
 * the local server and CloudFront both send it.
 *
 * The page loads nothing but its own files, and plays only what the visitor gave it. `connect-src`
 * covers the live stream: 'self' is the same host over wss: too.
 *
 * @param uploadOrigin where the page sends what is too large for one call, where there is such a place
 * @example
 * securityHeaders('https://inbox.s3.eu-central-1.amazonaws.com')['content-security-policy'];
 */
export function securityHeaders(uploadOrigin?: string) {
  return {
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "worker-src 'self'",
      "style-src 'self'",
      "img-src 'self'",
      ["connect-src 'self'", uploadOrigin].filter(Boolean).join(' '),
      'media-src blob:',
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'microphone=(self), camera=(), geolocation=()',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  } as const;
}
