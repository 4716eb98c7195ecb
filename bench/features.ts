import meydaModule, { type MeydaFeaturesObject } from 'meyda';
import { FEATURE_CONFIG } from '../core/features/config.ts';
import { FrameExtractor } from '../core/features/extract.ts';
import { processorTime, table } from './measure.ts';

/** The package is CommonJS: under Node's ESM the library is the default export of the module. */
const Meyda =
  (meydaModule as unknown as { default?: Meyda }).default ?? (meydaModule as unknown as Meyda);
interface Meyda {
  bufferSize: number;
  sampleRate: number;
  melBands: number;
  numberOfMFCCCoefficients: number;
  extract(features: string[], frame: Float32Array): Partial<MeydaFeaturesObject> | null;
}

const SECONDS = 3;
const RUNS = 30;

/**
 * Features of three seconds of sound on one thread, beside Meyda, the feature library for
 * JavaScript, computing what it has of them (no contrast, no pitch) on the same frames.
 */
export async function benchFeatures(): Promise<void> {
  const { sampleRate, framing, melBands, mfccs, logMel } = FEATURE_CONFIG;
  const samples = Float32Array.from(
    { length: SECONDS * sampleRate },
    (_, i) => Math.sin(i * 0.05) * Math.sin(i * 0.0003) + 0.01 * Math.sin(i * i),
  );
  const extractor = new FrameExtractor({
    ...{ sampleRate, framing, melBands, mfccs, logMel },
    ...{ noiseVariance: 1e-7, topDb: null },
  });
  Meyda.bufferSize = framing.nFft;
  Meyda.sampleRate = sampleRate;
  Meyda.melBands = melBands;
  Meyda.numberOfMFCCCoefficients = mfccs;
  const withMeyda = () => {
    for (let at = 0; at + framing.nFft <= samples.length; at += framing.hopLength) {
      Meyda.extract(
        ['mfcc', 'chroma', 'spectralCentroid'],
        samples.subarray(at, at + framing.nFft),
      );
    }
  };
  const perRun = async (work: () => void) => {
    work();
    const times: number[] = [];
    for (let i = 0; i < RUNS; i++) times.push(await processorTime(work));
    return times.sort((a, b) => a - b)[Math.floor(RUNS / 2)];
  };
  table(`Features of ${SECONDS} s of sound, processor time on one thread (librosa 0.10: 15 ms)`, [
    {
      name: 'ours: MFCC, chroma, contrast, centroid, pitch',
      median: await perRun(() => extractor.extract(samples)),
    },
    { name: 'Meyda: MFCC, chroma, centroid', median: await perRun(withMeyda) },
  ]);
}
