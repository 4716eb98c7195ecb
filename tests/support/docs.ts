import { readFileSync } from 'node:fs';
import { EMOTIONS } from '../../core/index.ts';

/** Where `npm start` listens, as the documents have it. */
export const DOCUMENTED_URL = 'http://127.0.0.1:8787';

/** A fenced block of a document. */
export interface Block {
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

/** Returns the text of a document and its blocks that name their language. */
export function readDocument(name: string): { page: string; blocks: Block[] } {
  const page = readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map((match) => ({
    line: page.slice(0, match.index).split('\n').length,
    language: match[1],
    text: match[2],
  }));
  return { page, blocks };
}

/** Verdicts may change with the model. */
export function withoutFigures(text: string): string {
  const emotions = new RegExp(`\\b(${[...EMOTIONS, 'uncertain', 'no-speech'].join('|')})\\b`, 'g');
  return text.replaceAll(emotions, '<emotion>').replaceAll(/\d+\.\d+/g, '<number>');
}
