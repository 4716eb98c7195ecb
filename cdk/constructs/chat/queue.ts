import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { visibilityFor } from '../queues.ts';

/** Longest that one question may take: fetching the note, hearing it, answering. */
export const WORKER_TIMEOUT = Duration.seconds(60);
/**
 * Times that a question is tried: at once, after 6 and after 12 minutes. Discord takes an answer for
 * 15 minutes.
 */
const TRIES = 3;

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
