import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { NetworkResults } from '../../network/results.ts';
import { svgFile } from '../plots/file.ts';
import { networkModelCardMarkdown } from './document/document.ts';
import { FIGURES_FOLDER } from './document/picture.ts';
import { cardPictures } from './pictures.ts';

/** What tells the results of a network from other files; what else is in them its own code wrote. */
const resultsSchema = z.looseObject({
  created: z.string(),
  classes: z.array(z.string()),
  recipe: z.looseObject({ members: z.array(z.number()) }),
  unseen: z.looseObject({ ensemble: z.looseObject({ speech: z.looseObject({}) }) }),
  calibration: z.looseObject({ threshold: z.number() }),
  model: z.looseObject({ sha256: z.string() }),
});

/**
 * Reads the results of a network run.
 *
 * @throws Error when the file cannot be read, is no JSON, or does not hold the results of a network
 */
export async function readNetworkResults(path: string): Promise<NetworkResults> {
  const parsed = resultsSchema.safeParse(JSON.parse(await readFile(path, 'utf8')));
  if (parsed.success) return parsed.data as unknown as NetworkResults;
  const missing = parsed.error.issues.map((issue) => issue.path.join('.') || 'an object');
  throw new Error(`it does not hold what a network run measures (${missing.join(', ')})`);
}

/**
 * Writes the model card document, and its pictures into `figures/` beside it.
 *
 * @returns the paths of the files
 */
export async function writeModelCard(results: NetworkResults, path: string): Promise<string[]> {
  const folder = join(dirname(path), FIGURES_FOLDER);
  await mkdir(folder, { recursive: true });
  const files = [
    [path, networkModelCardMarkdown(results)],
    ...Object.entries(cardPictures(results)).map(([name, plot]) => [
      join(folder, `${name}.svg`),
      svgFile(plot),
    ]),
  ];
  for (const [file, text] of files) await writeFile(file, text);
  return files.map(([file]) => file);
}
