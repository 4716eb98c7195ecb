import { Duration, Stack } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import {
  LABELLING,
  LABELS_PREFIX,
  type PerVariable,
  UPLOADS_PREFIX,
} from '../../functions/infrastructure.ts';
import type { Config } from '../config.ts';
import { grantList, grantObjects, ITEM_ACTIONS } from './grants.ts';
import { type Ffmpeg, Handler } from './handler.ts';
import type { State, Storage } from './storage.ts';

/** AWS recommends a visibility timeout of six times that of the function, for throttled invocations. */
const VISIBILITY_PER_TIMEOUT = 6;

export interface LabellingProps {
  readonly config: Config;
  readonly storage: Storage;
  readonly state: State;
  readonly ffmpeg: Ffmpeg;
  readonly environment: PerVariable<string>;
}

/** Inbox bucket → queue → label function, with a dead-letter queue for messages that keep failing. */
export class Labelling extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly handler: Handler;

  constructor(scope: Construct, id: string, props: LabellingProps) {
    super(scope, id);
    const { config, storage, state, ffmpeg } = props;
    const common = {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    };
    this.deadLetters = new Queue(this, 'DeadLetters', common);
    this.queue = new Queue(this, 'Queue', {
      ...common,
      visibilityTimeout: Duration.seconds(VISIBILITY_PER_TIMEOUT * LABELLING.timeoutSeconds),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: LABELLING.tries },
    });
    this.handler = new Handler(this, 'Label', {
      config,
      name: 'label',
      description: 'Labels recordings that arrive in the inbox bucket.',
      memory: config.memory,
      timeout: Duration.seconds(LABELLING.timeoutSeconds),
      environment: { ...props.environment, ...ffmpeg.environment },
      layers: ffmpeg.layers,
    });
    this.handler.function.addEventSource(
      new SqsEventSource(this.queue, {
        batchSize: LABELLING.batchSize,
        reportBatchItemFailures: true,
        // Rather than reserved concurrency, with which throttled messages would use up their tries.
        maxConcurrency: config.labelConcurrency,
      }),
    );
    this.#notify(storage);
    grantList(this.handler, storage.inbox);
    grantObjects(this.handler, storage.inbox, '', ['s3:GetObject']);
    grantObjects(this.handler, storage.inbox, UPLOADS_PREFIX, ['s3:DeleteObject']);
    grantObjects(this.handler, storage.results, LABELS_PREFIX, ['s3:PutObject']);
    state.idempotency.grant(this.handler.function, ...ITEM_ACTIONS);
    state.results.grant(this.handler.function, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
  }

  /**
   * Sends S3's notifications of new objects to the queue. It sets the property of the bucket itself,
   * as the CDK's construct deploys a function that may change every bucket of the account.
   */
  #notify({ inbox }: Storage): void {
    this.queue.grantSendMessages(
      // Not restricted by the bucket's ARN: S3 checks this policy when the bucket is created.
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
