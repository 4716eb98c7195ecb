import type { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { verdictSchema } from '../../core/index.ts';
import {
  CHAT,
  type Properties,
  policyStatements,
  properties,
  type Statement,
  stackFor,
  templateFor,
} from './synth.ts';

const template = templateFor();

describe('buckets', () => {
  const inbox = properties(template, 'AWS::S3::Bucket', /Inbox/);
  const results = properties(template, 'AWS::S3::Bucket', /Results/);

  test('recordings, uploads and labels expire as configured', () => {
    const days = (bucket: Properties) =>
      bucket.LifecycleConfiguration.Rules.map((rule: Record<string, unknown>) => [
        rule.Prefix ?? '',
        rule.ExpirationInDays ?? null,
      ]);
    expect(days(inbox)).toEqual([
      ['uploads/', 1],
      ['', 7],
    ]);
    expect(days(results)).toEqual([
      ['labels/', 365],
      ['athena/', 7],
      ['', null],
    ]);
    const other = templateFor({ inboxDays: '2', labelDays: '0' });
    expect(days(properties(other, 'AWS::S3::Bucket', /Inbox/))[1]).toEqual(['', 2]);
    expect(days(properties(other, 'AWS::S3::Bucket', /Results/))).toEqual([
      ['athena/', 7],
      ['', null],
    ]);
  });

  test('pages may post to the inbox and do nothing else', () => {
    const [rule, ...others] = inbox.CorsConfiguration.CorsRules;
    expect(rule).toMatchObject({ AllowedMethods: ['POST'], AllowedOrigins: ['*'] });
    expect(rule.ExposedHeaders).toBeUndefined();
    expect(others).toEqual([]);
    expect(results.CorsConfiguration).toBeUndefined();
  });

  test('a deleted recording is gone; a deleted label can be restored', () => {
    expect(inbox.VersioningConfiguration).toBeUndefined();
    expect(results.VersioningConfiguration).toEqual({ Status: 'Enabled' });
  });

  test('they outlive the stack unless removal=destroy', () => {
    const policies = (from: Template) =>
      Object.entries(from.findResources('AWS::S3::Bucket'))
        .filter(([id]) => /^Storage/.test(id))
        .map(([, bucket]) => bucket.DeletionPolicy);
    expect(policies(template)).toEqual(['Retain', 'Retain']);
    expect(policies(templateFor({ removal: 'destroy' }))).toEqual(['Delete', 'Delete']);
  });
});

describe('labelling', () => {
  const label = properties(template, 'AWS::Lambda::Function', /^LabellingLabel/);
  const queue = properties(template, 'AWS::SQS::Queue', /^LabellingQueue/);
  const source = properties(template, 'AWS::Lambda::EventSourceMapping', /./);

  test('the inbox notifies the queue of new objects, and the queue allows it', () => {
    const [[, bucket]] = Object.entries(template.findResources('AWS::S3::Bucket')).filter(([id]) =>
      /Inbox/.test(id),
    );
    const { QueueConfigurations } = bucket.Properties.NotificationConfiguration;
    expect(QueueConfigurations).toEqual([
      {
        Event: 's3:ObjectCreated:*',
        Queue: { 'Fn::GetAtt': [expect.stringMatching(/^LabellingQueue/), 'Arn'] },
      },
    ]);
    expect(bucket.DependsOn).toEqual([expect.stringMatching(/^LabellingQueuePolicy/)]);
    const policy = properties(template, 'AWS::SQS::QueuePolicy', /^LabellingQueuePolicy/);
    const allowed = policy.PolicyDocument.Statement.filter((s: Statement) => s.Effect === 'Allow');
    expect(allowed).toEqual([
      expect.objectContaining({
        Principal: { Service: 's3.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
    ]);
  });

  test('the visibility timeout is six times that of the function', () => {
    expect(queue.VisibilityTimeout).toBe(6 * label.Timeout);
  });

  test('batches fail item by item, and their concurrency is limited', () => {
    expect(source.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
    expect(source.ScalingConfig).toEqual({ MaximumConcurrency: 5 });
    const many = templateFor({ labelConcurrency: '400' });
    expect(properties(many, 'AWS::Lambda::EventSourceMapping', /./).ScalingConfig).toEqual({
      MaximumConcurrency: 400,
    });
  });

  test('messages that keep failing go to a queue that raises an alarm', () => {
    expect(queue.RedrivePolicy).toEqual({
      deadLetterTargetArn: { 'Fn::GetAtt': [expect.stringMatching(/DeadLetters/), 'Arn'] },
      maxReceiveCount: 5,
    });
    const alarm = properties(template, 'AWS::CloudWatch::Alarm', /DeadLetters/);
    expect(alarm).toMatchObject({
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      AlarmActions: [{ Ref: expect.stringMatching(/^ObservabilityAlarms/) }],
    });
  });

  test('the label function can tell a missing object from a forbidden one', () => {
    expect(policyStatements(template)).toContainEqual({
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: { 'Fn::GetAtt': [expect.stringMatching(/^StorageInbox/), 'Arn'] },
    });
  });
});

describe('functions', () => {
  test('are arm64 on Node 24 with logs that expire, or as configured', () => {
    // Without the page, which the CDK uploads with a function of its own.
    const own = templateFor({ page: 'false' });
    const count = Object.keys(own.findResources('AWS::Lambda::Function')).length;
    own.allResourcesProperties('AWS::Lambda::Function', {
      Architectures: ['arm64'],
      Runtime: 'nodejs24.x',
      TracingConfig: { Mode: 'Active' },
      LoggingConfig: { LogFormat: 'JSON', LogGroup: Match.anyValue() },
    });
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
    // And the access log of the API.
    own.resourceCountIs('AWS::Logs::LogGroup', count + 1);
    const other = templateFor({
      page: 'false',
      architecture: 'x86_64',
      node: '22',
      memory: '3008',
      logDays: '7',
    });
    other.allResourcesProperties('AWS::Lambda::Function', {
      Architectures: ['x86_64'],
      Runtime: 'nodejs22.x',
    });
    other.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 7 });
    for (const id of [/^LabellingLabel/, /^Apiemotion/]) {
      expect(properties(template, 'AWS::Lambda::Function', id).MemorySize).toBe(1769);
      expect(properties(other, 'AWS::Lambda::Function', id).MemorySize).toBe(3008);
    }
  });

  test('onnxruntime keeps quiet in them: it reads this before their code runs', () => {
    for (const name of [/Emotion.*Function/i, /Label.*Function/i]) {
      const { Environment } = properties(template, 'AWS::Lambda::Function', name);
      expect(Environment.Variables.ORT_DISABLE_TELEMETRY).toBe('1');
    }
  });

  test('concurrency is reserved only if configured: new accounts have none to spare', () => {
    const reserved = (from: Template) =>
      Object.values(from.findResources('AWS::Lambda::Function'))
        .map(({ Properties }) => Properties.ReservedConcurrentExecutions)
        .filter((value) => value !== undefined);
    expect(reserved(template)).toEqual([]);
    expect(reserved(templateFor({ emotionConcurrency: '50' }))).toEqual([50]);
  });
});

test('tables are billed by request, and their rows expire', () => {
  const tables = Object.values(template.findResources('AWS::DynamoDB::Table'));
  const ttl = tables.map(({ Properties }) => Properties.TimeToLiveSpecification.AttributeName);
  expect(ttl.sort()).toEqual(['expiration', 'expires']);
  template.allResourcesProperties('AWS::DynamoDB::Table', {
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  });
});

describe('catalogue', () => {
  const { TableInput } = properties(template, 'AWS::Glue::Table', /./);

  test('has a column for every field of a label', () => {
    const columns = TableInput.StorageDescriptor.Columns.map(({ Name }: { Name: string }) => Name);
    const about = ['key', 'versionId', 'etag', 'size', 'uploadedAt', 'labelledAt', 'error'];
    const expected = [...about, ...Object.keys(verdictSchema.shape)];
    expect(columns.sort()).toEqual(expected.map((name) => name.toLowerCase()).sort());
  });

  test('projects its partitions from the day', () => {
    expect(TableInput.PartitionKeys).toEqual([expect.objectContaining({ Name: 'date' })]);
    const { Parameters } = TableInput;
    expect(Parameters['projection.enabled']).toBe('true');
    expect(JSON.stringify(Parameters['storage.location.template'])).toMatch(
      /\/labels\/date=\$\{date\}\//,
    );
  });

  test('has the saved query and encrypts results', () => {
    template.hasResourceProperties('AWS::Athena::NamedQuery', {
      QueryString: Match.stringLikeRegexp("emotion = 'angry'"),
      WorkGroup: 'Undertone',
      Database: 'undertone',
    });
    template.hasResourceProperties('AWS::Athena::WorkGroup', {
      WorkGroupConfiguration: {
        EnforceWorkGroupConfiguration: true,
        ResultConfiguration: { EncryptionConfiguration: { EncryptionOption: 'SSE_S3' } },
      },
    });
  });
});

describe('two stacks do not collide', () => {
  const everything = { ...CHAT, provisionedConcurrency: '1', alarmEmail: 'ops@example.org' };
  /** Names that only their parent has to know apart, such as columns, headers and dimensions. */
  const LOCAL = /^(Attribute|Header|Metric|Policy|Stage|Alias|Display|Key|Domain|Environment)/;

  /** The names that a stack gives its resources by itself, with their types. */
  function namesIn(stack: Stack, region: string): string[] {
    const found: string[] = [];
    for (const [, { Type, Properties }] of Object.entries(
      Template.fromStack(stack).toJSON().Resources as Record<string, Properties>,
    )) {
      // The name of a resource is a property of its own, or in its one object of properties.
      const own = Object.entries((Properties ?? {}) as Properties);
      const inner = own.flatMap(([key, value]) =>
        /(Config|Input)$/.test(key) ? Object.entries(value as Properties) : [],
      );
      for (const [key, value] of [...own, ...inner]) {
        if (!/Names?$/.test(key) || LOCAL.test(key)) continue;
        const name = resolved(value, region);
        if (name !== null) found.push(`${Type} ${name}`);
      }
    }
    return found;
  }

  /** A name as CloudFormation would resolve it; null where it is that of another resource. */
  function resolved(value: unknown, region: string): string | null {
    if (typeof value === 'string') return value;
    const { Ref, 'Fn::Join': join } = value as Properties;
    if (Ref === 'AWS::Region') return region;
    const parts = join?.[1].map((part: unknown) => resolved(part, region)) ?? [null];
    return parts.includes(null) ? null : parts.join(join[0]);
  }

  const shared = (one: string[], other: string[]) => one.filter((name) => other.includes(name));

  test('with different names in one region', () => {
    const region = 'eu-west-1';
    // With keys there is no page.
    const [one, other] = ['Undertone', 'Staging'].map((name) =>
      [{ name }, { name, apiKeys: 'somebody' }].flatMap((context) =>
        namesIn(stackFor({ ...everything, ...context }), region),
      ),
    );
    for (const type of ['CloudWatch::Dashboard', 'Athena::WorkGroup', 'Glue::Database']) {
      expect(one.some((name) => name.startsWith(`AWS::${type} `))).toBe(true);
    }
    // Each of these is in a database, a workgroup or a function of its stack.
    const inside = /^AWS::(Glue::Table|Athena::NamedQuery|Lambda::Alias) /;
    expect(shared(one, other).filter((name) => !inside.test(name))).toEqual([]);
  });

  test.each([
    [{}],
    [{ name: 'A'.repeat(61) }],
  ])('with one name in two regions, where a name is valid in all of them: %o', (context) => {
    const everywhere = /^AWS::(IAM|CloudFront|S3|Budgets|Route53)::|^AWS::CloudWatch::Dashboard/;
    const [one, other] = ['eu-west-1', 'ap-southeast-2'].map((region) =>
      [stackFor({ ...everything, ...context }), stackFor({ ...everything, ...context }, region)]
        .flatMap((stack) => namesIn(stack, region))
        .filter((name) => everywhere.test(name)),
    );
    expect(one.length).toBeGreaterThan(4);
    expect(shared(one, other)).toEqual([]);
  });

  test('and neither do their metrics: a dimension tells them apart', () => {
    const staging = templateFor({ name: 'Staging' });
    for (const [from, name] of [
      [template, 'Undertone'],
      [staging, 'Staging'],
    ] as const) {
      const { Environment } = properties(from, 'AWS::Lambda::Function', /^LabellingLabel/);
      expect(Environment.Variables.POWERTOOLS_SERVICE_NAME).toBe(name);
      const { DashboardBody } = properties(from, 'AWS::CloudWatch::Dashboard', /./);
      expect(JSON.stringify(DashboardBody)).toContain(`Verdicts\\",\\"service\\",\\"${name}`);
      expect(properties(from, 'AWS::ApiGateway::RestApi', /./).Name).toBe(name);
      const { VisibilityConfig } = properties(from, 'AWS::WAFv2::WebACL', /./);
      expect(VisibilityConfig.MetricName).toBe(`${name}-Requests`);
    }
  });
});

test('alarms are mailed if alarmEmail is set', () => {
  template.resourceCountIs('AWS::SNS::Subscription', 0);
  templateFor({ alarmEmail: 'ops@example.org' }).hasResourceProperties('AWS::SNS::Subscription', {
    Protocol: 'email',
    Endpoint: 'ops@example.org',
  });
});

test('outputs say what to do next', () => {
  const outputs = template.toJSON().Outputs;
  for (const name of [
    'PageUrl',
    'Endpoint',
    'InboxBucket',
    'ResultsBucket',
    'QueueUrl',
    'DeadLetterArn',
  ]) {
    expect(outputs).toHaveProperty(name);
  }
  expect(JSON.stringify(outputs.TryIt.Value)).toMatch(/curl --data-binary .*v1\/emotion/);
});
