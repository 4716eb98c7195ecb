import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  type Dashboard,
  MathExpression,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { CALLBACKS, LABELLING, UPLOADS } from '../../functions/infrastructure.ts';
import { CHAT_ROUTES, INSTALL_ROUTES } from '../../functions/routes.ts';
import type { Api } from './api.ts';
import { Budget } from './budget.ts';
import type { Callbacks } from './callbacks.ts';
import type { Chat } from './chat.ts';
import type { Compaction } from './compaction.ts';
import { dashboard, deadLettersOf, type ObservabilityProps } from './dashboard.ts';
import { POWERTOOLS } from './handler.ts';
import type { Labelling, Uploads } from './labelling.ts';

const FIVE_MINUTES = Duration.minutes(5);

/** A dashboard, and alarms for what needs somebody's attention. */
export class Observability extends Construct {
  readonly alarms: Topic;
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, props: ObservabilityProps) {
    super(scope, id);
    this.alarms = new Topic(this, 'Alarms', { enforceSSL: true, displayName: 'Undertone alarms' });
    // The policy that enforces TLS replaces the default one, which lets CloudWatch publish.
    this.alarms.grantPublish(
      new ServicePrincipal('cloudwatch.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    const { alarmEmail, monthlyBudget } = props.config;
    if (alarmEmail) this.alarms.addSubscription(new EmailSubscription(alarmEmail));
    if (monthlyBudget > 0)
      new Budget(this, 'Budget', { dollars: monthlyBudget, topic: this.alarms });
    this.#alarmOnLabelling(props.labelling);
    this.#alarmOnCompaction(props.compaction);
    this.#alarmOnUploads(props.uploads);
    this.#alarmOnCallbacks(props.callbacks);
    this.#alarmOnApi(props.api);
    if (props.chat) this.#alarmOnChat(props.chat, props.api);
    this.dashboard = dashboard(this, props);
  }

  #alarmOnLabelling(labelling: Labelling): void {
    const { queue, handler } = labelling;
    this.#alarm('DeadLetters', {
      metric: deadLettersOf(labelling),
      threshold: 1,
      evaluationPeriods: 1,
      alarmDescription: `Recordings could not be labelled in ${LABELLING.tries} tries. docs/deployment.md, "Dead letters", explains how to redrive them.`,
    });
    this.#alarm('Backlog', {
      metric: queue.metricApproximateAgeOfOldestMessage({
        period: FIVE_MINUTES,
        statistic: 'Maximum',
      }),
      threshold: Duration.hours(1).toSeconds(),
      evaluationPeriods: 1,
      alarmDescription:
        'A recording has been waiting for an hour: they arrive faster than they are labelled. Raise labelConcurrency.',
    });
    this.#alarm('LabelErrors', {
      metric: handler.function.metricErrors({ period: FIVE_MINUTES }),
      threshold: 1,
      evaluationPeriods: 3,
      datapointsToAlarm: 2,
      alarmDescription:
        'Whole invocations of the label function fail: timeout, out of memory, or a defect.',
    });
  }

  #alarmOnCompaction({ failures }: Compaction): void {
    this.#alarm('LabelsNotCompacted', {
      metric: new MathExpression({
        expression: 'SUM(METRICS())',
        usingMetrics: Object.fromEntries(failures.map((each, i) => [`failures${i}`, each])),
        period: FIVE_MINUTES,
        label: 'Failed runs',
      }),
      threshold: 1,
      evaluationPeriods: 1,
      alarmDescription:
        'The labels of a day were not compacted. Queries stay right, but read more files. docs/batch.md, "When a compaction fails", explains what to do.',
    });
  }

  #alarmOnUploads({ queue, failure }: Uploads): void {
    this.#alarm('UploadFailures', {
      // Not the length of the dead-letter queue, which this function empties.
      metric: failure.function.metricInvocations({ period: FIVE_MINUTES }),
      threshold: 1,
      evaluationPeriods: 1,
      alarmDescription: `Uploads could not be classified in ${UPLOADS.tries} tries, and whoever waited was told so. The log of the function classify-upload says why.`,
    });
    this.#alarm('UploadBacklog', {
      metric: queue.metricApproximateAgeOfOldestMessage({
        period: Duration.minutes(1),
        statistic: 'Maximum',
      }),
      threshold: Duration.minutes(5).toSeconds(),
      evaluationPeriods: 1,
      alarmDescription:
        'An upload has been waiting for five minutes, and somebody with it. Raise uploadConcurrency.',
    });
  }

  #alarmOnCallbacks(callbacks: Callbacks): void {
    this.#alarm('CallbackDeadLetters', {
      metric: deadLettersOf(callbacks),
      threshold: 1,
      evaluationPeriods: 1,
      alarmDescription: `Results were not taken by their callbacks in ${CALLBACKS.tries} tries. docs/deployment.md, "Dead letters", explains whose fault that is and how to redrive them.`,
    });
    this.#alarm('CallbackErrors', {
      metric: callbacks.handler.function.metricErrors({ period: FIVE_MINUTES }),
      threshold: 1,
      evaluationPeriods: 3,
      datapointsToAlarm: 2,
      alarmDescription:
        'Whole invocations of the function deliver-callback fail: timeout, out of memory, or a defect.',
    });
  }

  #alarmOnApi({ api, handlers }: Api): void {
    this.#alarm('ServerErrors', {
      metric: new MathExpression({
        expression: '100 * errors / requests',
        usingMetrics: {
          errors: api.metricServerError({ statistic: 'Sum' }),
          requests: api.metricCount({ statistic: 'Sum' }),
        },
        period: FIVE_MINUTES,
        label: '5xx responses, %',
      }),
      threshold: 2,
      evaluationPeriods: 2,
      alarmDescription: 'More than 2% of the responses of the API are 5xx.',
    });
    this.#alarm('Throttled', {
      metric: new MathExpression({
        expression: 'SUM(METRICS())',
        // Ten at most. Those of the bots' functions are 5xx responses, which WebhookErrors counts.
        usingMetrics: Object.fromEntries(
          [...handlers.values()].map((each, i) => [
            `throttles${i}`,
            each.function.metricThrottles(),
          ]),
        ),
        period: FIVE_MINUTES,
        label: 'Throttled requests',
      }),
      threshold: 10,
      evaluationPeriods: 1,
      alarmDescription:
        'Requests were throttled by Lambda. Raise the concurrency quota of the account, or emotionConcurrency.',
    });
    const emotion = handlers.get('emotion');
    if (!emotion) return;
    this.#alarm('Slow', {
      metric: emotion.function.metricDuration({ period: FIVE_MINUTES, statistic: 'p95' }),
      threshold: Duration.seconds(10).toMilliseconds(),
      evaluationPeriods: 3,
      alarmDescription: 'One response in twenty takes longer than ten seconds.',
    });
  }

  #alarmOnChat({ jobs, worker, webhooks, gateway }: Chat, api: Api): void {
    this.#alarm('ChatDeadLetters', {
      metric: deadLettersOf(jobs),
      threshold: 1,
      evaluationPeriods: 1,
      alarmDescription:
        'Questions in a chat were not answered. docs/deployment.md, "Dead letters", explains what to do.',
    });
    this.#alarm('ChatBacklog', {
      metric: jobs.queue.metricApproximateAgeOfOldestMessage({
        period: Duration.minutes(1),
        statistic: 'Maximum',
      }),
      threshold: Duration.minutes(5).toSeconds(),
      evaluationPeriods: 1,
      alarmDescription:
        'A question in a chat has been waiting for five minutes; Discord takes an answer for fifteen. Raise chatConcurrency.',
    });
    this.#alarm('ChatErrors', {
      metric: worker.function.metricErrors({ period: FIVE_MINUTES }),
      threshold: 1,
      evaluationPeriods: 1,
      alarmDescription:
        'A whole invocation of the chat worker failed: timeout, out of memory, or a defect.',
    });
    if (webhooks.length > 0) {
      this.#alarm('WebhookErrors', {
        metric: this.#webhookErrors(api).metric({ period: FIVE_MINUTES, statistic: 'Sum' }),
        threshold: 1,
        evaluationPeriods: 1,
        alarmDescription:
          'Discord, Slack, or a browser at the installation pages got a 5xx response: the function failed or was throttled. Somebody got no answer.',
      });
    }
    if (!gateway) return;
    this.#alarm('GatewayDown', {
      metric: gateway.metricRunning(),
      threshold: 1,
      evaluationPeriods: 3,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.BREACHING,
      alarmDescription: 'The task that listens to Discord is not running. Its log says why.',
    });
  }

  /** Counts 5xx responses of the bots' functions in the access log: there, each is one of few. */
  #webhookErrors({ accessLog }: Api): MetricFilter {
    return new MetricFilter(this, 'WebhookFilter', {
      logGroup: accessLog,
      metricNamespace: POWERTOOLS.POWERTOOLS_METRICS_NAMESPACE,
      // A filter sets no dimensions that are not in the log, so the name tells stacks apart.
      metricName: `WebhookErrors-${Stack.of(this).stackName}`,
      filterPattern: FilterPattern.all(
        FilterPattern.stringValue('$.status', '=', '5*'),
        FilterPattern.any(
          ...[...CHAT_ROUTES, ...INSTALL_ROUTES].map(({ path }) =>
            FilterPattern.stringValue('$.route', '=', path),
          ),
        ),
      ),
    });
  }

  #alarm(
    id: string,
    props: Omit<AlarmProps, 'comparisonOperator'> & Partial<Pick<AlarmProps, 'comparisonOperator'>>,
  ): void {
    new Alarm(this, id, {
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      ...props,
    }).addAlarmAction(new SnsAction(this.alarms));
  }
}
