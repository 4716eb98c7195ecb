import { describe, expect, test } from 'vitest';
import {
  type Context,
  compactionFor,
  policyStatements,
  properties,
  templateFor,
  viewOf,
} from './synth.ts';

const template = templateFor();

const queryOf = (state: unknown): string =>
  (state as { Arguments: { QueryString: string } }).Arguments.QueryString;

describe('the schedule', () => {
  test('starts a run every night, for which it alone has the permission', () => {
    const schedule = properties(template, 'AWS::Scheduler::Schedule', /./);
    const arn = {
      'Fn::GetAtt': [expect.stringMatching(/^CatalogueCompactionStateMachine/), 'Arn'],
    };
    expect(schedule).toMatchObject({
      ScheduleExpression: 'cron(30 1 * * ? *)',
      ScheduleExpressionTimezone: 'UTC',
      Target: { Arn: arn },
    });
    expect(
      policyStatements(template).filter(({ Action }) => /^states:/.test(String(Action))),
    ).toEqual([{ Effect: 'Allow', Action: 'states:StartExecution', Resource: arn }]);
  });

  test('and runs that fail, time out or do not begin raise an alarm', () => {
    const alarm = properties(
      template,
      'AWS::CloudWatch::Alarm',
      /^ObservabilityLabelsNotCompacted/,
    );
    expect(alarm).toMatchObject({
      Threshold: 1,
      EvaluationPeriods: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      AlarmActions: [{ Ref: expect.stringMatching(/^ObservabilityAlarms/) }],
    });
    const [sum, ...metrics] = alarm.Metrics;
    expect(sum.Expression).toBe('SUM(METRICS())');
    expect(metrics.map((each: typeof alarm) => each.MetricStat.Metric.MetricName)).toEqual([
      'ExecutionsFailed',
      'ExecutionsTimedOut',
      'InvocationDroppedCount',
    ]);
  });
});

test('each query runs in the workgroup, is tried again, and reads only the days that it needs', () => {
  const { States, TimeoutSeconds } = compactionFor();
  const queries = Object.values(States).filter(({ Resource = '' }) => Resource.endsWith('.sync'));
  expect(queries.length).toBe(7);
  for (const state of queries) {
    expect(state.Arguments).toMatchObject({
      WorkGroup: 'Undertone',
      QueryExecutionContext: { Database: 'undertone' },
    });
    expect(state.Retry?.[0].MaxAttempts).toBeGreaterThan(2);
  }
  expect(TimeoutSeconds).toBeLessThan(24 * 3600);
  expect(queryOf(States['Create the table'])).toContain("LOCATION 's3://StorageResults");
});

test('without an expiry, nothing is deleted', () => {
  const states = (context: Context) => Object.keys(compactionFor(context).States);
  expect(states({})).toContain('Delete what has expired');
  expect(states({ labelDays: '0' })).not.toContain('Delete what has expired');
  const bucket = properties(template, 'AWS::S3::Bucket', /Results/);
  // A lifecycle rule would take files that the table still names.
  expect(JSON.stringify(bucket.LifecycleConfiguration)).not.toContain('compacted');
});

test('the view that is deployed shows the JSON files, in the form of Athena', () => {
  const { TableInput } = properties(template, 'AWS::Glue::Table', /^CatalogueTable/);
  const { originalSql, schema, columns } = viewOf(TableInput.ViewOriginalText);
  expect({ schema, type: TableInput.TableType }).toEqual({
    schema: 'undertone',
    type: 'VIRTUAL_VIEW',
  });
  expect(originalSql).toMatch(/, "date" FROM labels_json$/);
  expect(columns.map(({ name }) => name)).toEqual(
    TableInput.StorageDescriptor.Columns.map(({ Name }: { Name: string }) => Name),
  );
  const types = Object.fromEntries(columns.map(({ name, type }) => [name, type]));
  expect(types).toMatchObject({
    key: 'varchar',
    size: 'bigint',
    probabilities: 'map(varchar,double)',
    speech: 'row("start" double,"end" double)',
    sequence: 'array(varchar)',
    timeline:
      'array(row("start" double,"end" double,"emotion" varchar,"confidence" double,"probabilities" map(varchar,double)))',
  });
});
