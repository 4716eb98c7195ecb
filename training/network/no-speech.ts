import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import type { NetworkResults } from './results.ts';

const rowSchema = z.object({
  group: z.string(),
  condition: z.string(),
  clips: z.number().int(),
  noSpeech: z.number().int(),
});
/** What is read of the report that the training of the voice detector writes. */
const reportSchema = z.object({ voices: z.array(rowSchema), sounds: z.array(rowSchema) });

/**
 * Returns how many sounds and voices the voice detector refuses, from its own report: sounds under
 * cross-validation, voices of speakers it did not learn from. Empty when there is no report, since
 * what it learnt from says nothing.
 */
export async function readNoSpeech(path: string): Promise<NetworkResults['noSpeech']> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return [];
  const { voices, sounds } = reportSchema.parse(JSON.parse(text));
  return [...sounds, ...voices].map(({ group, condition, clips, noSpeech }) => ({
    name: condition === 'clean' ? group : `${group}, ${condition}`,
    clips,
    refused: noSpeech,
  }));
}
