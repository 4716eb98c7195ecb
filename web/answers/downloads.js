import { EMOTIONS } from '../emotions.js';

const COLUMNS = ['file', 'emotion', 'confidence', ...EMOTIONS, 'duration', 'error'];

/**
 * Returns outcomes as CSV (RFC 4180) with the columns of `undertone classify --csv`.
 *
 * @param outcomes each a `file` name with either a `verdict` or an `error`
 */
export function toCsv(outcomes) {
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

/** Returns outcomes as a JSON array: each a verdict, or an error, with the name of its file. */
export function toJson(outcomes) {
  const entries = outcomes.map(({ file, verdict, error }) =>
    verdict ? { file, ...verdict } : { file, error: { code: error.code, message: error.message } },
  );
  return `${JSON.stringify(entries, null, 2)}\n`;
}

function cell(value) {
  const text = String(value);
  // Spreadsheets run cells that begin like this as formulas; file names are not ours to trust.
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
