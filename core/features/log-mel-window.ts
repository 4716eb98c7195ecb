/** The excerpt of a spectrogram that one prediction of a network sees. */
export interface LogMelExcerpt {
  /** Steps × bands in row-major order. */
  readonly logMel: ArrayLike<number>;
  /** Columns of `logMel`. */
  readonly bands: number;
  /** First step, and how many there are before the next excerpt or the end. */
  readonly from: number;
  readonly steps: number;
}

/**
 * Writes `size` steps of an excerpt into `out` from `offset` on. A shorter excerpt is reflected at
 * its ends, again and again where it is very short, so that no silence is made up. Training and
 * serving cut their windows here.
 *
 * @example
 * const window = new Float32Array(128 * 64);
 * writeLogMelWindow({ logMel, bands: 64, from: 0, steps: 90 }, 128, window);
 */
export function writeLogMelWindow(
  { logMel, bands, from, steps }: LogMelExcerpt,
  size: number,
  out: Float32Array,
  offset = 0,
): void {
  const period = Math.max(1, 2 * (steps - 1));
  for (let t = 0; t < size; t++) {
    const phase = t % period;
    const step = from + (phase < steps ? phase : period - phase);
    for (let band = 0; band < bands; band++) {
      out[offset + t * bands + band] = logMel[step * bands + band];
    }
  }
}
