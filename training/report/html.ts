import { modelCard } from './card.ts';
import { type Markup, markup } from './markup.ts';
import type { Results } from './results.ts';
import { calibrationReport } from './sections/calibration.ts';
import { candidateReport } from './sections/candidate.ts';
import { dataReport } from './sections/data.ts';
import { comparison, header } from './sections/overview.ts';
import { STYLE } from './style.ts';

/**
 * Returns the report of a training run as one HTML page that needs nothing else: no script, no font,
 * no network. It is well-formed XML
 * too, for which the case of its first line matters.
 *
 * Throws an Error when the chosen family is not among the candidates.
 *
 * @example
 * await writeFile('report.html', reportHtml(results));
 */
export function reportHtml(results: Results): string {
  const { candidates } = results;
  const card = modelCard(results);
  const dataName = card.data.map(({ name }) => name).join(', ');
  const page = markup`<html lang="en" xmlns="http://www.w3.org/1999/xhtml">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"/>
<link rel="icon" href="data:,"/>
<title>Undertone: training report</title>
<style>${STYLE}</style>
</head>
<body>
${header(results, dataName)}
<nav aria-label="Contents"><ul>
<li><a href="#comparison">Two protocols</a></li>
<li><a href="#calibration">Confidence</a></li>
${candidates.map(({ family, title }) => markup`<li><a href="#candidate-${family}">${title}</a></li>`)}
<li><a href="#data">Data</a></li>
<li><a href="#limits">Limits</a></li>
</ul></nav>
<main>
${comparison(results)}
${calibrationReport(results)}
${candidates.map((candidate) => candidateReport(candidate, results))}
${dataReport(results)}
${limits(card)}
</main>
</body>
</html>`;
  return `<!DOCTYPE html>\n${page.text}\n`;
}

function limits({ limits: sentences, licence, data }: ReturnType<typeof modelCard>): Markup {
  return markup`<section id="limits"><h2>Limits</h2>
<ul>${sentences.map((sentence) => markup`<li>${sentence}</li>`)}</ul>
<p>${licence}</p>
<p class="aside">${data.map(({ name, citation, licence: terms }) => `${name}: ${citation}; ${terms}.`).join(' ')}</p>
</section>`;
}
