import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The one stylesheet of the page that its first paint waits for. */
const STYLESHEET = /<link rel="stylesheet" href="([^"]+)" \/>/;

export interface PageDocument {
  /** What is served as the page itself. */
  readonly html: string;
  /** What the Content-Security-Policy has to name, so that the style in it may count: `'sha256-…'`. */
  readonly styleSource: string;
}

/**
 * Returns the page with its stylesheet in it: to ask for one more file would hold up the first paint.
 * The file alone would do as well, only later.
 *
 * @param folder the folder of the page's files
 * @example
 * const { html, styleSource } = readPageDocument('web');
 */
export function readPageDocument(folder: string): PageDocument {
  // Browsers do so before they compare the style with its hash; Git for Windows may have written CRLF.
  const read = (name: string) => readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n');
  const html = read('index.html');
  const [link, file] = STYLESHEET.exec(html) ?? [];
  if (!link) throw new Error('index.html has no stylesheet to put into it.');
  const style = read(file);
  return {
    html: html.replace(link, () => `<style>${style}</style>`),
    styleSource: `'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  };
}
