import pc from 'picocolors';
import type { Label } from '../core/index.ts';
import { percent } from '../lib/percent.ts';

/** The colour of each label on a terminal. */
export const COLOURS: Record<Label, (text: string) => string> = {
  neutral: pc.white,
  calm: pc.cyan,
  happy: pc.yellow,
  sad: pc.blue,
  angry: pc.red,
  fearful: pc.magenta,
  disgust: pc.green,
  surprised: pc.yellowBright,
  uncertain: pc.gray,
  'no-speech': pc.gray,
};

/** Columns that every label fits into. */
export const LABEL_WIDTH = 10;

const BAR_WIDTH = 32;

/** Returns a share from 0 to 1 as a bar of 32 columns. */
export function bar(share: number): string {
  return '█'.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '·');
}

/** Returns a share from 0 to 1 as a percentage, four columns wide; a dash for null. */
export function percentColumn(share: number | null): string {
  return (share === null ? '–' : percent(share)).padStart(4);
}

/** Returns seconds as minutes and seconds. */
export function clock(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/**
 * Ends the process as filters end whose reader has gone (`undertone classify … | head`): by SIGPIPE, and so
 * at once, while `process.exit` would wait for threads that run the model. Any other failure of the output,
 * such as a full disk, is told once.
 */
export function endWithOutput(stdout: NodeJS.WriteStream): void {
  let isTold = false;
  stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE' && process.platform !== 'win32') {
      // Node ignores the signal until a listener was added and removed.
      const listener = () => {};
      process.on('SIGPIPE', listener).off('SIGPIPE', listener);
      process.kill(process.pid, 'SIGPIPE');
    } else if (code === 'EPIPE') {
      process.exit(0);
    } else if (!isTold) {
      process.stderr.write(
        `The output cannot be written (${code}). Check the disk or the device.\n`,
      );
      process.exitCode = 1;
      isTold = true;
    }
  });
}

/**
 * Returns text that cannot steer the terminal: file names may hold control characters, line separators, and
 * characters that turn the direction of what follows.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, '?');
}
