/**
 * Returns the spectral centroid in Hz: the mean frequency weighted by magnitude
 * (`librosa.feature.spectral_centroid`); 0 for silence.
 *
 * @example
 * spectralCentroid(magnitude, 16000); // 1834.2
 */
export function spectralCentroid(magnitude: Float64Array, sampleRate: number): number {
  const hzPerBin = sampleRate / 2 / (magnitude.length - 1);
  let sum = 0;
  let weighted = 0;
  for (let bin = 0; bin < magnitude.length; bin++) {
    sum += magnitude[bin];
    weighted += magnitude[bin] * bin;
  }
  return sum > 0 ? (weighted / sum) * hzPerBin : 0;
}
