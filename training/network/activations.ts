import type { InferenceSession } from 'onnxruntime-node';
import { noiseRow } from '../../core/analyze.ts';
import { AUDIOSET_MEL } from '../../core/features/config.ts';
import { addSteadyNoise, limitBands } from '../augment/index.ts';
import { GraphBuilder } from '../onnx/graph.ts';
import { createRandom } from '../random.ts';
import type { Progress } from '../terminal.ts';
import { appendWindows, feedsOf } from './graph-input.ts';
import { graphOperators } from './inference.ts';
import { WINDOW_BATCH, windowsOf } from './predict.ts';
import type { PreparedCorpus } from './prepare.ts';
import type { PublishedNetwork } from './probe.ts';
import { openSession } from './products.ts';
import type { Spectrograms } from './spectrogram-store.ts';

/**
 * Copies of every clip as recorded, under steady noise, and how often they lose their outermost bands.
 * Copies as if others had spoken (0.8 to 1.25 times as fast, three bands up and down) and a double vote for
 * the probe raise the recall on corpora left out from 0.442 to 0.446, but noise at 10 dB costs 12.8 points
 * instead of 8.9, and a small room 5.1 instead of 3.9 (the same networks on the same machine).
 */
const NOISY_COPIES = 2;
const BAND_LIMIT_SHARE = 0.3;
/** How many clips of each corpus `someRecordings` yields. */
const OBSERVED = 100;
/** What silence is in each band. */
const SILENCE = noiseRow();

/** Clips of a corpus to read. */
export interface Selection {
  readonly corpus: PreparedCorpus;
  readonly rows: Int32Array;
  /** How much each clip of the corpus counts beside the others of its class. */
  readonly weights: Float32Array;
}

/** What the published network makes of one clip. */
export interface ClipActivations {
  readonly label: number;
  readonly weight: number;
  /** Of the clip as recorded, then of its other renderings and noisy copies. */
  readonly windows: readonly Float32Array[];
  /** How much each window counts: every rendering alike, 1 in all. */
  readonly shares: readonly number[];
  /** How many windows are of the clip as recorded. */
  readonly clean: number;
}

export interface ReadOptions {
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/**
 * Reads all windows of some clips, in every rendering. They stay in memory, 12 or 15 KB each: 1.2 or 1.5 GB
 * for the corpora that ship.
 *
 * @returns for each corpus, by its name, the activations of its clips by their numbers
 */
export async function readActivations(
  network: PublishedNetwork,
  selections: readonly Selection[],
  { workers, signal, progress }: ReadOptions,
): Promise<ReadonlyMap<string, ReadonlyMap<number, ClipActivations>>> {
  const session = await openActivations(network, workers);
  const read = new Map<string, Map<number, ClipActivations>>();
  progress.begin(
    'Reading activations',
    selections.reduce((sum, { rows }) => sum + rows.length, 0),
  );
  try {
    for (const { corpus, rows, weights } of selections) {
      const clips = new Map<number, ClipActivations>();
      for (const row of rows) {
        signal.throwIfAborted();
        const renderings = renderingsOf(corpus.spectrograms, row);
        clips.set(row, {
          label: corpus.labels[row],
          weight: weights[row],
          windows: await activationsOf(session, network.activations, renderings.flat()),
          shares: renderings.flatMap(({ length }) =>
            new Array<number>(length).fill(1 / (renderings.length * length)),
          ),
          clean: renderings[0].length,
        });
        progress.advance();
      }
      read.set(corpus.corpus.name, clips);
    }
    return read;
  } finally {
    progress.end();
    await session.release();
  }
}

/**
 * Yields the windows of a hundred clips of each corpus, each in every rendering, without labels. Corpora that
 * a protocol leaves out are among them.
 */
export function* someRecordings(selections: readonly Selection[]): Generator<Float32Array[]> {
  for (const { corpus, rows } of selections) {
    const step = Math.max(1, rows.length / OBSERVED);
    for (let at = 0; at < rows.length; at += step) {
      yield renderingsOf(corpus.spectrograms, rows[Math.floor(at)]).flat();
    }
  }
}

async function activationsOf(
  session: InferenceSession,
  size: number,
  windows: readonly Float32Array[],
): Promise<Float32Array[]> {
  const all: Float32Array[] = [];
  for (let first = 0; first < windows.length; first += WINDOW_BATCH) {
    const batch = windows.slice(first, first + WINDOW_BATCH);
    const { activations } = await session.run(feedsOf(batch));
    const values = activations.data as Float32Array;
    batch.forEach((_, i) => {
      all.push(values.slice(i * size, (i + 1) * size));
    });
  }
  return all;
}

/** Returns the windows of a clip in every rendering of which something was left, noisy copies last. */
function renderingsOf(spectrograms: Spectrograms, row: number): Float32Array[][] {
  const renderings = Array.from({ length: spectrograms.renderings }, (_, rendering) =>
    windowsOf(spectrograms, row, rendering),
  );
  for (let copy = 0; copy < NOISY_COPIES; copy++) {
    const random = createRandom(copy, row);
    const noisy = renderings[0].map((window) => {
      const changed = window.slice();
      addSteadyNoise(changed, AUDIOSET_MEL.bands, random);
      if (random.uniform() < BAND_LIMIT_SHARE) limitBands(changed, SILENCE, random);
      return changed;
    });
    renderings.push(noisy);
  }
  return renderings.filter((windows) => windows.length > 0);
}

async function openActivations(
  network: PublishedNetwork,
  threads: number,
): Promise<InferenceSession> {
  const graph = new GraphBuilder('activations');
  const activations = network.append(graph, appendWindows(graph), graphOperators(graph));
  graph.output(activations, 'activations', ['n', network.activations]);
  return openSession(graph, threads);
}
