import type { Results } from '../baselines/results.ts';
import { modelCard } from './card.ts';
import { type Markup, markup } from './markup.ts';
import { pageHtml } from './page.ts';
import { calibrationReport } from './sections/calibration.ts';
import { candidateReport } from './sections/candidate.ts';
import { dataReport } from './sections/data.ts';
import { comparison, header } from './sections/overview.ts';

/**
 * Returns the report of a training run as one HTML page that needs nothing else: no script, no font,
 * no network. It is well-formed XML too.
 *
 * Throws an Error when the chosen family is not among the candidates.
 *
 * @example
 * await writeFile('report.html', reportHtml(results));
 */
export function reportHtml(results: Results): string {
  const { candidates } = results;
  const card = modelCard(results);
  return pageHtml({
    title: 'Undertone: training report',
    header: header(results, card.data.map(({ name }) => name).join(', ')),
    links: [
      { id: 'comparison', name: 'Two protocols' },
      { id: 'calibration', name: 'Confidence' },
      ...candidates.map(({ family, title }) => ({ id: `candidate-${family}`, name: title })),
      { id: 'data', name: 'Data' },
      { id: 'limits', name: 'Limits' },
    ],
    main: [
      comparison(results),
      calibrationReport(results),
      candidates.map((candidate) => candidateReport(candidate, results)),
      dataReport(results),
      limits(card),
    ],
  });
}

function limits({ limits: sentences, licence, data }: ReturnType<typeof modelCard>): Markup {
  return markup`<section id="limits"><h2>Limits</h2>
<ul>${sentences.map((sentence) => markup`<li>${sentence}</li>`)}</ul>
<p>${licence}</p>
<p class="aside">${data.map(({ name, citation, licence: terms }) => `${name}: ${citation}; ${terms}.`).join(' ')}</p>
</section>`;
}
