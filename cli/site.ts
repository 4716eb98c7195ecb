import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { findModelFolder, readCard } from '../core/index.ts';
import { DEVICE, DEVICE_LIST, deviceFiles } from '../functions/http/device.ts';
import { PAGE, readPageDocument, securityHeaders } from '../functions/http/page.ts';
import { ensureFolder } from '../lib/files.ts';
import { ROOT } from '../lib/root.ts';

export interface SiteOptions {
  /** Folder of the model; the one to serve by default. */
  readonly model?: string;
}

/**
 * Writes the page as a static site, which classifies on the visitor's device and needs no API: any static
 * host can serve the folder, at any path. What is in the folder and not of the site is left alone.
 *
 * @throws UndertoneError `folder-unwritable`, `model-invalid`
 */
export async function siteCommand(folder: string, options: SiteOptions = {}): Promise<void> {
  const model = options.model ?? findModelFolder();
  await readCard(model);
  await ensureFolder(folder, 'another argument');
  const page = join(ROOT, PAGE.folder);
  for (const name of readdirSync(page)) {
    if (name !== 'index.html') cpSync(join(page, name), join(folder, name), { recursive: true });
  }
  const { resolve } = createRequire(import.meta.url);
  for (const [path, file] of Object.entries(PAGE.vendor)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(resolve(file), join(folder, path));
  }
  const { list, files } = deviceFiles(model);
  mkdirSync(join(folder, DEVICE), { recursive: true });
  for (const { path, source, brotli } of files) {
    cpSync(source, join(folder, path));
    // Servers that look for such a file send it instead; the others compress it themselves, or not.
    if (brotli) cpSync(brotli, join(folder, `${path}.br`));
  }
  writeFileSync(join(folder, DEVICE_LIST), JSON.stringify(list));
  const { html, styleSource } = readPageDocument(page);
  const headers = securityHeaders({ styleSource });
  writeFileSync(join(folder, 'index.html'), withoutServer(html, headers));
  writeFileSync(join(folder, '_headers'), headersFile(headers));
  console.log(
    `The site is in ${folder}: serve it with any static host, over HTTPS or on localhost.`,
  );
}

type Headers = ReturnType<typeof securityHeaders>;

/** Returns the page of a site that has no API; its policy is in it, for hosts that set no headers. */
function withoutServer(html: string, headers: Headers): string {
  // Browsers take this part from a header only.
  const policy = headers['content-security-policy'].replace(/; frame-ancestors [^;]+/, '');
  return replaceAll(html, [
    ['<html lang="en">', '<html lang="en" data-server="none" data-on-device>'],
    [
      '<meta charset="utf-8" />',
      `<meta charset="utf-8" />\n    <meta http-equiv="Content-Security-Policy" content="${policy}" />`,
    ],
    [
      '<noscript><button class="button" type="submit">Send the chosen file</button></noscript>',
      '<noscript><p>This page needs JavaScript: it analyzes recordings on your device.</p></noscript>',
    ],
  ]);
}

function replaceAll(text: string, pairs: readonly (readonly [string, string])[]): string {
  return pairs.reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`index.html has no ${from}.`);
    return result.replace(from, () => to);
  }, text);
}

/** The headers in the form that Netlify and Cloudflare Pages read. */
function headersFile(headers: Headers): string {
  const lines = Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`);
  return ['/*', ...lines, ''].join('\n');
}
