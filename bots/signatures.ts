import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import { UndertoneError } from '../core/index.ts';

/** Seconds by which the clock of a request may differ from ours, in either direction. */
const TOLERANCE = 300;

/** The first bytes of an Ed25519 key in SPKI form (RFC 8410); the 32 bytes of the key follow. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** A request that claims to come from a chat platform. */
export interface SignedRequest {
  /** Header `x-signature-ed25519` of Discord, `x-slack-signature` of Slack. */
  readonly signature: string | undefined;
  /** Header `x-signature-timestamp` or `x-slack-request-timestamp`, seconds since 1970. */
  readonly timestamp: string | undefined;
  /** The bytes as received: parsed and written again they would differ. */
  readonly body: Uint8Array;
}

/**
 * Checks that Discord signed the timestamp and the body of a request, and that it is recent.
 *
 * @param publicKey 64 hexadecimal digits, from the page of the application
 * @throws UndertoneError `unauthorized`
 * @example
 * verifyDiscord({ signature, timestamp, body }, process.env.UNDERTONE_DISCORD_PUBLIC_KEY);
 */
export function verifyDiscord(
  request: SignedRequest,
  publicKey: string,
  now: number = Date.now(),
): void {
  check('Discord', request, /^[0-9a-f]{128}$/i, now, (signature, timestamp) => {
    const key = createPublicKey({
      key: Buffer.concat([SPKI_PREFIX, Buffer.from(publicKey, 'hex')]),
      format: 'der',
      type: 'spki',
    });
    const signed = Buffer.concat([Buffer.from(timestamp), request.body]);
    return verify(null, signed, key, Buffer.from(signature, 'hex'));
  });
}

/**
 * Checks that Slack signed the timestamp and the body of a request, and that it is recent.
 * https://docs.slack.dev/authentication/verifying-requests-from-slack
 *
 * @throws UndertoneError `unauthorized`
 * @example
 * verifySlack({ signature, timestamp, body }, signingSecret);
 */
export function verifySlack(
  request: SignedRequest,
  signingSecret: string,
  now: number = Date.now(),
): void {
  check('Slack', request, /^v0=[0-9a-f]{64}$/, now, (signature, timestamp) => {
    const hmac = createHmac('sha256', signingSecret).update(`v0:${timestamp}:`);
    const expected = hmac.update(request.body).digest();
    return timingSafeEqual(Buffer.from(signature.slice(3), 'hex'), expected);
  });
}

function check(
  platform: string,
  { signature, timestamp }: SignedRequest,
  form: RegExp,
  now: number,
  matches: (signature: string, timestamp: string) => boolean,
): void {
  const refused = (why: string) =>
    new UndertoneError('unauthorized', `This request does not come from ${platform}: ${why}`);
  if (!signature || !timestamp) throw refused('it has no signature.');
  if (!form.test(signature) || !/^\d{1,12}$/.test(timestamp)) {
    throw refused('its signature is malformed.');
  }
  if (!matches(signature, timestamp)) throw refused('its signature does not match.');
  if (Math.abs(now / 1000 - Number(timestamp)) > TOLERANCE) {
    throw refused(`its timestamp is more than ${TOLERANCE} seconds off.`);
  }
}
