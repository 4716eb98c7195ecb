import { Duration, Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import {
  LABELLING,
  LABELS_PREFIX,
  LATE_LABELS_PREFIX,
  type PerVariable,
  UPLOADS,
} from '../../functions/infrastructure.ts';
import { MODEL_ENVIRONMENT } from '../bundle/code.ts';
import type { Config } from '../config.ts';
import { LIGHT_MEMORY } from './api.ts';
import { grantList, grantObjects, ITEM_ACTIONS } from './grants.ts';
import { type Ffmpeg, Handler } from './handler.ts';
import type { State, Storage } from './storage.ts';

/** AWS recommends a visibility timeout of six times that of the function, for throttled invocations. */
const VISIBILITY_PER_TIMEOUT = 6;
/** Somebody waits for an upload: one whose function was killed comes again sooner than that. */
const UPLOAD_VISIBILITY_PER_TIMEOUT = 2;

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
    this.deadLetters = queue(this, 'DeadLetters', {});
    this.queue = queue(this, 'Queue', {
      visibilityTimeout: Duration.seconds(VISIBILITY_PER_TIMEOUT * LABELLING.timeoutSeconds),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: LABELLING.tries },
    });
    this.handler = new Handler(this, 'Label', {
      config,
      name: 'label',
      description: 'Labels recordings that arrive in the inbox bucket.',
      memory: config.memory,
      timeout: Duration.seconds(LABELLING.timeoutSeconds),
      environment: { ...MODEL_ENVIRONMENT, ...props.environment, ...ffmpeg.environment },
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
    notify(storage.inbox, this.queue);
    grantList(this.handler, storage.inbox);
    grantObjects(this.handler, storage.inbox, '', ['s3:GetObject']);
    for (const prefix of [LABELS_PREFIX, LATE_LABELS_PREFIX]) {
      grantObjects(this.handler, storage.results, prefix, ['s3:PutObject']);
    }
    state.idempotency.grant(this.handler.function, ...ITEM_ACTIONS);
  }
}

export interface UploadsProps extends LabellingProps {
  /** Results that clients want posted. */
  readonly callbacks: Queue;
}

/**
 * Bucket of uploads → queue → function that classifies them. It decodes what strangers send, so it can read
 * an upload only by its id, which nobody can guess: it may list neither the bucket nor the table, and may not
 * receive messages. What it fails at goes to the function that tells the person who waits.
 */
export class Uploads extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly handler: Handler;
  readonly failure: Handler;

  constructor(scope: Construct, id: string, props: UploadsProps) {
    super(scope, id);
    const { config, storage, state, ffmpeg, environment, callbacks } = props;
    const timeout = Duration.seconds(UPLOADS.timeoutSeconds);
    const visibilityTimeout = Duration.seconds(
      UPLOAD_VISIBILITY_PER_TIMEOUT * UPLOADS.timeoutSeconds,
    );
    this.deadLetters = queue(this, 'DeadLetters', { visibilityTimeout });
    this.queue = queue(this, 'Queue', {
      visibilityTimeout,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: UPLOADS.tries },
    });
    const common = { config, timeout, environment };
    this.handler = new Handler(this, 'ClassifyUpload', {
      ...common,
      name: 'classify-upload',
      description: 'Classifies uploads through the API.',
      memory: config.memory,
      environment: { ...MODEL_ENVIRONMENT, ...environment, ...ffmpeg.environment },
      layers: ffmpeg.layers,
    });
    this.failure = new Handler(this, 'FailUpload', {
      ...common,
      name: 'fail-upload',
      description: 'Answers uploads that could not be classified.',
      memory: LIGHT_MEMORY,
    });
    const source = {
      batchSize: UPLOADS.batchSize,
      reportBatchItemFailures: true,
      maxConcurrency: config.uploadConcurrency,
    };
    this.handler.function.addEventSource(new SqsEventSource(this.queue, source));
    this.failure.function.addEventSource(new SqsEventSource(this.deadLetters, source));
    this.#keepFromReceiving();
    notify(storage.uploads, this.queue);
    grantObjects(this.handler, storage.uploads, '', ['s3:GetObject', 's3:DeleteObject']);
    state.results.grant(this.handler.function, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
    grantObjects(this.failure, storage.uploads, '', ['s3:DeleteObject']);
    state.results.grant(this.failure.function, 'dynamodb:GetItem', 'dynamodb:UpdateItem');
    for (const each of [this.handler, this.failure]) {
      callbacks.grant(each.function, 'sqs:SendMessage');
    }
  }

  /**
   * Lambda receives the messages with the role of the function, and so could whatever has taken over the
   * function; messages name other people's uploads. Only calls from within the function have this key.
   * https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
   */
  #keepFromReceiving(): void {
    this.handler.function.addToRolePolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        actions: ['sqs:ReceiveMessage'],
        resources: [this.queue.queueArn],
        conditions: { Null: { 'lambda:SourceFunctionArn': 'false' } },
      }),
    );
  }
}

/** Makes a queue that keeps messages for 14 days. */
export function queue(scope: Construct, id: string, props: QueueProps): Queue {
  return new Queue(scope, id, {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
    ...props,
  });
}

/**
 * Sends S3's notifications of new objects to a queue. It sets the property of the bucket itself, as the
 * CDK's construct deploys a function that may change every bucket of the account.
 */
function notify(bucket: Bucket, queue: Queue): void {
  queue.grantSendMessages(
    // Not restricted by the bucket's ARN: S3 checks this policy when the bucket is created.
    new ServicePrincipal('s3.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(queue).account } },
    }),
  );
  const resource = bucket.node.defaultChild as CfnBucket;
  resource.notificationConfiguration = {
    queueConfigurations: [{ event: 's3:ObjectCreated:*', queue: queue.queueArn }],
  };
  resource.node.addDependency(queue.node.findChild('Policy'));
}
