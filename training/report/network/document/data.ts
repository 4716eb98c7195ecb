import type { CorpusSummary, NetworkResults } from '../../../network/results.ts';
import { whole } from '../../format.ts';
import { escapeMarkdown, markdownTable } from '../../markdown.ts';
import { corpusTitle, NOT_MEASURED, useText } from '../wording.ts';
import { paragraphs } from './picture.ts';

/** What was trained on, and what was left out and why. */
export function trainingData({ data, classes }: NetworkResults): string {
  if (data.length === 0) return NOT_MEASURED;
  const columns = data.flatMap((corpus) =>
    Object.entries(corpus.byChannel).map(([channel, counts]) => ({
      ...{ name: `${corpusTitle(corpus)}, ${channel}`, counts },
    })),
  );
  const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);
  return paragraphs(
    data.map(corpusText).join('\n'),
    'The figures below come from networks that never heard the speakers that they are judged on, except where it is said.',
    markdownTable(
      ['Emotion', ...columns.map(({ name }) => name)],
      [
        ...classes.map((name, i) => [name, ...columns.map(({ counts }) => whole(counts[i]))]),
        ['all', ...columns.map(({ counts }) => whole(sum(counts)))],
      ],
    ),
    exclusions(data),
  );
}

function corpusText(corpus: CorpusSummary): string {
  const { citation, licence } = corpus;
  return `- **${corpusTitle(corpus)}**: ${useText(corpus)}. ${citation}. Licence: ${licence}.`;
}

function exclusions(data: readonly CorpusSummary[]): string {
  const lines = data.flatMap((corpus) =>
    corpus.excluded.map(
      ({ id, reason }) => `- ${corpusTitle(corpus)} ${id}: ${escapeMarkdown(reason)}`,
    ),
  );
  return lines.length === 0 ? 'No recording was left out.' : `Left out:\n\n${lines.join('\n')}`;
}
