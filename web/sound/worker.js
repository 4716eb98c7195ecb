/** Computes the features of a sound in a worker, so that the page stays responsive. */
import '../vendor/meyda.min.js';

const { Meyda } = globalThis;

/** Samples in a window: 64 ms at 16 kHz, as in the model. */
const WINDOW = 1024;
const MEL_BANDS = 64;
const MFCCS = 13;
const CONTRAST_BANDS = 7;
/** Upper edge in Hz of the lowest band of the spectral contrast; the others are octaves above it. */
const FIRST_EDGE = 200;
/** Share of a band's bins that make its peak and its valley. */
const QUANTILE = 0.02;

/** Columns in a message. */
const BATCH = 48;
/** The peak to which sounds are scaled, so that quiet ones are visible as well. */
const PEAK = 2;

self.onmessage = ({ data: { samples, sampleRate, columns } }) => {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  if (peak > 0) for (let i = 0; i < samples.length; i++) samples[i] *= PEAK / peak;
  const extract = createExtractor(sampleRate);
  let batch = [];
  for (let column = 0; column < columns; column++) {
    batch.push(extract(samples, Math.round(((column + 0.5) / columns) * samples.length)));
    if (batch.length < BATCH && column < columns - 1) continue;
    self.postMessage({ first: column + 1 - batch.length, batch });
    batch = [];
  }
};

/**
 * Returns a function `extract(samples, at)` for the log-mel energies, MFCC, chroma, spectral contrast (dB)
 * and centroid (Hz) of the window centred at `at`.
 */
function createExtractor(sampleRate) {
  Meyda.bufferSize = WINDOW;
  Meyda.sampleRate = sampleRate;
  Meyda.melBands = MEL_BANDS;
  Meyda.numberOfMFCCCoefficients = MFCCS;
  const frame = new Float32Array(WINDOW);
  const bands = contrastBands(sampleRate);
  return function extract(samples, at) {
    const from = at - WINDOW / 2;
    for (let i = 0; i < WINDOW; i++) frame[i] = samples[from + i] ?? 0;
    const { melBands, mfcc, chroma, spectralCentroid, amplitudeSpectrum } = Meyda.extract(
      ['melBands', 'mfcc', 'chroma', 'spectralCentroid', 'amplitudeSpectrum'],
      frame,
    );
    return {
      mel: melBands,
      mfcc,
      chroma,
      contrast: bands.map((band) => contrast(amplitudeSpectrum, band)),
      // Meyda counts in bins.
      centroid: (spectralCentroid * sampleRate) / WINDOW,
    };
  };
}

/** Returns the first bin of each octave band, and the one after its last. */
function contrastBands(sampleRate) {
  const bin = (hertz) => Math.round((hertz * WINDOW) / sampleRate);
  return Array.from({ length: CONTRAST_BANDS }, (_, band) => ({
    from: band === 0 ? 0 : bin(FIRST_EDGE * 2 ** (band - 1)),
    to: Math.min(WINDOW / 2, bin(FIRST_EDGE * 2 ** band)),
  }));
}

/** Returns the level in dB of the loudest bins of a band over its faintest (Jiang et al. 2002). */
function contrast(spectrum, { from, to }) {
  const sorted = spectrum.slice(from, to).sort();
  const count = Math.max(1, Math.round(QUANTILE * sorted.length));
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const peak = mean(sorted.subarray(sorted.length - count));
  const valley = mean(sorted.subarray(0, count));
  return 20 * Math.log10((peak + 1e-3) / (valley + 1e-3));
}
