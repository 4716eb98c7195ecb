import type { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { verdictSchema } from '../../core/index.ts';
import { CALLBACKS, UPLOADS } from '../../functions/infrastructure.ts';
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
  const uploads = properties(template, 'AWS::S3::Bucket', /^StorageUploads/);
  const results = properties(template, 'AWS::S3::Bucket', /Results/);

  test('recordings, uploads and labels expire as configured', () => {
    const days = (bucket: Properties) =>
      bucket.LifecycleConfiguration.Rules.map((rule: Record<string, unknown>) => [
        rule.Prefix ?? '',
        rule.ExpirationInDays ?? null,
      ]);
    expect(days(inbox)).toEqual([['', 7]]);
    expect(days(uploads)).toEqual([['', 1]]);
    expect(days(results)).toEqual([
      ['labels/', 365],
      ['late/', 365],
      ['athena/', 7],
      ['', null],
    ]);
    const other = templateFor({ inboxDays: '2', labelDays: '0' });
    expect(days(properties(other, 'AWS::S3::Bucket', /Inbox/))).toEqual([['', 2]]);
    expect(days(properties(other, 'AWS::S3::Bucket', /Results/))).toEqual([
      ['athena/', 7],
      ['', null],
    ]);
  });

  test('pages may post uploads and do nothing else', () => {
    const [rule, ...others] = uploads.CorsConfiguration.CorsRules;
    expect(rule).toMatchObject({ AllowedMethods: ['POST'], AllowedOrigins: ['*'] });
    expect(rule.ExposedHeaders).toBeUndefined();
    expect(others).toEqual([]);
    for (const bucket of [inbox, results]) expect(bucket.CorsConfiguration).toBeUndefined();
  });

  test('a deleted recording is gone; a deleted label can be restored', () => {
    for (const bucket of [inbox, uploads]) expect(bucket.VersioningConfiguration).toBeUndefined();
    expect(results.VersioningConfiguration).toEqual({ Status: 'Enabled' });
  });

  test('they outlive the stack unless removal=destroy', () => {
    const policies = (from: Template) =>
      Object.entries(from.findResources('AWS::S3::Bucket'))
        .filter(([id]) => /^Storage/.test(id))
        .map(([, bucket]) => bucket.DeletionPolicy);
    expect(policies(template)).toEqual(['Retain', 'Retain', 'Retain']);
    expect(policies(templateFor({ removal: 'destroy' }))).toEqual(['Delete', 'Delete', 'Delete']);
  });
});

