/**
 * Returns how long to wait before the next try: twice as long after each failure, and with jitter, so
 * that many clients do not come back at the same moment. (p-retry cannot wait for as long as a server
 * asks, or look up whether a failed call was carried out; so each caller has a loop of its own.)
 *
 * @param failures number of tries that failed, from 1
 * @param first milliseconds after the first failure
 * @returns milliseconds, between half of the full pause and all of it
 * @example
 * backoff(3, 250); // between 500 and 1000
 */
export function backoff(failures: number, first: number): number {
  return first * 2 ** (failures - 1) * (0.5 + Math.random() / 2);
}

/**
 * Returns the `requestHandler` of an AWS client for which a service that is silent for a time has failed,
 * before its answer or in the middle of it. Without `throwOnRequestTimeout` the client only warns, and waits.
 *
 * @param milliseconds of one attempt; the client makes three by default
 * @example
 * const s3 = new S3Client({ requestHandler: answeringWithin(2500) });
 */
export function answeringWithin(milliseconds: number) {
  return {
    connectionTimeout: Math.min(2000, milliseconds),
    requestTimeout: milliseconds,
    socketTimeout: milliseconds,
    throwOnRequestTimeout: true,
  };
}
