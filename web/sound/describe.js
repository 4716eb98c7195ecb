import '../vendor/meyda.min.js';

const { Meyda } = globalThis;

/** Samples that are described at a time: 64 ms at 16 kHz, as the model has them. */
const WINDOW = 1024;
export const MEL_BANDS = 64;
export const MFCCS = 13;
export const PITCH_CLASSES = 12;
export const CONTRAST_BANDS = 7;
/** Upper edge in Hz of the lowest band of the spectral contrast; the others are octaves above it. */
const FIRST_EDGE = 200;
/** Share of a band's bins that make its peak and its valley. */
const QUANTILE = 0.02;

/**
 * Returns what describes windows of a sound: `describe(samples, at)` gives the log-mel energies, MFCC,
 * chroma, spectral contrast (dB) and centroid (Hz) of the window in the middle of which `at` lies.
 */
export function createDescriber(sampleRate) {
  Meyda.bufferSize = WINDOW;
  Meyda.sampleRate = sampleRate;
  Meyda.melBands = MEL_BANDS;
  Meyda.numberOfMFCCCoefficients = MFCCS;
  const frame = new Float32Array(WINDOW);
  const bands = contrastBands(sampleRate);
  return function describe(samples, at) {
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

/** Returns first bins and those after the last of the octave bands. */
function contrastBands(sampleRate) {
  const bin = (hertz) => Math.round((hertz * WINDOW) / sampleRate);
  return Array.from({ length: CONTRAST_BANDS }, (_, band) => ({
    from: band === 0 ? 0 : bin(FIRST_EDGE * 2 ** (band - 1)),
    to: Math.min(WINDOW / 2, bin(FIRST_EDGE * 2 ** band)),
  }));
}

/** The level in dB of the loudest bins of a band over that of its faintest (Jiang et al. 2002). */
function contrast(spectrum, { from, to }) {
  const sorted = spectrum.slice(from, to).sort();
  const count = Math.max(1, Math.round(QUANTILE * sorted.length));
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const peak = mean(sorted.subarray(sorted.length - count));
  const valley = mean(sorted.subarray(0, count));
  return 20 * Math.log10((peak + 1e-3) / (valley + 1e-3));
}
