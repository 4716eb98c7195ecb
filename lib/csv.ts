import { stringify } from 'csv-stringify/sync';

/**
 * Where a spreadsheet may begin a cell within a cell of ours: it splits lines at semicolons in countries
 * whose decimal sign is a comma, and then heeds no quotes in the middle of a cell.
 */
const HIDDEN_FORMULA = /([;\t\r\n])(?=[=+\-@\t\r＝＋－＠])/g;

/**
 * Returns one line of CSV (RFC 4180), with its line end. Spreadsheets run cells that begin like a formula,
 * and cells may come from anybody: such a cell gets an apostrophe in front, and so does what becomes a cell
 * where semicolons separate them. Cells with line ends are quoted.
 *
 * @example
 * csvLine(['calls/1.ogg', 0.71, '=1+1']); // "calls/1.ogg,0.71,'=1+1\r\n"
 */
export function csvLine(cells: readonly unknown[]): string {
  const disarmed = cells.map((cell) =>
    typeof cell === 'string' ? cell.replace(HIDDEN_FORMULA, "$1'") : cell,
  );
  return stringify([disarmed], {
    escape_formulas: true,
    record_delimiter: 'windows',
    // Otherwise only the line end that stands above is quoted, and a name with another one begins a row.
    quote_record_delimiter: true,
  });
}
