import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { visibilityFor } from '../queues.ts';

/** Longest that one question may take: fetching the note, hearing it (uploaded, if large), answering. */
export const WORKER_TIMEOUT = Duration.minutes(2);
/**
 * Times that a question is tried: at once, and 12 minutes later where no function came to its end.
 * Discord takes an answer for 15 minutes, and the channel waits meanwhile.
 */
const TRIES = 2;

/**
 * What Discord and Slack have asked, in order for each channel, and a queue for what no function could
 * deal with. Jobs hold what the platform sent, so neither keeps them for long.
 */
export class ChatQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      ...COMMON,
      retentionPeriod: Duration.days(4),
    });
    this.queue = new Queue(this, 'Jobs', {
      ...COMMON,
      retentionPeriod: Duration.days(1),
      visibilityTimeout: visibilityFor(WORKER_TIMEOUT),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: TRIES },
    });
  }
}

const COMMON: QueueProps = {
  fifo: true,
  encryption: QueueEncryption.SQS_MANAGED,
  enforceSSL: true,
};
