/** What AWS documents about its own scaling. Sources and dates stand in docs/scaling.md. */
export const AWS = {
  /** Batches that an event source mapping of a standard queue works on at first. */
  pollersAtFirst: 5,
  /** Batches that it adds in a minute while messages wait. */
  pollersPerMinute: 300,
  /** Batches at a time, at most. */
  pollersAtMost: 1000,
  /** Environments that a function gains in a second, and in one moment: 1,000 every ten seconds. */
  environmentsPerSecond: 100,
  environmentsAtOnce: 1000,
} as const;

/** What was measured of the product, in seconds. */
export const MEASURED = {
  /** Processor time of hearing a voice note of five seconds on one warm processor. */
  hearing: 0.1,
  /** Reading the object, the two calls of idempotency and writing the label. */
  labelling: 0.06,
  /** What API Gateway and Lambda add to a request. */
  request: 0.02,
  /** From the start of a new environment to its first verdict. */
  coldStart: 1,
  /** Deviation of the logarithm of the time of hearing: notes are of different lengths. */
  spread: 0.5,
} as const;
