import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import { EMOTIONS, type Emotion, HOP_SECONDS, type LiveVerdict } from '../../core/index.ts';
import { percent } from '../../lib/percent.ts';
import { COLOURS, clock, LABEL_WIDTH, percentColumn, printable } from '../terminal.ts';
import { summaryText } from './summary.ts';
import type { LiveView } from './view.ts';

/** Seconds that the chart shows, where the screen is wide enough. */
const CHART_SECONDS = 30;
/** Columns beside the chart: margin, label, space, and the probability. */
const FRAME_COLUMNS = 2 + LABEL_WIDTH + 1 + 1 + 4;
/** The smallest screen that the chart fits on. */
export const LEAST_SCREEN = { columns: 70, rows: 17 } as const;

/** Heights of a cell of the chart: blank below an eighth of the first one. */
const HEIGHTS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** The meter goes from this level to full scale, in dBFS. */
const LOWEST = -60;
const METER_COLUMNS = 20;
/** Levels from which on the meter warns: near full scale a microphone distorts. */
const LOUD = -9;
const TOO_LOUD = -3;

const ESCAPE = '\u001b[';
const HIDE_CURSOR = `${ESCAPE}?25l`;
/** Also for who ends the program early. */
export const SHOW_CURSOR = `${ESCAPE}?25h`;

/**
 * A chart that moves: for each emotion its probability over the last half minute, the surest one in
 * colour; above it what is heard now, and the level.
 *
 * @param columns asks for the width of the screen, which may change
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

/** One emotion: its name in its colour, its probability over time, and what it is now. */
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

/** Marks seconds below the chart, as many as fit. */
function axis(width: number): string {
  const seconds = width * HOP_SECONDS;
  const left = `└ ${seconds.toFixed(0)} s ago`;
  return `${left.padEnd(width - 5)}now ┘`;
}

/** Puts two texts at both ends of a line. */
function spread(left: string, right: string, width: number): string {
  return `${left}${' '.repeat(Math.max(1, width - visible(left) - visible(right)))}${right}`;
}

/** Columns of a text, without what colours it. */
function visible(text: string): number {
  return stripVTControlCharacters(text).length;
}

function shorten(text: string, columns: number): string {
  const clean = printable(text);
  return clean.length > columns ? `${clean.slice(0, columns - 1)}…` : clean;
}
