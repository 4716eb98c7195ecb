import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { TRIES } from '../../../functions/chat/tries.ts';

/**
 * Longest that one question may take: 80 seconds to fetch and hear its notes (bots/answer.ts,
 * functions/chat.ts), and 40 for the answer, which is tried again where the platform has trouble.
 */
export const WORKER_TIMEOUT = Duration.minutes(2);
/**
 * For how long a channel waits where a function was killed or ran out of time: what fails otherwise is
 * made visible again by the worker itself, after the delays of functions/chat/tries.ts. AWS demands the
 * timeout of the function at least, and recommends six times as much, to have time to find room for a
 * call that was throttled. That would be 12 minutes of the 15 for which Discord takes an answer. With
 * one minute for throttled calls, all tries are over after nine, also where each is killed.
 */
const VISIBILITY = Duration.minutes(3);

/**
 * What Discord and Slack have asked, in order for each channel, and a queue for what no function could
 * deal with. Jobs hold ids of people and addresses of recordings, so neither keeps them for long.
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
      visibilityTimeout: VISIBILITY,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: TRIES },
    });
  }
}

const COMMON: QueueProps = {
  fifo: true,
  encryption: QueueEncryption.SQS_MANAGED,
  enforceSSL: true,
};
