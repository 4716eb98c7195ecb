import type { Label, LiveSummary } from '../../core/index.ts';
import { bar, COLOURS, clock, LABEL_WIDTH, percentColumn } from '../terminal.ts';

/** Returns what was heard in all, for people: the share of each label in the speech. */
export function summaryText({ duration, speech, summary }: LiveSummary): string {
  const entries = (Object.entries(summary) as [Label, number][]).sort(([, a], [, b]) => b - a);
  if (entries.length === 0) return `\n  ${clock(duration)} heard; nobody spoke.\n\n`;
  const lines = entries.map(
    ([label, share]) =>
      `  ${label.padEnd(LABEL_WIDTH)} ${COLOURS[label](bar(share))} ${percentColumn(share)}`,
  );
  return `\n  ${clock(duration)} heard, ${clock(speech)} of it speech\n\n${lines.join('\n')}\n\n`;
}
