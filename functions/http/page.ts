import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the page consists of: the local server and the stack in cdk/ both serve it. */
export const PAGE = {
  /** Folder at the root of the repository: all its files, at the paths they have in it. */
  folder: 'web',
  /** Files of packages, as Node resolves them, by the path at which the page asks for them. */
  vendor: { 'vendor/meyda.min.js': 'meyda/dist/web/meyda.min.js' },
  /** Path at which the page reads how many bytes one call takes here, as `{ maxCallBytes }`. */
  limits: 'limits.json',
} as const;

/**
 * Bytes of a recording that one call takes on Lambda: in base64 they are 6 MB, and an event may have
 * 6 MiB together with the headers of the request.
 */
export const LAMBDA_CALL_BYTES = 4_500_000;

/** The one stylesheet that the first paint of the page waits for. */
const STYLESHEET = /<link rel="stylesheet" href="([^"]+)" \/>/;

export interface PageDocument {
  /** What is served as the page itself. */
  readonly html: string;
  /** Lets the Content-Security-Policy allow the style in it: `'sha256-…'`. */
  readonly styleSource: string;
}

/**
 * Returns the page with its stylesheet inlined: requesting one more file would delay the first paint.
 *
 * @param folder the folder of the page's files
 * @example
 * const { html, styleSource } = readPageDocument('web');
 */
export function readPageDocument(folder: string): PageDocument {
  // Browsers normalise line ends before they hash the style; Git for Windows may have written CRLF.
  const read = (name: string) => readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n');
  const html = read('index.html');
  const [link, file] = STYLESHEET.exec(html) ?? [];
  if (!link) throw new Error('index.html has no stylesheet to inline.');
  const style = read(file);
  return {
    html: html.replace(link, () => `<style>${style}</style>`),
    styleSource: `'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  };
}

/** What the page may use besides the files at its own address. */
export interface PageSources {
  /** Names the one inline style: `'sha256-…'`. */
  readonly styleSource: string;
  /** Where the page uploads what is too large for one call, if anywhere. */
  readonly uploadOrigin?: string | undefined;
}

/**
 * Returns the headers that every answer at the address of the page has, by name: the local server and
 * CloudFront both send them.
 *
 * The page loads nothing but its own files, and plays only what the visitor gave it. `connect-src
 * 'self'` covers the live stream, which goes to the same host over wss:. `'wasm-unsafe-eval'` lets it
 * compile WebAssembly, and nothing else: onnxruntime and the decoders that classify on the visitor's
 * device, which come from our own address like every script. Text still never becomes a script.
 *
 * There is no Cross-Origin-Opener-Policy. It would separate the page from a foreign window that opened
 * it, which can do no more than navigate it away: there is no login, no secret in the address, no
 * message handler, no window that it opens and no shared memory. And it would make the browser start a
 * new process once the answer is there, which takes longer than everything else before the first paint.
 *
 * @example
 * securityHeaders(readPageDocument('web'))['content-security-policy'];
 */
export function securityHeaders({ styleSource, uploadOrigin }: PageSources) {
  return {
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self' 'wasm-unsafe-eval'",
      "worker-src 'self'",
      "manifest-src 'self'",
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
