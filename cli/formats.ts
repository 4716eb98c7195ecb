import pc from 'picocolors';
import { EMOTIONS, type Segment, type Verdict } from '../core/index.ts';
import { headlineParts, meaning, sureness } from '../web/words.js';
import type { Outcome } from './classify-file.ts';
import { bar, COLOURS, clock, LABEL_WIDTH, percentColumn, printable } from './terminal.ts';

/** How outcomes are printed: something first, something for each, something last. */
export interface OutputFormat {
  readonly head: string;
  readonly row: (outcome: Outcome, index: number) => string;
  readonly tail: string;
}

/** One JSON array, written entry by entry. */
export function jsonFormat(hasTimeline: boolean): OutputFormat {
  return {
    head: '[',
    row(outcome, index) {
      const { timeline, ...rest } = outcome as Outcome & { timeline?: Segment[] };
      const entry = hasTimeline && timeline ? { ...rest, timeline } : rest;
      return `${index > 0 ? ',' : ''}\n${JSON.stringify(entry)}`;
    },
    tail: '\n]\n',
  };
}

/** RFC 4180: a header, then one row per file. */
export function csvFormat(): OutputFormat {
  const columns = ['file', 'emotion', 'confidence', ...EMOTIONS, 'duration', 'error'];
  return {
    head: `${columns.join(',')}\r\n`,
    row(outcome) {
      const cells =
        'error' in outcome
          ? [outcome.file, ...Array(EMOTIONS.length + 3).fill(''), outcome.error.code]
          : [
              outcome.file,
              outcome.emotion,
              outcome.confidence,
              ...EMOTIONS.map((emotion) => outcome.probabilities?.[emotion] ?? ''),
              outcome.duration,
              '',
            ];
      return `${cells.map(csvCell).join(',')}\r\n`;
    },
    tail: '',
  };
}

function csvCell(value: string | number): string {
  const text = String(value);
  // Spreadsheets run cells that begin like this as formulas; file names are not ours to trust.
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** For people: a chart for one file, a line for each of many. */
export function textFormat(count: number): OutputFormat {
  const isAlone = count === 1;
  return {
    head: '',
    row(outcome) {
      // Failures are told together at the end; among many, the place in the list is kept.
      if ('error' in outcome) return isAlone ? '' : `${pc.red('✗')} ${printable(outcome.file)}\n`;
      return isAlone ? chart(outcome) : line(outcome);
    },
    tail: '',
  };
}

function line(verdict: Verdict & { file: string }): string {
  const { emotion, sequence, speech, confidence, file } = verdict;
  // A change has no one confidence; its headline takes that column too.
  if (sequence.length > 0)
    return `${sequence.map((name) => COLOURS[name](name)).join(', then ')}  ${printable(file)}\n`;
  const label = COLOURS[emotion](emotion.padEnd(LABEL_WIDTH));
  return `${label} ${percentColumn(speech ? confidence : null)}  ${printable(file)}\n`;
}

function chart(verdict: Verdict & { file: string }): string {
  const { file, emotion, probabilities, duration, timeline = [] } = verdict;
  const lines = ['', `  ${pc.bold(printable(file))}  ${pc.dim(`${duration.toFixed(1)} s`)}`, ''];
  lines.push(...heading(verdict), '');
  if (!probabilities) return lines.join('\n');
  const ranked = EMOTIONS.toSorted((a, b) => probabilities[b] - probabilities[a]);
  for (const name of ranked) {
    const colour = name === ranked[0] && emotion !== 'uncertain' ? COLOURS[name] : pc.dim;
    lines.push(
      `  ${name.padEnd(LABEL_WIDTH)} ${colour(bar(probabilities[name]))} ${percentColumn(probabilities[name])}`,
    );
  }
  if (timeline.length > 1) {
    lines.push('', `  ${pc.bold('Over time')}`);
    for (const { start, end, emotion: label, confidence } of timeline) {
      const span = `${clock(start)}–${clock(end)}`;
      lines.push(
        `  ${span.padEnd(LABEL_WIDTH + 3)} ${COLOURS[label](label.padEnd(LABEL_WIDTH))} ${percentColumn(confidence)}`,
      );
    }
  }
  return [...lines, '', ''].join('\n');
}

/** The headline, with how sure it is or, on a line of its own, what it means. */
function heading(verdict: Verdict): string[] {
  const parts = headlineParts(verdict).map(({ label, text }) => COLOURS[label](pc.bold(text)));
  const headline = [parts.join(' '), sureness(verdict)].filter(Boolean).join(', ');
  return [headline, meaning(verdict)].flatMap((text) => (text ? [`  ${text}`] : []));
}
