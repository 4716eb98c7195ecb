/** The excerpt of a spectrogram that one prediction of a network sees. */
export interface MelExcerpt {
  /** Steps × bands in row-major order. */
  readonly mel: ArrayLike<number>;
  /** Columns of `mel`. */
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
 * writeMelWindow({ mel, bands: 64, from: 0, steps: 90 }, 128, window);
 */
export function writeMelWindow(
  { mel, bands, from, steps }: MelExcerpt,
  size: number,
  out: Float32Array,
  offset = 0,
): void {
  const period = Math.max(1, 2 * (steps - 1));
  for (let t = 0; t < size; t++) {
    const phase = t % period;
    const step = from + (phase < steps ? phase : period - phase);
    for (let band = 0; band < bands; band++) {
      out[offset + t * bands + band] = mel[step * bands + band];
    }
  }
}
