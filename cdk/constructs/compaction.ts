import { Duration, Stack } from 'aws-cdk-lib';
import type { CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import { type IMetric, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { LABELS_PREFIX, LATE_LABELS_PREFIX } from '../../functions/infrastructure.ts';
import type { Config } from '../config.ts';
import { acknowledge, acknowledgeResources } from './acknowledge.ts';
import {
  CLEAN,
  COMPACT,
  createCompacted,
  DAYS,
  EXPIRE,
  PACK,
  SHOW,
  TABLES,
  WHERE_IT_ENDED,
} from './labels-sql.ts';
import { COMPACTED_PREFIX, QUERIES_PREFIX, type Storage } from './storage.ts';

const HOUR = Duration.hours(1).toMilliseconds();
const DAY = Duration.days(1).toMilliseconds();

/** Further tries of a query that failed. */
const TRIES = 3;
/** Further tries of the two that Athena ends before they are done when there is much to do. */
const REPEATS = 10;

export interface CompactionProps {
  readonly config: Config;
  readonly storage: Storage;
  readonly database: string;
  readonly workGroup: CfnWorkGroup;
}

/**
 * Adds the labels of each day to one table of Parquet files: a schedule, and Step Functions that have
 * Athena run one query after another. There is no code of ours in it. Every query can be repeated, so that
 * each is tried again when it fails, and the next run makes up for one that failed.
 */
export class Compaction extends Construct {
  readonly stateMachineArn: string;
  /** Runs that failed or did not begin. */
  readonly failures: readonly IMetric[];

  constructor(scope: Construct, id: string, props: CompactionProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const role = this.#role(props);
    const stateMachine = new CfnStateMachine(this, 'StateMachine', {
      roleArn: role.roleArn,
      stateMachineType: 'STANDARD',
      definitionString: stack.toJsonString(this.#definition(props)),
    });
    // Otherwise it could run before it may.
    stateMachine.node.addDependency(role);
    acknowledge(
      stateMachine,
      'SF1',
      'Step Functions keeps the history of each run for 90 days, and Athena that of each query. A log would need permissions for all log groups.',
    );
    acknowledge(
      stateMachine,
      'SF2',
      'The history shows how long each query took, and there is nothing else to trace.',
    );
    this.stateMachineArn = stateMachine.attrArn;
    const group = new CfnScheduleGroup(this, 'Schedules', { name: stack.stackName });
    this.#schedule(group);
    const runs = (metricName: string) => ({
      namespace: 'AWS/States',
      metricName,
      dimensionsMap: { StateMachineArn: stateMachine.attrArn },
    });
    this.failures = [
      runs('ExecutionsFailed'),
      runs('ExecutionsTimedOut'),
      {
        namespace: 'AWS/Scheduler',
        metricName: 'InvocationDroppedCount',
        dimensionsMap: { ScheduleGroup: stack.stackName },
      },
    ].map((metric) => new Metric({ ...metric, statistic: 'Sum' }));
  }

  #definition({ config, storage, database, workGroup }: CompactionProps): object {
    const query = (QueryString: string, next: object, MaxAttempts = TRIES) => ({
      Type: 'Task',
      Resource: `arn:${Stack.of(this).partition}:states:::athena:startQueryExecution.sync`,
      Arguments: {
        QueryString,
        WorkGroup: workGroup.name,
        QueryExecutionContext: { Database: database },
      },
      Retry: retry(MaxAttempts),
      ...next,
    });
    const hasExpiry = config.labelDays > 0;
    return {
      Comment: 'Compacts the labels of Undertone.',
      QueryLanguage: 'JSONata',
      TimeoutSeconds: Duration.hours(8).toSeconds(),
      StartAt: 'Choose the days',
      States: {
        'Choose the days': {
          Type: 'Pass',
          Assign: {
            // A label that was begun before midnight has been written an hour later.
            through: day(HOUR + DAY),
            since: day(HOUR),
            ...(hasExpiry && { expired: day(config.labelDays * DAY) }),
          },
          Next: 'Create the table',
        },
        'Create the table': query(
          createCompacted(`s3://${storage.results.bucketName}/${COMPACTED_PREFIX}`),
          { Next: 'Ask where the last run ended' },
        ),
        'Ask where the last run ended': query(WHERE_IT_ENDED, {
          Next: 'Read where the last run ended',
        }),
        'Read where the last run ended': {
          Type: 'Task',
          Resource: `arn:${Stack.of(this).partition}:states:::athena:getQueryResults`,
          Arguments: {
            QueryExecutionId: '{% $states.input.QueryExecution.QueryExecutionId %}',
          },
          Retry: retry(TRIES),
          Assign: {
            after: '{% $states.result.ResultSet.Rows[1].Data[0].VarCharValue %}',
            changed: '{% $states.result.ResultSet.Rows[1].Data[1].VarCharValue %}',
          },
          Next: 'Compact',
        },
        Compact: query(withDays(COMPACT), { Next: 'Show what is compacted' }),
        'Show what is compacted': query(withDays(SHOW), {
          Next: hasExpiry ? 'Delete what has expired' : 'Pack the files',
        }),
        ...(hasExpiry && {
          'Delete what has expired': query(withDays(EXPIRE), { Next: 'Pack the files' }),
        }),
        'Pack the files': query(PACK, { Next: 'Remove old files' }, REPEATS),
        'Remove old files': query(CLEAN, { End: true }, REPEATS),
      },
    };
  }

  #schedule(group: CfnScheduleGroup): void {
    const account = Stack.of(this).account;
    const role = new Role(this, 'ScheduleRole', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
    });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['states:StartExecution'],
        resources: [this.stateMachineArn],
      }),
    );
    const schedule = new CfnSchedule(this, 'Schedule', {
      groupName: group.ref,
      description: 'Compacts the labels of the day before.',
      scheduleExpression: 'cron(30 1 * * ? *)',
      scheduleExpressionTimezone: 'UTC',
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: this.stateMachineArn,
        roleArn: role.roleArn,
        retryPolicy: { maximumEventAgeInSeconds: Duration.hours(12).toSeconds() },
      },
    });
    schedule.node.addDependency(role);
  }

  /** What Athena does for the state machine, it does with this role. */
  #role({ storage, database, workGroup }: CompactionProps): Role {
    const stack = Stack.of(this);
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
      }),
    });
    const allow = (actions: string[], resources: string[]) => {
      role.addToPolicy(new PolicyStatement({ actions, resources }));
    };
    allow(
      [
        'athena:StartQueryExecution',
        'athena:GetQueryExecution',
        'athena:GetQueryResults',
        'athena:StopQueryExecution',
        'athena:GetWorkGroup',
      ],
      [stack.formatArn({ service: 'athena', resource: `workgroup/${workGroup.name}` })],
    );
    allow(
      ['athena:GetDataCatalog'],
      [stack.formatArn({ service: 'athena', resource: 'datacatalog/AwsDataCatalog' })],
    );
    const glue = (resource: string) => stack.formatArn({ service: 'glue', resource });
    const within = [glue('catalog'), glue(`database/${database}`)];
    const tables = (names: readonly string[]) =>
      names.map((name) => glue(`table/${database}/${name}`));
    allow(
      ['glue:GetDatabase', 'glue:GetTable', 'glue:GetTables', 'glue:GetPartitions'],
      [...within, ...tables(Object.values(TABLES))],
    );
    allow(
      ['glue:CreateTable', 'glue:UpdateTable'],
      [...within, ...tables([TABLES.view, TABLES.compacted])],
    );
    const bucket = storage.results;
    allow(['s3:GetBucketLocation', 's3:ListBucket'], [bucket.bucketArn]);
    const objects = (prefix: string, ...actions: string[]) => {
      allow(actions, [bucket.arnForObjects(`${prefix}*`)]);
      acknowledgeResources(
        role,
        bucket,
        `/${prefix}*`,
        'Athena chooses the names of files; the bucket, the prefix and the actions are named.',
      );
    };
    const parts = ['s3:AbortMultipartUpload', 's3:ListMultipartUploadParts'];
    objects(LABELS_PREFIX, 's3:GetObject');
    objects(LATE_LABELS_PREFIX, 's3:GetObject');
    objects(COMPACTED_PREFIX, 's3:GetObject', 's3:PutObject', 's3:DeleteObject', ...parts);
    objects(QUERIES_PREFIX, 's3:GetObject', 's3:PutObject', ...parts);
    return role;
  }
}

function retry(MaxAttempts: number): object[] {
  const waits = { IntervalSeconds: 60, BackoffRate: 2, MaxDelaySeconds: 900 };
  return [{ ErrorEquals: ['States.TaskFailed'], ...waits, MaxAttempts }];
}

/** The day (UTC) that was so many milliseconds before the run began, in JSONata. */
function day(millisecondsAgo: number): string {
  const start = '$toMillis($states.context.Execution.StartTime)';
  return `{% $fromMillis(${start} - ${millisecondsAgo}, '[Y0001]-[M01]-[D01]') %}`;
}

/** A query with the days of the run in it, in JSONata. */
function withDays(query: string): string {
  const used = Object.entries(DAYS).filter(([, placeholder]) => query.includes(placeholder));
  const text = used.reduce(
    (nested, [name, placeholder]) => `$replace(${nested}, '${placeholder}', $${name})`,
    JSON.stringify(query),
  );
  return `{% ${text} %}`;
}
