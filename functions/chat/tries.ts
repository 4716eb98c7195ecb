/**
 * Seconds after which a question that failed is tried again, one for each further try. Its channel waits
 * for it meanwhile, and Discord takes no answer after 15 minutes: first what a moment of trouble needs,
 * then a minute for what is being mended or restarted.
 */
export const RETRY_DELAYS: readonly number[] = [10, 60];

/** Times that a question is tried in all. */
export const TRIES = RETRY_DELAYS.length + 1;
