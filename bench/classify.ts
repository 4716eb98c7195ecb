import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { decodeWithFfmpeg } from '../core/audio/ffmpeg.ts';
import { classify } from '../core/classify.ts';
import { UndertoneError } from '../core/errors.ts';
import { measure, type Timing, table } from './measure.ts';

const run = promisify(execFile);

/** One note of about four seconds through every way to a verdict. */
export async function benchClassify(): Promise<void> {
  const path = fileURLToPath(new URL('../../samples/plain.ogg', import.meta.url));
  const cli = fileURLToPath(new URL('../cli/main.js', import.meta.url));
  const bytes = await readFile(path);
  const { duration } = await classify(bytes);
  const timings: Timing[] = [await measure('classify, warm', 30, () => classify(bytes), 5)];
  const ogg = { name: 'ogg', demuxer: 'ogg' };
  try {
    const limits = () => ({ maxSeconds: 60, deadline: performance.now() + 10_000 });
    timings.push(
      await measure('only decoding it with a spawned ffmpeg', 10, () =>
        decodeWithFfmpeg(bytes, ogg, limits()),
      ),
    );
  } catch (error) {
    if (!(error instanceof UndertoneError)) throw error;
    console.log('ffmpeg is not installed: its row is left out.');
  }
  timings.push(
    await measure('undertone classify, a new process', 5, () =>
      run(process.execPath, [cli, 'classify', path]),
    ),
  );
  table(`A voice note of ${duration.toFixed(1)} s (Ogg Opus), median`, timings);
}
