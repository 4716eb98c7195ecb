import { type Markup, markup, type Part } from './markup.ts';
import { STYLE } from './style.ts';

export interface Page {
  readonly title: string;
  readonly header: Markup;
  /** Sections of `main` by their ids. */
  readonly links: readonly { readonly id: string; readonly name: string }[];
  readonly main: Part;
}

/**
 * Returns one HTML page that needs nothing else: no script, no font, no network. It is well-formed
 * XML too, for which the case of its first line matters.
 */
export function pageHtml({ title, header, links, main }: Page): string {
  const page = markup`<html lang="en" xmlns="http://www.w3.org/1999/xhtml">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"/>
<link rel="icon" href="data:,"/>
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
${header}
<nav aria-label="Contents"><ul>
${links.map(({ id, name }) => markup`<li><a href="#${id}">${name}</a></li>\n`)}</ul></nav>
<main>
${main}
</main>
</body>
</html>`;
  return `<!DOCTYPE html>\n${page.text}\n`;
}
