import { Duration, Stack } from 'aws-cdk-lib';
import {
  Dashboard,
  GraphWidget,
  type IMetric,
  Metric,
  SingleValueWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';
import type { Api } from './api.ts';
import type { Callbacks } from './callbacks.ts';
import type { Chat } from './chat.ts';
import type { Compaction } from './compaction.ts';
import { POWERTOOLS } from './handler.ts';
import type { Labelling, Uploads } from './labelling.ts';

/** What is watched. */
export interface ObservabilityProps {
  readonly config: Config;
  readonly api: Api;
  readonly labelling: Labelling;
  readonly compaction: Compaction;
  readonly uploads: Uploads;
  readonly callbacks: Callbacks;
  readonly chat: Chat | undefined;
}

/** The number of messages in a dead-letter queue. */
export function deadLettersOf({ deadLetters }: { readonly deadLetters: Queue }): IMetric {
  return deadLetters.metricApproximateNumberOfMessagesVisible({
    period: Duration.minutes(1),
    statistic: 'Maximum',
  });
}

/** Shows what the stack does, and what needs somebody's attention. */
export function dashboard(scope: Construct, props: ObservabilityProps): Dashboard {
  const { config, api, labelling, uploads, callbacks, chat } = props;
  const emotion = api.handlers.get('emotion');
  const functions = [
    labelling.handler,
    uploads.handler,
    uploads.failure,
    callbacks.handler,
    ...api.handlers.values(),
    ...(chat ? [...chat.webhooks, chat.worker] : []),
  ].map((handler) => handler.function);
  const queues = [labelling, uploads, callbacks, ...(chat ? [chat.jobs] : [])];
  const rest = api.api;
  return new Dashboard(scope, 'Dashboard', {
    // The names of dashboards are shared by all regions of an account.
    dashboardName: `${config.name}-${Stack.of(scope).region}`,
    defaultInterval: Duration.hours(12),
    widgets: [
      [
        graph('Requests', [
          rest.metricCount({ label: 'all' }),
          rest.metricClientError({ label: '4xx' }),
          rest.metricServerError({ label: '5xx' }),
        ]),
        graph('API latency', [
          rest.metricLatency({ statistic: 'p50' }),
          rest.metricLatency({ statistic: 'p95' }),
          rest.metricLatency({ statistic: 'p99' }),
        ]),
      ],
      [
        graph(
          'Recordings labelled',
          ['Verdicts', 'NamedErrors', 'Absent'].map((name) => labelled(name, config)),
        ),
        graph('Labelling queue', [
          labelling.queue.metricApproximateNumberOfMessagesVisible({ label: 'waiting' }),
          labelling.queue.metricApproximateNumberOfMessagesNotVisible({ label: 'being labelled' }),
        ]),
      ],
      [
        graph(
          'Duration of the functions that run the model, p95',
          [labelling.handler, uploads.handler, emotion].flatMap((handler) =>
            handler ? [handler.function.metricDuration({ statistic: 'p95' })] : [],
          ),
        ),
        graph(
          'Errors and throttles',
          functions.flatMap((each) => [each.metricErrors(), each.metricThrottles()]),
        ),
      ],
      [
        new SingleValueWidget({
          title: 'Dead letters',
          metrics: queues.map(deadLettersOf),
          width: 12,
        }),
        graph(
          'Age of the oldest message, seconds',
          queues.map(({ queue }) =>
            queue.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum' }),
          ),
        ),
      ],
      ...(chat ? [chatRow(chat)] : []),
    ],
  });
}

function chatRow({ jobs, worker }: Chat): GraphWidget[] {
  return [
    graph('Questions in chats', [
      jobs.queue.metricApproximateNumberOfMessagesVisible({ label: 'waiting' }),
      jobs.queue.metricApproximateNumberOfMessagesNotVisible({ label: 'being answered' }),
      jobs.queue.metricNumberOfMessagesSent({ label: 'asked' }),
    ]),
    graph('Duration of the chat worker', [
      worker.function.metricDuration({ statistic: 'p50' }),
      worker.function.metricDuration({ statistic: 'p95' }),
    ]),
  ];
}

/** A metric that the label function emits through Powertools. */
function labelled(metricName: string, { name }: Config): IMetric {
  const dimensionsMap = { service: name };
  const namespace = POWERTOOLS.POWERTOOLS_METRICS_NAMESPACE;
  return new Metric({ namespace, metricName, dimensionsMap, statistic: 'Sum' });
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: 12 });
}
