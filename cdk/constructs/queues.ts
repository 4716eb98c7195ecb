import { Duration } from 'aws-cdk-lib';

/** What AWS asks for, so that a message is not seen again while it is still being worked on. */
const VISIBILITY_PER_TIMEOUT = 6;

/** Returns for how long a message is hidden from others while a function has it. */
export function visibilityFor(timeout: Duration): Duration {
  return Duration.seconds(timeout.toSeconds() * VISIBILITY_PER_TIMEOUT);
}
