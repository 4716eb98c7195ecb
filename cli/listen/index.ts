import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  decode,
  defaultModel,
  LiveListener,
  loadModel,
  SAMPLE_RATE,
  UndertoneError,
} from '../../core/index.ts';
import { interrupted } from '../../lib/interrupted.ts';
import { readInput } from '../inputs.ts';
import { listDevices, openMicrophone, type Source } from './microphone.ts';
import {
  jsonView,
  LEAST_SCREEN,
  type LiveView,
  linesView,
  SHOW_CURSOR,
  screenView,
} from './views.ts';

export interface ListenOptions {
  readonly device?: string;
  readonly listDevices?: boolean;
  readonly from?: string;
  readonly fast?: boolean;
  readonly json?: boolean;
  readonly model?: string;
}

/**
 * Classifies the microphone, or a recording played in real time, and shows a verdict every half second.
 * Ends at SIGINT, SIGTERM or the end of the recording, with a summary.
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
    // The summary so far is shown first.
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

/** Samples of a tenth of a second, about what a microphone delivers at once. */
const CHUNK = SAMPLE_RATE / 10;

/**
 * Returns a recording as a live source.
 *
 * @param isFast delivers it as fast as possible instead of in real time
 * @param signal ends it
 * @throws UndertoneError as `decode` and `readInput` do
 */
async function playFile(
  path: string,
  { isFast, signal }: { readonly isFast: boolean; readonly signal: AbortSignal },
): Promise<Source> {
  const { samples } = await decode(await readInput(path));
  return { name: basename(path), chunks: play(samples, isFast, signal) };
}

async function* play(
  samples: Float32Array,
  isFast: boolean,
  signal: AbortSignal,
): AsyncGenerator<Float32Array> {
  const began = performance.now();
  for (let from = 0; from < samples.length && !signal.aborted; from += CHUNK) {
    const chunk = samples.subarray(from, from + CHUNK);
    if (!isFast) {
      // A chunk is due at its end; counting from the start keeps errors from adding up.
      const due = began + ((from + chunk.length) / SAMPLE_RATE) * 1000;
      await sleep(Math.max(0, due - performance.now()), undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
    }
    yield chunk;
  }
}
