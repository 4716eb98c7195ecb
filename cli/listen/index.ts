import { defaultModel, LiveListener, loadModel, UndertoneError } from '../../core/index.ts';
import { interrupted } from '../../lib/interrupted.ts';
import { jsonView } from './json-view.ts';
import { linesView } from './lines-view.ts';
import { listDevices, openMicrophone } from './microphone.ts';
import { playFile } from './playback.ts';
import { LEAST_SCREEN, SHOW_CURSOR, screenView } from './screen-view.ts';
import type { LiveView } from './view.ts';

export interface ListenOptions {
  readonly device?: string;
  readonly listDevices?: boolean;
  readonly from?: string;
  readonly fast?: boolean;
  readonly json?: boolean;
  readonly model?: string;
}

/**
 * Listens to the microphone, or to a recording as if it were being recorded, and shows what it hears
 * every half second. Ends at SIGINT, SIGTERM or the end of the recording, with a summary.
 *
 * @throws UndertoneError when there is nothing to listen to, or the model cannot be used
 */
export async function listenCommand(options: ListenOptions): Promise<void> {
  if (options.listDevices) return printDevices();
  const stop = new AbortController();
  void interrupted().then(() => stop.abort());
  const { signal } = stop;
  const model = await (options.model ? loadModel(options.model) : defaultModel());
  const source = options.from
    ? await playFile(options.from, { isFast: options.fast ?? false, signal })
    : await openMicrophone(options.device, signal);
  const view = chooseView(options.json ?? false);
  const listener = new LiveListener({ model });
  let failure: unknown;
  print(view.begin(source.name));
  try {
    for await (const chunk of source.chunks) {
      for (const verdict of await listener.push(chunk)) print(view.verdict(verdict));
    }
  } catch (error) {
    // What was heard until then is told all the same.
    failure = error;
  }
  const { verdict, summary } = await listener.end();
  if (verdict) print(view.verdict(verdict));
  print(view.end(summary));
  if (failure) throw failure;
}

async function printDevices(): Promise<void> {
  const devices = await listDevices();
  if (devices.length === 0) {
    throw new UndertoneError(
      'unavailable',
      'No microphone was found. Plug one in, or play a recording with --from.',
    );
  }
  print(devices.map((name) => `${name}\n`).join(''));
}

function chooseView(isJson: boolean): LiveView {
  if (isJson) return jsonView();
  const { isTTY, columns, rows } = process.stdout;
  const fits = columns >= LEAST_SCREEN.columns && rows >= LEAST_SCREEN.rows;
  if (!isTTY || !fits || process.env.TERM === 'dumb') return linesView();
  process.once('exit', () => process.stdout.write(SHOW_CURSOR));
  return screenView(() => process.stdout.columns);
}

function print(text: string): void {
  process.stdout.write(text);
}
