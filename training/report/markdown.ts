/**
 * Returns a Markdown table. The first column holds words; the columns of figures are set to the right.
 *
 * @example
 * markdownTable(['Emotion', 'F1'], [['sad', '0.512']]);
 */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const isFigure = head.map((_, i) => rows.every((row) => /^[\d.,%–−± ]+$/.test(row[i])));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => escapeMarkdown(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    line(head),
    `|${isFigure.map((figure) => (figure ? '---:' : '---')).join('|')}|`,
    ...rows.map(line),
  ].join('\n');
}

/** Returns a text in which nothing is HTML any more. */
export function escapeMarkdown(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
