import { download, element, mark } from '../dom.js';
import { clock, EMOTIONS, headline, percent } from '../words.js';

/**
 * Shows the outcomes of several recordings as a table. A single recording only has its card, which says
 * more.
 *
 * @param answers each with its `outcome`, null while there is none, and its `card`
 */
export function showTable(section, answers) {
  const done = answers.filter(({ outcome }) => outcome);
  section.hidden = answers.length < 2;
  const waiting = answers.length - done.length;
  section.querySelector('.table-count').textContent =
    waiting > 0 ? `${done.length} of ${answers.length} done` : `${answers.length} recordings`;
  section.querySelector('tbody').replaceChildren(...answers.map(row));
  for (const button of section.querySelectorAll('[data-download]')) {
    button.disabled = done.length === 0;
  }
}

/** Makes the buttons of the table download the result of `outcomes()`. */
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
  const answer = verdict ? headline(verdict) : error ? error.code : 'waiting';
  return element(
    'tr',
    { 'data-emotion': label },
    element('th', { scope: 'row' }, link),
    element('td', { class: 'cell-label' }, ...(label ? [mark(label)] : []), answer),
    element(
      'td',
      { class: 'cell-number' },
      verdict && showsConfidence(verdict) ? percent(verdict.confidence) : '–',
    ),
    element('td', { class: 'cell-eight' }, verdict?.probabilities ? profile(verdict) : '–'),
    element('td', { class: 'cell-number' }, verdict ? clock(verdict.duration) : '–'),
  );
}

/** A note that changes has no single confidence; neither has silence. */
function showsConfidence({ speech, sequence }) {
  return speech !== null && sequence.length === 0;
}

/** Returns all eight probabilities as a row of small columns, always in the same order. */
function profile({ probabilities }) {
  const text = EMOTIONS.map((emotion) => `${emotion} ${percent(probabilities[emotion])}`).join(
    ', ',
  );
  const columns = EMOTIONS.map((emotion) => {
    const column = element('span', { 'data-emotion': emotion });
    column.style.height = `${Math.max(4, probabilities[emotion] * 100)}%`;
    return column;
  });
  return element(
    'span',
    { class: 'profile', role: 'img', 'aria-label': text, title: text },
    ...columns,
  );
}

const COLUMNS = ['file', 'emotion', 'confidence', ...EMOTIONS, 'duration', 'error'];

/**
 * Returns outcomes as CSV (RFC 4180) with the columns of `undertone classify --csv`.
 *
 * @param outcomes each with a `file` name and either a `verdict` or an `error`
 */
function toCsv(outcomes) {
  const rows = outcomes.map(({ file, verdict, error }) =>
    verdict
      ? [
          file,
          verdict.emotion,
          verdict.confidence,
          ...EMOTIONS.map((emotion) => verdict.probabilities?.[emotion] ?? ''),
          verdict.duration,
          '',
        ]
      : [file, ...Array(COLUMNS.length - 2).fill(''), error.code],
  );
  return [COLUMNS, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** Returns outcomes as a JSON array: each is a verdict or an error with the name of its file. */
function toJson(outcomes) {
  const entries = outcomes.map(({ file, verdict, error }) =>
    verdict ? { file, ...verdict } : { file, error: { code: error.code, message: error.message } },
  );
  return `${JSON.stringify(entries, null, 2)}\n`;
}

function cell(value) {
  // Spreadsheets run cells that start like this as formulas, and file names cannot be trusted. Where the
  // decimal sign is a comma, a cell also starts after a semicolon or a line end.
  const safe =
    typeof value === 'string'
      ? value.replace(/(^|[;\t\r\n])(?=[=+\-@\t\r＝＋－＠])/g, "$1'")
      : String(value);
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
