import { stringify } from 'csv-stringify/sync';

/**
 * Returns one line of CSV (RFC 4180), with its line end. Spreadsheets run cells that begin like a formula,
 * and cells may come from anybody: such a cell gets an apostrophe in front.
 *
 * @example
 * csvLine(['calls/1.ogg', 0.71, '=1+1']); // "calls/1.ogg,0.71,'=1+1\r\n"
 */
export function csvLine(cells: readonly unknown[]): string {
  return stringify([[...cells]], { escape_formulas: true, record_delimiter: 'windows' });
}