describe('labelling', () => {
  const label = properties(template, 'AWS::Lambda::Function', /^LabellingLabel/);
  const queue = properties(template, 'AWS::SQS::Queue', /^LabellingQueue/);
  const source = properties(template, 'AWS::Lambda::EventSourceMapping', /^LabellingLabel/);

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
    expect(source.ScalingConfig).toEqual({ MaximumConcurrency: 2 });
    const many = templateFor({ labelConcurrency: '400' });
    expect(
      properties(many, 'AWS::Lambda::EventSourceMapping', /^LabellingLabel/).ScalingConfig,
    ).toEqual({
      MaximumConcurrency: 400,
    });
  });

  test('messages that keep failing go to a queue that raises an alarm', () => {
    expect(queue.RedrivePolicy).toEqual({
      deadLetterTargetArn: { 'Fn::GetAtt': [expect.stringMatching(/DeadLetters/), 'Arn'] },
      maxReceiveCount: 5,
    });
    const alarm = properties(template, 'AWS::CloudWatch::Alarm', /^ObservabilityDeadLetters/);
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

describe('uploads', () => {
  const queue = properties(template, 'AWS::SQS::Queue', /^UploadsQueue/);
  const mapping = (from: Template, id: RegExp) =>
    properties(from, 'AWS::Lambda::EventSourceMapping', id);

  test('have a queue, a function and a concurrency of their own, one message at a time', () => {
    const bucket = properties(template, 'AWS::S3::Bucket', /^StorageUploads/);
    const [{ Queue }] = bucket.NotificationConfiguration.QueueConfigurations;
    expect(Queue).toEqual({ 'Fn::GetAtt': [expect.stringMatching(/^UploadsQueue/), 'Arn'] });
    expect(mapping(template, /^UploadsClassifyUpload/)).toMatchObject({
      EventSourceArn: Queue,
      BatchSize: 1,
      ScalingConfig: { MaximumConcurrency: 2 },
    });
    const more = mapping(templateFor({ uploadConcurrency: '30' }), /^UploadsClassifyUpload/);
    expect(more.ScalingConfig).toEqual({ MaximumConcurrency: 30 });
  });

  test('that keep failing go to the function that says so, and it raises an alarm', () => {
    const deadLetters = {
      'Fn::GetAtt': [expect.stringMatching(/^UploadsDeadLetters/), 'Arn'],
    };
    expect(queue.RedrivePolicy).toEqual({
      deadLetterTargetArn: deadLetters,
      maxReceiveCount: UPLOADS.tries,
    });
    expect(mapping(template, /^UploadsFailUpload/).EventSourceArn).toEqual(deadLetters);
    expect(properties(template, 'AWS::CloudWatch::Alarm', /UploadFailures/)).toMatchObject({
      MetricName: 'Invocations',
      Dimensions: [{ Value: { Ref: expect.stringMatching(/^UploadsFailUpload/) } }],
      Threshold: 1,
    });
  });
});

describe('callbacks', () => {
  const queue = properties(template, 'AWS::SQS::Queue', /^CallbacksQueue/);
  const deliver = properties(template, 'AWS::Lambda::Function', /^CallbacksDeliverCallback/);

  test('have a queue and a function of their own, which posts ten at a time', () => {
    const source = properties(template, 'AWS::Lambda::EventSourceMapping', /^CallbacksDeliver/);
    expect(source).toMatchObject({
      EventSourceArn: { 'Fn::GetAtt': [expect.stringMatching(/^CallbacksQueue/), 'Arn'] },
      BatchSize: CALLBACKS.batchSize,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    });
    expect(queue.VisibilityTimeout).toBe(6 * deliver.Timeout);
    const more = templateFor({ callbackConcurrency: '30' });
    expect(
      properties(more, 'AWS::Lambda::EventSourceMapping', /^CallbacksDeliver/).ScalingConfig,
    ).toEqual({ MaximumConcurrency: 30 });
  });

  test('to one host are no more than two for each upload that is let through', () => {
    const perHost = (from: typeof template) =>
      properties(from, 'AWS::Lambda::Function', /^CallbacksDeliverCallback/).Environment.Variables
        .UNDERTONE_CALLBACKS_PER_HOST;
    expect(perHost(template)).toBe('600');
    expect(perHost(templateFor({ requestsPerSecond: '150' }))).toBe('4500');
    expect(perHost(templateFor({ requestsPerSecond: '1' }))).toBe('600');
  });

  test('that nobody takes are dead letters, which raise an alarm', () => {
    const deadLetters = { 'Fn::GetAtt': [expect.stringMatching(/^CallbacksDeadLetters/), 'Arn'] };
    expect(queue.RedrivePolicy).toEqual({
      deadLetterTargetArn: deadLetters,
      maxReceiveCount: CALLBACKS.tries,
    });
    const [id] = deadLetters['Fn::GetAtt'];
    expect(
      properties(template, 'AWS::CloudWatch::Alarm', /^ObservabilityCallbackDeadLetters/),
    ).toMatchObject({
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [id, 'QueueName'] } }],
      Threshold: 1,
      AlarmActions: [{ Ref: expect.stringMatching(/^ObservabilityAlarms/) }],
    });
  });
});

