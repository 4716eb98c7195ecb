import { createHmac, timingSafeEqual } from 'node:crypto';
import { UndertoneError } from '../../core/index.ts';

/** Seconds that the clock of a request may differ from ours, in both directions. */
const TOLERANCE = 300;

/** A request that claims to come from Slack. */
export interface SignedRequest {
  /** Header `x-slack-signature`. */
  readonly signature: string | undefined;
  /** Header `x-slack-request-timestamp`, seconds since 1970. */
  readonly timestamp: string | undefined;
  /** The bytes as they came: what was parsed and written again is something else. */
  readonly body: Uint8Array;
}

/**
 * Checks that a request was signed by Slack, over its timestamp and its body, and that it is fresh.
 * https://docs.slack.dev/authentication/verifying-requests-from-slack
 *
 * @throws UndertoneError `unauthorized`
 * @example
 * verifySlack({ signature, timestamp, body }, signingSecret);
 */
export function verifySlack(
  { signature, timestamp, body }: SignedRequest,
  signingSecret: string,
  now: number = Date.now(),
): void {
  if (!signature || !timestamp) throw refused('It has no signature.');
  if (!/^v0=[0-9a-f]{64}$/.test(signature) || !/^\d{1,12}$/.test(timestamp)) {
    throw refused('Its signature is malformed.');
  }
  const expected = createHmac('sha256', signingSecret).update(`v0:${timestamp}:`).update(body);
  if (!timingSafeEqual(Buffer.from(signature.slice(3), 'hex'), expected.digest())) {
    throw refused('Its signature does not fit.');
  }
  if (Math.abs(now / 1000 - Number(timestamp)) > TOLERANCE) {
    throw refused(`It was signed more than ${TOLERANCE} seconds ago, or will be.`);
  }
}

function refused(why: string): UndertoneError {
  return new UndertoneError('unauthorized', `This request does not come from Slack: ${why}`);
}
