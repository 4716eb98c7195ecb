import { createPublicKey, verify } from 'node:crypto';
import { UndertoneError } from '../../core/index.ts';

/** Seconds that the clock of a request may differ from ours, in both directions. */
const TOLERANCE = 300;

/** What stands before the 32 bytes of an Ed25519 key in its SPKI form (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** A request that claims to come from Discord. */
export interface SignedRequest {
  /** Header `x-signature-ed25519`. */
  readonly signature: string | undefined;
  /** Header `x-signature-timestamp`, seconds since 1970. */
  readonly timestamp: string | undefined;
  /** The bytes as they came: what was parsed and written again is something else. */
  readonly body: Uint8Array;
}

/**
 * Checks that a request was signed by Discord, over its timestamp and its body, and that it is fresh.
 *
 * @param publicKey 64 hexadecimal digits, from the application's page
 * @throws UndertoneError `unauthorized`
 * @example
 * verifyDiscord({ signature, timestamp, body }, process.env.UNDERTONE_DISCORD_PUBLIC_KEY);
 */
export function verifyDiscord(
  { signature, timestamp, body }: SignedRequest,
  publicKey: string,
  now: number = Date.now(),
): void {
  if (!signature || !timestamp) throw refused('It has no signature.');
  if (!/^[0-9a-f]{128}$/i.test(signature) || !/^\d{1,12}$/.test(timestamp)) {
    throw refused('Its signature is malformed.');
  }
  const key = createPublicKey({
    key: Buffer.concat([SPKI_PREFIX, Buffer.from(publicKey, 'hex')]),
    format: 'der',
    type: 'spki',
  });
  const signed = Buffer.concat([Buffer.from(timestamp), body]);
  if (!verify(null, signed, key, Buffer.from(signature, 'hex'))) {
    throw refused('Its signature does not fit.');
  }
  if (Math.abs(now / 1000 - Number(timestamp)) > TOLERANCE) {
    throw refused(`It was signed more than ${TOLERANCE} seconds ago, or will be.`);
  }
}

function refused(why: string): UndertoneError {
  return new UndertoneError('unauthorized', `This request does not come from Discord: ${why}`);
}
