import { Duration, Stack } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Config } from '../config.ts';
import type { Ffmpeg } from './ffmpeg.ts';
import { grantList, grantObjects } from './grants.ts';
import { Handler } from './handler.ts';
import { visibilityFor } from './queues.ts';
import type { State } from './state.ts';
import { LABELS_PREFIX, type Storage, UPLOADS_PREFIX } from './storage.ts';

/** Recordings of one call. A call that runs out of time is repeated whole, so it is kept small. */
const BATCH = 5;
/** Long enough for a batch in which every recording runs into the limit of the decoder (15 s). */
const TIMEOUT = Duration.seconds(120);
/** Times that a message is tried before it goes to the dead-letter queue. */
const TRIES = 5;

export interface LabellingProps {
  readonly config: Config;
  readonly storage: Storage;
  readonly state: State;
  readonly ffmpeg: Ffmpeg;
  readonly environment: Readonly<Record<string, string>>;
}

/** Inbox bucket → queue → label function, and a dead-letter queue for what cannot be worked on. */
export class Labelling extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly handler: Handler;

  constructor(scope: Construct, id: string, props: LabellingProps) {
    super(scope, id);
    const { config, storage, state, ffmpeg } = props;
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      visibilityTimeout: visibilityFor(TIMEOUT),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: TRIES },
    });
    this.handler = new Handler(this, 'Label', {
      config,
      name: 'label',
      description: 'Labels the recordings that come into the inbox bucket.',
      memory: config.memory,
      timeout: TIMEOUT,
      environment: { ...props.environment, ...ffmpeg.environment },
      layers: ffmpeg.layers,
    });
    this.handler.function.addEventSource(
      new SqsEventSource(this.queue, {
        batchSize: BATCH,
        reportBatchItemFailures: true,
        // Not reserved concurrency: messages that were throttled would use up their tries.
        maxConcurrency: config.labelConcurrency,
      }),
    );
    this.#notify(storage);
    grantList(this.handler, storage.inbox);
    grantObjects(this.handler, storage.inbox, '', ['s3:GetObject']);
    grantObjects(this.handler, storage.inbox, UPLOADS_PREFIX, ['s3:DeleteObject']);
    grantObjects(this.handler, storage.results, LABELS_PREFIX, ['s3:PutObject']);
    const actions = ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'].map((a) => `dynamodb:${a}`);
    state.idempotency.grant(this.handler.function, ...actions);
    state.results.grant(this.handler.function, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
  }

  /**
   * Makes the bucket tell the queue about new objects, in the bucket's own properties: the CDK's way
   * is a function of its own, with rights on every bucket of the account.
   */
  #notify({ inbox }: Storage): void {
    this.queue.grantSendMessages(
      // Not the bucket's ARN: the bucket has to come after this policy, which S3 tries out.
      new ServicePrincipal('s3.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    const bucket = inbox.node.defaultChild as CfnBucket;
    bucket.notificationConfiguration = {
      queueConfigurations: [{ event: 's3:ObjectCreated:*', queue: this.queue.queueArn }],
    };
    bucket.node.addDependency(this.queue.node.findChild('Policy'));
  }
}