describe('functions', () => {
  test('are arm64 on Node 24 with logs that expire, or as configured', () => {
    // Without the page and the reservation, for which the CDK has functions of its own.
    const bare = { page: 'false', emotionConcurrency: '0' };
    const own = templateFor(bare);
    const count = Object.keys(own.findResources('AWS::Lambda::Function')).length;
    own.allResourcesProperties('AWS::Lambda::Function', {
      Architectures: ['arm64'],
      Runtime: 'nodejs24.x',
      TracingConfig: { Mode: 'Active' },
      LoggingConfig: { LogFormat: 'JSON', LogGroup: Match.anyValue() },
    });
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
    // And the two logs of the API.
    own.resourceCountIs('AWS::Logs::LogGroup', count + 2);
    const other = templateFor({
      ...bare,
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
    for (const id of [/^LabellingLabel/, /^UploadsClassify/, /^Apiemotion/]) {
      expect(properties(template, 'AWS::Lambda::Function', id).MemorySize).toBe(1769);
      expect(properties(other, 'AWS::Lambda::Function', id).MemorySize).toBe(3008);
    }
  });

  test('onnxruntime keeps quiet in them: it reads this before their code runs', () => {
    for (const name of [/Emotion.*Function/i, /Label.*Function/i, /Classify.*Function/]) {
      const { Environment } = properties(template, 'AWS::Lambda::Function', name);
      expect(Environment.Variables.ORT_DISABLE_TELEMETRY).toBe('1');
    }
  });

  test('calls of POST /v1/emotion are bounded where the quota of the account allows it', () => {
    // As properties, reservations fail the deployment in new accounts, which have none to spare.
    for (const { Properties } of Object.values(template.findResources('AWS::Lambda::Function'))) {
      expect(Properties.ReservedConcurrentExecutions).toBeUndefined();
    }
    const reservation = (from: Template) => {
      const calls = properties(from, 'Custom::AWS', /./);
      return [calls.Create, calls.Update, calls.Delete].map((call) => {
        const [text, emotion] = [
          call['Fn::Join'][1],
          { Ref: expect.stringMatching(/^Apiemotion/) },
        ];
        expect(text.filter((part: unknown) => typeof part !== 'string')).toEqual([emotion]);
        return JSON.parse(
          text.map((part: unknown) => (typeof part === 'string' ? part : 'emotion')).join(''),
        );
      });
    };
    const [create, update, remove] = reservation(template);
    expect(create).toMatchObject({
      service: 'Lambda',
      action: 'PutFunctionConcurrency',
      parameters: { FunctionName: 'emotion', ReservedConcurrentExecutions: 20 },
    });
    expect(update).toEqual(create);
    // What AWS answers if too little would remain unreserved, and nothing else.
    const ignored = new RegExp(create.ignoreErrorCodesMatching);
    expect(ignored.test('InvalidParameterValueException')).toBe(true);
    for (const name of ['AccessDeniedException', 'ResourceNotFoundException']) {
      expect(ignored.test(name)).toBe(false);
    }
    expect(remove).toMatchObject({ action: 'DeleteFunctionConcurrency' });
    expect(policyStatements(template)).toContainEqual({
      Effect: 'Allow',
      Action: ['lambda:DeleteFunctionConcurrency', 'lambda:PutFunctionConcurrency'],
      Resource: { 'Fn::GetAtt': [expect.stringMatching(/^Apiemotion/), 'Arn'] },
    });
    const more = reservation(templateFor({ emotionConcurrency: '50' }));
    expect(more[0].parameters.ReservedConcurrentExecutions).toBe(50);
    templateFor({ emotionConcurrency: '0' }).resourceCountIs('Custom::AWS', 0);
  });

  test('a new account, which has a concurrency of 10, keeps some for the API that the bots call', () => {
    const sources = Object.entries(
      templateFor(CHAT).findResources('AWS::Lambda::EventSourceMapping'),
    )
      // It has nothing to do unless uploads fail.
      .filter(([id]) => !id.startsWith('UploadsFailUpload'))
      .map(([, { Properties }]) => Properties.ScalingConfig.MaximumConcurrency);
    expect(Math.max(...sources)).toBe(2);
    expect(sources.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(8);
  });
});

test('tables are billed by request, and their rows expire', () => {
  const tables = Object.values(template.findResources('AWS::DynamoDB::Table'));
  const ttl = tables.map(({ Properties }) => Properties.TimeToLiveSpecification.AttributeName);
  expect(ttl.sort()).toEqual(['expiration', 'expires', 'expires', 'expires']);
  template.allResourcesProperties('AWS::DynamoDB::Table', { BillingMode: 'PAY_PER_REQUEST' });
  const keys = tables.map(({ Properties }) =>
    Properties.KeySchema.map(({ AttributeName }: Properties) => AttributeName).join(),
  );
  expect(keys.sort()).toEqual(['batch,member', 'id', 'id', 'id']);
});

describe('catalogue', () => {
  const about = ['key', 'versionId', 'etag', 'size', 'uploadedAt', 'labelledAt', 'error'];
  const fields = [...about, ...Object.keys(verdictSchema.shape)].map((name) => name.toLowerCase());

  test.each([
    ['Json', 'labels_json', 'date', 'labels'],
    ['Late', 'labels_late', 'labelled', 'late'],
  ])('has a column for every field of a label and a partition for every day: %s', (...named) => {
    const [id, name, day, prefix] = named;
    const { TableInput } = properties(template, 'AWS::Glue::Table', new RegExp(`^Catalogue${id}`));
    const columns = TableInput.StorageDescriptor.Columns.map(({ Name }: Properties) => Name);
    expect(columns.sort()).toEqual(fields.toSorted());
    expect(TableInput).toMatchObject({ Name: name, PartitionKeys: [{ Name: day }] });
    const { Parameters } = TableInput;
    expect(Parameters['projection.enabled']).toBe('true');
    expect(JSON.stringify(Parameters['storage.location.template'])).toContain(
      `/${prefix}/${day}=\${${day}}/`,
    );
  });

  test('copies of late labels are written where it reads them', () => {
    const { Environment } = properties(template, 'AWS::Lambda::Function', /^LabellingLabel/);
    expect(Environment.Variables.UNDERTONE_LATE_LABELS).toBe('true');
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

describe('alarms', () => {
  const alarm = (id: RegExp, from = template) =>
    properties(from, 'AWS::CloudWatch::Alarm', new RegExp(`^Observability${id.source}`));

  test('report throttles of every function that answers requests', () => {
    const named = (from: Template) =>
      alarm(/Throttled/, from)
        .Metrics.flatMap(({ MetricStat }: Properties) => (MetricStat ? [MetricStat.Metric] : []))
        .map(({ MetricName, Dimensions: [{ Value }] }: Properties) => [MetricName, Value.Ref]);
    const answering = (from: Template) =>
      Object.keys(from.findResources('AWS::Lambda::Permission'))
        .map((id) => from.findResources('AWS::Lambda::Permission')[id].Properties)
        .filter(({ Principal }) => Principal === 'apigateway.amazonaws.com')
        .map(({ FunctionName }) => ['Throttles', FunctionName['Fn::GetAtt'][0]]);
    const chat = templateFor({ ...CHAT, slackDistribution: 'true' });
    // Throttles of the bots' functions are 5xx responses; see below.
    const isOfBots = ([, id]: string[]) => id.startsWith('Chat');
    // One of them has two routes.
    expect(answering(chat).filter(isOfBots)).toHaveLength(4);
    for (const from of [template, chat]) {
      expect(named(from).sort()).toEqual(
        answering(from)
          .filter((each) => !isOfBots(each))
          .sort(),
      );
      // CloudWatch takes ten metrics in an expression.
      expect(named(from).length).toBeLessThanOrEqual(10);
    }
  });

  test('report failures also where there are few requests', () => {
    const [{ Expression }] = alarm(/ServerErrors/).Metrics;
    expect(Expression).toBe('100 * errors / requests');
    const chat = templateFor({ ...CHAT, slackDistribution: 'true' });
    const [{ MetricName, MetricNamespace }] = properties(chat, 'AWS::Logs::MetricFilter', /./)
      .MetricTransformations as Properties[];
    expect(alarm(/WebhookErrors/, chat)).toMatchObject({
      MetricName,
      Namespace: MetricNamespace,
      Threshold: 1,
      EvaluationPeriods: 1,
    });
    expect(alarm(/ChatErrors/, chat)).toMatchObject({ Threshold: 1, EvaluationPeriods: 1 });
    const { FilterPattern, LogGroupName } = properties(chat, 'AWS::Logs::MetricFilter', /./);
    const [status, ...routes] = FilterPattern.match(/\$\.\w+ = "[^"]+"/g);
    expect(status).toBe('$.status = "5*"');
    // Every route of a function of the bots.
    expect(routes).toEqual(
      ['/discord/interactions', '/slack/events', '/slack/install', '/slack/oauth_redirect'].map(
        (path) => `$.route = "${path}"`,
      ),
    );
    expect(FilterPattern).toMatch(/^\{ \(.*\) && \((\(.*\) \|\| )+\(.*\)\) \}$/);
    // Where status and route are written.
    const { AccessLogSetting } = properties(chat, 'AWS::ApiGateway::Stage', /./);
    expect(JSON.stringify(AccessLogSetting.DestinationArn)).toContain(`"${LogGroupName.Ref}"`);
    expect(JSON.parse(AccessLogSetting.Format)).toMatchObject({
      route: '$context.resourcePath',
      status: '$context.status',
    });
  });

  test('report what a month costs, to where all alarms go', () => {
    const { Budget, NotificationsWithSubscribers } = properties(
      template,
      'AWS::Budgets::Budget',
      /./,
    );
    expect(Budget).toEqual({
      BudgetType: 'COST',
      TimeUnit: 'MONTHLY',
      BudgetLimit: { Amount: 50, Unit: 'USD' },
    });
    const topic = { Ref: expect.stringMatching(/^ObservabilityAlarms/) };
    for (const { Subscribers } of NotificationsWithSubscribers) {
      expect(Subscribers).toEqual([{ SubscriptionType: 'SNS', Address: topic }]);
    }
    // AWS looks when it makes the budget.
    const [{ DependsOn }] = Object.values(template.findResources('AWS::Budgets::Budget'));
    expect(DependsOn).toEqual([expect.stringMatching(/^ObservabilityAlarmsPolicy/)]);
    templateFor({ monthlyBudget: '0' }).resourceCountIs('AWS::Budgets::Budget', 0);
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
