/** What one call takes. Larger or longer recordings are answered with a named error. */

/** Largest recording in bytes: 25 MiB, what the chat platforms let people post. */
export const MAX_BYTES = 25 * 1024 * 1024;

/** Longest recording in seconds of decoded audio. */
export const MAX_SECONDS = 300;

/** Longest time in milliseconds that decoding one recording may take. */
export const DECODE_TIMEOUT_MS = 15_000;
