import pc from 'picocolors';
import { EMOTIONS, type Segment, type Verdict } from '../core/index.ts';
import { percent } from '../lib/percent.ts';
import type { Outcome } from './classify-file.ts';
import { bar, COLOURS, clock, LABEL_WIDTH, percentColumn } from './terminal.ts';

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
      if ('error' in outcome) return isAlone ? '' : `${pc.red('✗')} ${outcome.file}\n`;
      return isAlone ? chart(outcome) : line(outcome);
    },
    tail: '',
  };
}

function line(verdict: Verdict & { file: string }): string {
  const label = COLOURS[verdict.emotion](verdict.emotion.padEnd(LABEL_WIDTH));
  const sure = percentColumn(verdict.speech ? verdict.confidence : null);
  return `${label} ${sure}  ${verdict.file}\n`;
}

function chart(verdict: Verdict & { file: string }): string {
  const { file, emotion, probabilities, speech, duration, timeline = [] } = verdict;
  const lines = ['', `  ${pc.bold(file)}  ${pc.dim(`${duration.toFixed(1)} s`)}`, ''];
  if (!speech || !probabilities) {
    lines.push('  No speech was heard in this recording.', '');
    return lines.join('\n');
  }
  lines.push(`  ${headline(verdict)}`, '');
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

function headline({ emotion, confidence, probabilities }: Verdict): string {
  if (emotion !== 'uncertain') {
    return `${COLOURS[emotion](pc.bold(emotion))}, ${percent(confidence)} sure`;
  }
  const best = EMOTIONS.find((name) => probabilities?.[name] === confidence) ?? emotion;
  return `${pc.bold('uncertain')}: the best guess is ${best}, only ${percent(confidence)} sure`;
}
