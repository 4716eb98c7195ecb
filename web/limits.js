/** What the API takes: as in core/limits.ts, which a test compares. */

/** Bytes. */
export const MAX_BYTES = 25 * 1024 * 1024;

/** Seconds. */
export const MAX_SECONDS = 300;
