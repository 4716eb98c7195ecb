import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import {
  EMOTIONS,
  type Emotion,
  HOP_SECONDS,
  type Label,
  type LiveSummary,
  type LiveVerdict,
} from '../../core/index.ts';
import { percent } from '../../lib/percent.ts';
import { bar, COLOURS, clock, LABEL_WIDTH, percentColumn, printable } from '../terminal.ts';

/** How live verdicts are shown. Each function returns the text for stdout. */
export interface LiveView {
  begin(source: string): string;
  verdict(verdict: LiveVerdict): string;
  end(summary: LiveSummary): string;
}

/** One line of JSON for each verdict and the summary: the messages of the WebSocket `/v1/live`. */
export function jsonView(): LiveView {
  return {
    begin: () => '',
    verdict: (verdict) => `${JSON.stringify({ type: 'verdict', ...verdict })}\n`,
    end: (summary) => `${JSON.stringify({ type: 'summary', ...summary })}\n`,
  };
}

/** A line for each verdict during speech, and one when silence begins: for pipes and files. */
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

/** Seconds of the chart on a wide screen. */
const CHART_SECONDS = 30;
/** Columns beside the chart: margin, label, space, and the probability. */
const FRAME_COLUMNS = 2 + LABEL_WIDTH + 1 + 1 + 4;
/** Smallest screen for the chart. */
export const LEAST_SCREEN = { columns: 70, rows: 17 } as const;

/** Cells of the chart, by height. */
const HEIGHTS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** Lowest level of the meter, in dBFS. */
const LOWEST = -60;
const METER_COLUMNS = 20;
/** Levels at which the meter warns: near full scale a microphone distorts. */
const LOUD = -9;
const TOO_LOUD = -3;

const ESCAPE = '\u001b[';
const HIDE_CURSOR = `${ESCAPE}?25l`;
/** Also needed when the program ends early. */
export const SHOW_CURSOR = `${ESCAPE}?25h`;

/**
 * A moving chart: the probability of each emotion over the last half minute, the most probable one in
 * colour, below the current verdict and the level.
 *
 * @param columns returns the current width of the screen
 */
export function screenView(columns: () => number): LiveView {
  const history: LiveVerdict[] = [];
  let source = '';
  let lines = 0;
  const draw = () => {
    const width = Math.min(CHART_SECONDS / HOP_SECONDS, Math.max(1, columns() - FRAME_COLUMNS - 1));
    const picture = paint(source, history.slice(-width), width);
    const back = lines > 0 ? `${ESCAPE}${lines}A` : '';
    lines = picture.length;
    return `${back}\r${picture.map((line) => `${line}${ESCAPE}K\n`).join('')}${ESCAPE}J`;
  };
  return {
    begin(name) {
      source = name;
      return HIDE_CURSOR + draw();
    },
    verdict(verdict) {
      history.push(verdict);
      if (history.length > CHART_SECONDS / HOP_SECONDS) history.shift();
      return draw();
    },
    end: (summary) => `${ESCAPE}${lines}A\r${ESCAPE}J${SHOW_CURSOR}${summaryText(summary)}`,
  };
}

function paint(source: string, history: readonly LiveVerdict[], width: number): string[] {
  const now = history.at(-1);
  const right = FRAME_COLUMNS + width;
  return [
    '',
    spread(
      `  ${pc.bold(shorten(source, right - 30))}`,
      pc.dim(`${clock(now?.at ?? 0)}   Ctrl+C ends`),
      right,
    ),
    '',
    spread(`  ${headline(now)}`, meter(now?.level ?? LOWEST), right),
    '',
    ...EMOTIONS.map((emotion) => lane(emotion, history, width)),
    pc.dim(`  ${' '.repeat(LABEL_WIDTH)} ${axis(width)}`),
    '',
  ];
}

function headline(now: LiveVerdict | undefined): string {
  if (!now) return pc.dim('listening …');
  const { emotion, confidence, probabilities } = now;
  if (emotion === 'no-speech') return pc.dim('quiet: nobody speaks');
  const sure = percent(confidence);
  if (emotion !== 'uncertain') return `${COLOURS[emotion](pc.bold(emotion))}, ${sure} sure`;
  const best = EMOTIONS.find((name) => probabilities?.[name] === confidence) ?? emotion;
  return `${pc.bold('uncertain')}, perhaps ${best} (${sure})`;
}

function meter(level: number): string {
  const filled = Math.round(((level - LOWEST) / -LOWEST) * METER_COLUMNS);
  const cells = Math.max(0, Math.min(METER_COLUMNS, filled));
  const colour = level >= TOO_LOUD ? pc.red : level >= LOUD ? pc.yellow : pc.green;
  const rest = pc.dim('·'.repeat(METER_COLUMNS - cells));
  const decibels = Math.max(level, LOWEST).toFixed(0);
  return `${pc.dim('level')} ${colour('■'.repeat(cells))}${rest} ${decibels.padStart(4)} dB`;
}

/** One emotion: name, probability over time, and current probability. */
function lane(emotion: Emotion, history: readonly LiveVerdict[], width: number): string {
  const now = history.at(-1);
  const cells = history.map((verdict) => {
    const probability = verdict.probabilities?.[emotion] ?? 0;
    const cell = HEIGHTS[Math.round(probability * (HEIGHTS.length - 1))];
    return verdict.emotion === emotion ? COLOURS[emotion](cell) : pc.dim(cell);
  });
  const isNow = now?.emotion === emotion;
  const name = emotion.padEnd(LABEL_WIDTH);
  const probability = now?.probabilities ? percentColumn(now.probabilities[emotion]) : '    ';
  return [
    `  ${COLOURS[emotion](isNow ? pc.bold(name) : name)} `,
    ' '.repeat(width - cells.length),
    cells.join(''),
    isNow ? ` ${probability}` : pc.dim(` ${probability}`),
  ].join('');
}

/** The time axis below the chart. */
function axis(width: number): string {
  const seconds = width * HOP_SECONDS;
  const left = `└ ${seconds.toFixed(0)} s ago`;
  return `${left.padEnd(width - 5)}now ┘`;
}

/** Puts two texts at the ends of a line. */
function spread(left: string, right: string, width: number): string {
  return `${left}${' '.repeat(Math.max(1, width - visible(left) - visible(right)))}${right}`;
}

/** Columns of a text without colour codes. */
function visible(text: string): number {
  return stripVTControlCharacters(text).length;
}

function shorten(text: string, columns: number): string {
  const clean = printable(text);
  return clean.length > columns ? `${clean.slice(0, columns - 1)}…` : clean;
}

/** Returns a summary for people: the share of each label in the speech. */
export function summaryText({ duration, speech, summary }: LiveSummary): string {
  const entries = (Object.entries(summary) as [Label, number][]).sort(([, a], [, b]) => b - a);
  if (entries.length === 0) return `\n  ${clock(duration)} heard; nobody spoke.\n\n`;
  const lines = entries.map(
    ([label, share]) =>
      `  ${label.padEnd(LABEL_WIDTH)} ${COLOURS[label](bar(share))} ${percentColumn(share)}`,
  );
  return `\n  ${clock(duration)} heard, ${clock(speech)} of it speech\n\n${lines.join('\n')}\n\n`;
}
