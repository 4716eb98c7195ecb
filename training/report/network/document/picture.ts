import type { NetworkResults } from '../../../network/results.ts';
import { cardPictures } from '../pictures.ts';

/** Folder of the pictures, seen from the document. */
export const FIGURES_FOLDER = 'figures';

/** Returns the Markdown of a picture of the card; nothing when it was not measured. */
export function picture(results: NetworkResults, name: string): string | null {
  const plot = cardPictures(results)[name];
  return plot ? `![${plot.words.title}](${FIGURES_FOLDER}/${name}.svg)` : null;
}

/** Joins the parts of a section that are there. */
export function paragraphs(...parts: readonly (string | null | false)[]): string {
  return parts.filter((part) => typeof part === 'string').join('\n\n');
}
