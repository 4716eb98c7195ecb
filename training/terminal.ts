import { SingleBar } from 'cli-progress';
import { InvalidArgumentError } from 'commander';

/** Receives the progress of a run, in stages, one after the other. */
export interface Progress {
  begin(stage: string, total: number): void;
  /** Called `total` times in a stage. */
  advance(): void;
  /** Safe to call when no stage has begun, and after one that was interrupted. */
  end(): void;
}

/** The exit status of a program that Ctrl-C stopped. */
const INTERRUPTED = 130;

/**
 * Runs work that Ctrl-C stops, once what is being computed has finished. A second Ctrl-C ends the process.
 */
export async function interruptible(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const abort = new AbortController();
  process.once('SIGINT', () => {
    console.error('Stopping after the current step. Press Ctrl+C again to stop now.');
    abort.abort();
  });
  try {
    await work(abort.signal);
  } catch (error) {
    if (!abort.signal.aborted) throw error;
    console.error('Stopped. Run the same command to continue.');
    process.exitCode = INTERRUPTED;
  }
}

/** Returns a progress bar on a terminal; elsewhere, progress is a line now and then. */
export function progressOn(stream: NodeJS.WriteStream): Progress {
  if (stream.isTTY) {
    let bar: SingleBar | undefined;
    return {
      begin(stage, total) {
        bar = new SingleBar({
          format: `${stage} {bar} {value}/{total}, {eta_formatted} left`,
          barCompleteChar: '█',
          barIncompleteChar: '░',
          etaBuffer: 50,
          stream,
        });
        bar.start(total, 0);
      },
      advance: () => bar?.increment(),
      end() {
        bar?.stop();
        bar = undefined;
      },
    };
  }
  let stage = '';
  let total = 0;
  let done = 0;
  let started = 0;
  return {
    begin(name, count) {
      [stage, total, done, started] = [name, count, 0, performance.now()];
      stream.write(`${stage}: 0 of ${total}\n`);
    },
    advance() {
      done++;
      if (done % Math.ceil(total / 10) !== 0 && done !== total) return;
      const seconds = (performance.now() - started) / 1000;
      const left = Math.round((seconds / done) * (total - done));
      stream.write(`${stage}: ${done} of ${total}, ${left} s left\n`);
    },
    end() {},
  };
}

/** Parses an option that is a whole number of at least 1. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new InvalidArgumentError('Must be a whole number of at least 1.');
  }
  return value;
}
