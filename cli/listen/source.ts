/** Where sound comes from. */
export interface Source {
  /** What it is, for people. */
  readonly name: string;
  /** Mono samples at 16 kHz as they come. */
  readonly chunks: AsyncIterable<Float32Array>;
}
