import { Duration } from 'aws-cdk-lib';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { CALLBACKS, CALLBACKS_PER_HOST } from '../../functions/infrastructure.ts';
import { type Config, contextSchema } from '../config.ts';
import { LIGHT_MEMORY } from './api.ts';
import { Handler } from './handler.ts';
import { queue } from './labelling.ts';
import type { State } from './storage.ts';

/** AWS recommends a visibility timeout of six times that of the function, for throttled invocations. */
const VISIBILITY_PER_TIMEOUT = 6;

export interface CallbacksProps {
  readonly config: Config;
  readonly state: State;
}

/**
 * Results that clients want posted → queue → function that posts them, with a dead-letter queue for those
 * that nobody took. Strangers say where it connects to, so it can read a result by its id and where that
 * goes, and no recording. It is in no network of the account, from which it could reach other hosts of it.
 */
export class Callbacks extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly handler: Handler;

  constructor(scope: Construct, id: string, { config, state }: CallbacksProps) {
    super(scope, id);
    this.deadLetters = queue(this, 'DeadLetters', {});
    this.queue = queue(this, 'Queue', {
      visibilityTimeout: Duration.seconds(VISIBILITY_PER_TIMEOUT * CALLBACKS.timeoutSeconds),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: CALLBACKS.tries },
    });
    this.handler = new Handler(this, 'DeliverCallback', {
      config,
      name: 'deliver-callback',
      description: 'Posts results to the callbacks of clients.',
      memory: LIGHT_MEMORY,
      timeout: Duration.seconds(CALLBACKS.timeoutSeconds),
      environment: {
        UNDERTONE_RESULTS_TABLE: state.results.tableName,
        UNDERTONE_CALLBACKS_TABLE: state.callbacks.tableName,
        UNDERTONE_CALLBACKS_QUEUE_URL: this.queue.queueUrl,
        UNDERTONE_CALLBACKS_PER_HOST: String(perHost(config)),
      },
    });
    this.handler.function.addEventSource(
      new SqsEventSource(this.queue, {
        batchSize: CALLBACKS.batchSize,
        reportBatchItemFailures: true,
        maxConcurrency: config.callbackConcurrency,
      }),
    );
    state.results.grant(this.handler.function, 'dynamodb:GetItem');
    state.callbacks.grant(
      this.handler.function,
      'dynamodb:GetItem',
      'dynamodb:DeleteItem',
      // Counts what each host gets.
      'dynamodb:UpdateItem',
    );
  }
}

/** Tries that one host gets in a minute: more where more uploads are let through. */
function perHost({ requestsPerSecond }: Config): number {
  const { requestsPerSecond: usual } = contextSchema.shape;
  return Math.round(
    CALLBACKS_PER_HOST.tries * Math.max(1, requestsPerSecond / usual.parse(undefined)),
  );
}
