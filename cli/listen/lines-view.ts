import type { LiveVerdict } from '../../core/index.ts';
import { COLOURS, LABEL_WIDTH, percentColumn } from '../terminal.ts';
import { summaryText } from './summary.ts';
import type { LiveView } from './view.ts';

/** A line for each verdict while somebody speaks, and one when it becomes quiet: for pipes and files. */
export function linesView(): LiveView {
  let wasQuiet = false;
  return {
    begin: () => '',
    verdict(verdict) {
      const isQuiet = verdict.emotion === 'no-speech';
      const isNews = !isQuiet || !wasQuiet;
      wasQuiet = isQuiet;
      return isNews ? line(verdict) : '';
    },
    end: summaryText,
  };
}

function line({ at, emotion, confidence, level }: LiveVerdict): string {
  const isQuiet = emotion === 'no-speech';
  const label = COLOURS[emotion]((isQuiet ? 'quiet' : emotion).padEnd(LABEL_WIDTH));
  const sure = isQuiet ? '    ' : percentColumn(confidence);
  return `${tenths(at).padStart(8)}  ${label} ${sure}  ${level.toFixed(0).padStart(4)} dB\n`;
}

function tenths(seconds: number): string {
  const rounded = Math.round(seconds * 10) / 10;
  return `${Math.floor(rounded / 60)}:${(rounded % 60).toFixed(1).padStart(4, '0')}`;
}
