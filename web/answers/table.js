import { download, element } from '../dom.js';
import { EMOTIONS, mark } from '../emotions.js';
import { clock, headline, percent } from '../words.js';
import { toCsv, toJson } from './downloads.js';

/**
 * Shows the outcomes of several recordings as a table, which can be downloaded. One recording has its
 * card, which says more.
 *
 * @param answers each with `outcome`, which is null while it is not heard, and the card's `element`
 */
export function showTable(section, answers) {
  const done = answers.filter(({ outcome }) => outcome);
  section.hidden = answers.length < 2;
  const waiting = answers.length - done.length;
  section.querySelector('.table-count').textContent =
    waiting > 0 ? `${done.length} of ${answers.length} heard` : `${answers.length} recordings`;
  section.querySelector('tbody').replaceChildren(...answers.map(row));
  for (const button of section.querySelectorAll('[data-download]')) {
    button.disabled = done.length === 0;
  }
}

/** Lets the buttons of the table download what `outcomes()` returns. */
export function offerDownloads(section, outcomes) {
  const formats = {
    csv: () => new Blob([toCsv(outcomes())], { type: 'text/csv' }),
    json: () => new Blob([toJson(outcomes())], { type: 'application/json' }),
  };
  for (const button of section.querySelectorAll('[data-download]')) {
    const { download: format } = button.dataset;
    button.addEventListener('click', () => download(formats[format](), `undertone.${format}`));
  }
}

function row({ name, outcome, card }) {
  const label = outcome?.verdict?.emotion ?? (outcome ? 'error' : '');
  const { verdict, error } = outcome ?? {};
  const link = element('button', { type: 'button', class: 'row-link' }, name);
  link.addEventListener('click', () => {
    card.element.scrollIntoView({ block: 'start' });
    card.element.focus({ preventScroll: true });
  });
  const told = verdict ? headline(verdict) : error ? error.code : 'waiting';
  return element(
    'tr',
    { 'data-emotion': label },
    element('th', { scope: 'row' }, link),
    element('td', { class: 'cell-label' }, ...(label ? [mark(label)] : []), told),
    element(
      'td',
      { class: 'cell-number' },
      verdict && showsConfidence(verdict) ? percent(verdict.confidence) : '–',
    ),
    element('td', { class: 'cell-eight' }, verdict?.probabilities ? profile(verdict) : '–'),
    element('td', { class: 'cell-number' }, verdict ? clock(verdict.duration) : '–'),
  );
}

/** A change has no one confidence, and nor has silence. */
function showsConfidence({ speech, sequence }) {
  return speech !== null && sequence.length === 0;
}

/** All eight as a row of small columns, always in the same order. */
function profile({ probabilities }) {
  const said = EMOTIONS.map((emotion) => `${emotion} ${percent(probabilities[emotion])}`).join(
    ', ',
  );
  const columns = EMOTIONS.map((emotion) => {
    const column = element('span', { 'data-emotion': emotion });
    column.style.height = `${Math.max(4, probabilities[emotion] * 100)}%`;
    return column;
  });
  return element(
    'span',
    { class: 'profile', role: 'img', 'aria-label': said, title: said },
    ...columns,
  );
}
