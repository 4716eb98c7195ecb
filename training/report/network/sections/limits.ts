import type { NetworkResults } from '../../../network/results.ts';
import { type Markup, markup } from '../../markup.ts';
import { networkModelCard } from '../card.ts';
import { knownFailures } from '../failures.ts';

/** Where it fails, what it is not for, and what may be done with it. */
export function networkLimits(results: NetworkResults): Markup {
  const { limits, licence, data } = networkModelCard(results);
  const list = (sentences: readonly string[]) =>
    markup`<ul>${sentences.map((sentence) => markup`<li>${sentence}</li>`)}</ul>`;
  return markup`<section id="limits"><h2>Failures, limits, licence</h2>
<h3>Known failures</h3>
${list(knownFailures(results))}
<h3>Limits</h3>
${list(limits)}
<h3>Licence</h3>
<p>${licence}</p>
<p class="aside">${data.map(({ name, citation, licence: terms }) => `${name}: ${citation}; ${terms}.`).join(' ')}</p>
</section>`;
}
