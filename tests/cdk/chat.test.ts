import { Annotations, Match, type Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { ERROR_TABLE } from '../../core/index.ts';
import { CHAT_ROUTES } from '../../functions/routes.ts';
import {
  CHAT,
  type Context,
  type Properties,
  policyStatements,
  properties,
  type Statement,
  stackFor,
  templateFor,
} from './synth.ts';

const { discordPublicKey: PUBLIC_KEY, slackSecret } = CHAT;
const both = { discordPublicKey: PUBLIC_KEY, slackSecret };
const template = templateFor(both);

const handlers = (from: Template) =>
  Object.keys(from.findResources('AWS::Lambda::Function')).filter((id) => /^Chat/.test(id));
/** The settings of the stage for a method, which it has instead of those of the stage. */
function methodSettings(path: string, method: string, from = template): Properties {
  const { MethodSettings } = properties(from, 'AWS::ApiGateway::Stage', /./);
  return MethodSettings.find(
    ({ HttpMethod, ResourcePath }: Properties) =>
      HttpMethod === method && ResourcePath === `/${path.replaceAll('/', '~1')}`,
  );
}

const functionOf = (id: RegExp, from = template) => properties(from, 'AWS::Lambda::Function', id);

/** The actions that a function is granted, except for logs and traces, with their resources. */
function grantsOf(id: RegExp, from = template): Record<string, string> {
  const { PolicyDocument } = properties(from, 'AWS::IAM::Policy', id);
  const statements: Statement[] = PolicyDocument.Statement;
  return Object.fromEntries(
    statements
      .flatMap(({ Action, Resource }) =>
        [Action].flat().map((action) => [action, JSON.stringify(Resource)] as const),
      )
      .filter(([action]) => !/^(logs|xray):/.test(action)),
  );
}

describe('a platform is deployed if it is configured', () => {
  const paths = (from: Template) =>
    Object.values(from.findResources('AWS::ApiGateway::Resource'))
      .map(({ Properties }) => Properties.PathPart)
      .filter((part) => ['interactions', 'events'].includes(part));

  test('neither by default: no queue, no table, no function', () => {
    const bare = templateFor();
    expect(paths(bare)).toEqual([]);
    expect(handlers(bare)).toEqual([]);
    // Of the bucket, of uploads and of callbacks, each with its dead letters.
    bare.resourceCountIs('AWS::SQS::Queue', 6);
    bare.resourceCountIs('AWS::DynamoDB::Table', 4);
  });

  test.each([
    ['discord', { discordPublicKey: PUBLIC_KEY }, ['interactions']],
    ['slack', { slackSecret: 'undertone/slack' }, ['events']],
    ['both', both, ['events', 'interactions']],
  ])('%s', (_, context, expected) => {
    const from = templateFor(context);
    expect(paths(from).sort()).toEqual(expected);
    // And the worker.
    expect(handlers(from)).toHaveLength(expected.length + 1);
  });

  test('and the outputs have the URL to enter at each platform', () => {
    const { Outputs } = template.toJSON();
    for (const [name, { path }] of [
      ['DiscordInteractionsUrl', CHAT_ROUTES[0]],
      ['SlackRequestUrl', CHAT_ROUTES[1]],
    ] as const) {
      expect(JSON.stringify(Outputs[name].Value)).toContain(path);
    }
  });
});

describe('a webhook', () => {
  test('needs no API key, even if all other routes do: requests are signed', () => {
    const keyed = templateFor({ ...both, apiKeys: 'somebody' });
    const ids = Object.entries(keyed.findResources('AWS::ApiGateway::Resource'))
      .filter(([, { Properties }]) => ['interactions', 'events'].includes(Properties.PathPart))
      .map(([id]) => id);
    const methods = Object.values(keyed.findResources('AWS::ApiGateway::Method'))
      .map(({ Properties }) => Properties)
      .filter(({ ResourceId }) => ids.includes(ResourceId.Ref));
    expect(methods).toHaveLength(2);
    for (const { HttpMethod, ApiKeyRequired } of methods) {
      expect({ HttpMethod, ApiKeyRequired }).toEqual({ HttpMethod: 'POST', ApiKeyRequired: false });
    }
  });

  test('may only send to the queue and read its own secret', () => {
    expect(grantsOf(/^Chatdiscordinteractions/)).toEqual({
      'sqs:SendMessage': expect.stringContaining('ChatQueueJobs'),
    });
    expect(grantsOf(/^Chatslackevents/)).toEqual({
      'sqs:SendMessage': expect.stringContaining('ChatQueueJobs'),
      'secretsmanager:GetSecretValue': expect.stringContaining(':secret:undertone/slack-??????'),
    });
    expect(functionOf(/^Chatdiscord/).Environment.Variables).toMatchObject({
      UNDERTONE_DISCORD_PUBLIC_KEY: PUBLIC_KEY,
    });
  });

  test('reads exactly one secret if it is given by its complete ARN', () => {
    const arn =
      'arn:aws:secretsmanager:eu-west-1:123456789012:secret:undertone/slack-team01-a1B2c3';
    const from = templateFor({ slackSecret: arn });
    const variables = functionOf(/^Chatslack/, from).Environment.Variables;
    expect(variables.UNDERTONE_SLACK_SECRET).toBe(arn);
    const reads = policyStatements(from).filter(
      ({ Action }) => Action === 'secretsmanager:GetSecretValue',
    );
    expect(reads.map(({ Resource }) => Resource)).toEqual([arn, arn]);
  });

  test('is told, like the worker, whether a task listens to Discord', () => {
    const told = (from: Template) =>
      [/^Chatdiscord/, /^ChatFunction/].map(
        (id) => functionOf(id, from).Environment.Variables.UNDERTONE_DISCORD_GATEWAY,
      );
    expect(told(template)).toEqual(['false', 'false']);
    expect(told(templateFor(CHAT))).toEqual(['true', 'true']);
  });
});

describe('the firewall', () => {
  const { Rules, CustomResponseBodies } = properties(template, 'AWS::WAFv2::WebACL', /./);
  const signed = {
    '/prod/discord/interactions': { 'x-signature-ed25519': 'ab', 'x-signature-timestamp': '1' },
    '/prod/slack/events': { 'x-slack-signature': 'v0=ab', 'x-slack-request-timestamp': '1' },
  };
  const webhooks = Object.entries(signed);

  /** Whether a request matches a statement, by AWS's description of each kind. */
  function matches(statement: Properties, path: string, headers: Record<string, string>): boolean {
    const [[kind, value]] = Object.entries(statement);
    const inner = (each: Properties) => matches(each, path, headers);
    const field = () => {
      const { UriPath, SingleHeader } = value.FieldToMatch;
      return UriPath ? path : headers[SingleHeader.Name];
    };
    switch (kind) {
      case 'AndStatement':
        return value.Statements.every(inner);
      case 'OrStatement':
        return value.Statements.some(inner);
      case 'NotStatement':
        return !inner(value.Statement);
      case 'RateBasedStatement':
        return inner(value.ScopeDownStatement);
      case 'SizeConstraintStatement':
        expect(value).toMatchObject({ ComparisonOperator: 'GT', Size: 0 });
        return (field() ?? '').length > 0;
      case 'ByteMatchStatement':
        return value.PositionalConstraint === 'ENDS_WITH'
          ? (field() ?? '').endsWith(value.SearchString)
          : field() === value.SearchString;
      default:
        throw new Error(`Unknown statement ${kind}.`);
    }
  }

  const rulesFor = (path: string, headers: Record<string, string> = {}) =>
    Rules.filter(({ Statement }: Properties) => matches(Statement, path, headers)).map(
      ({ Name }: Properties) => Name,
    );

  test.each(webhooks)('counts signed requests to %s by a looser rule of their own', (path, all) => {
    expect(rulesFor(path, all)).toEqual(['requests-per-platform-address']);
    const limits = Object.fromEntries(
      Rules.map(({ Name, Statement }: Properties) => [Name, Statement.RateBasedStatement]),
    );
    const own = limits['requests-per-platform-address'];
    expect(own.AggregateKeyType).toBe('IP');
    expect(own.Limit).toBe(3 * limits['requests-per-address'].Limit);
    // Half of what the throttle lets through.
    const throttle = methodSettings(path.replace('/prod', ''), 'POST').ThrottlingRateLimit;
    expect(own.Limit).toBeLessThanOrEqual((throttle * own.EvaluationWindowSec) / 2);
  });

  test.each(webhooks)('refuses requests to %s that lack a header of the signature', (path, all) => {
    for (const name of Object.keys(all)) {
      for (const headers of [{}, { [name]: 'present' }, { ...all, [name]: '' }]) {
        // The first rule that blocks decides.
        expect(rulesFor(path, headers)[0]).toBe('unsigned');
      }
    }
    const other = webhooks.find(([each]) => each !== path)?.[1];
    expect(rulesFor(path, other)[0]).toBe('unsigned');
    const order = Rules.map(({ Priority }: Properties) => Priority);
    expect(order).toEqual([0, 1, 2, 3]);
  });

  test('says so as a problem that says who may call', () => {
    const { Action } = Rules.find(({ Name }: Properties) => Name === 'unsigned');
    const { ResponseCode, CustomResponseBodyKey } = Action.Block.CustomResponse;
    expect(ResponseCode).toBe(401);
    const { ContentType, Content } = CustomResponseBodies[CustomResponseBodyKey];
    expect(ContentType).toBe('APPLICATION_JSON');
    expect(JSON.parse(Content)).toEqual({
      type: '/problems/unauthorized',
      ...ERROR_TABLE.unauthorized,
      code: 'unauthorized',
      detail: expect.stringMatching(/signed requests.*\.$/),
    });
  });

  test('counts what goes elsewhere as before', () => {
    for (const path of ['/prod/v1/emotion', '/prod/discord', '/prod/slack/events/']) {
      expect(rulesFor(path)).toEqual(['requests-per-address']);
    }
    const bare = properties(templateFor(), 'AWS::WAFv2::WebACL', /./);
    expect(bare.Rules.map(({ Name }: Properties) => Name)).toEqual([
      'requests-per-address',
      'requests-per-visitor',
    ]);
    expect(bare.CustomResponseBodies).toBeUndefined();
  });
});

describe('the worker', () => {
  const worker = functionOf(/^ChatFunction/);
  const queue = properties(template, 'AWS::SQS::Queue', /^ChatQueueJobs/);

  test('gets one question at a time from a FIFO queue', () => {
    expect(queue).toMatchObject({
      FifoQueue: true,
      RedrivePolicy: {
        deadLetterTargetArn: { 'Fn::GetAtt': [expect.stringMatching(/^ChatQueueDead/), 'Arn'] },
      },
    });
    expect(properties(template, 'AWS::SQS::Queue', /^ChatQueueDead/).FifoQueue).toBe(true);
    const source = (from: Template) =>
      properties(from, 'AWS::Lambda::EventSourceMapping', /^ChatFunction/);
    expect(source(template)).toMatchObject({
      BatchSize: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    });
    expect(source(templateFor({ ...both, chatConcurrency: '40' })).ScalingConfig).toEqual({
      MaximumConcurrency: 40,
    });
  });

  test('has finished its last try while Discord still accepts the answer', () => {
    expect(queue.VisibilityTimeout).toBeGreaterThan(worker.Timeout);
    // If every try is killed, so that none is made visible sooner.
    const lastTry = (queue.RedrivePolicy.maxReceiveCount - 1) * queue.VisibilityTimeout;
    expect(lastTry + worker.Timeout).toBeLessThanOrEqual(15 * 60);
  });

  test('knows the queue, to have failed questions delivered again soon', () => {
    expect(worker.Environment.Variables.UNDERTONE_CHAT_QUEUE_URL).toEqual({
      Ref: expect.stringMatching(/^ChatQueueJobs/),
    });
  });

  test('has access to its tables, its queue and the secret of Slack only', () => {
    const grants = grantsOf(/^ChatRole/);
    expect(Object.keys(grants).sort()).toEqual([
      'dynamodb:DeleteItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Scan',
      'dynamodb:UpdateItem',
      'secretsmanager:GetSecretValue',
      'sqs:ChangeMessageVisibility',
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'sqs:GetQueueUrl',
      'sqs:ReceiveMessage',
    ]);
    expect(grants['dynamodb:PutItem']).toMatch(/ChatTable.*StateIdempotency/);
  });

  test('has a table whose rows expire and which outlives the stack', () => {
    const tables = (from: Template) =>
      Object.entries(from.findResources('AWS::DynamoDB::Table')).filter(([id]) => /^Chat/.test(id));
    const [[, table]] = tables(template);
    expect(table.Properties).toMatchObject({
      KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }],
      TimeToLiveSpecification: { AttributeName: 'expire', Enabled: true },
    });
    expect(table.DeletionPolicy).toBe('Retain');
    expect(tables(templateFor({ ...both, removal: 'destroy' }))[0][1].DeletionPolicy).toBe(
      'Delete',
    );
  });

  test('calls the API with a key that the template does not contain', () => {
    const { UNDERTONE_API_KEY, UNDERTONE_API_ENDPOINT } = worker.Environment.Variables;
    expect(JSON.stringify(UNDERTONE_API_ENDPOINT)).toContain('execute-api');
    const reference = [
      '{{resolve:secretsmanager:',
      { Ref: expect.stringMatching(/^ChatKeySecret/) },
      ':SecretString:::}}',
    ];
    expect(UNDERTONE_API_KEY['Fn::Join'][1]).toEqual(reference);
    template.resourceCountIs('AWS::ApiGateway::ApiKey', 0);
    const keyed = templateFor({ ...both, apiKeys: 'somebody' });
    keyed.resourceCountIs('AWS::ApiGateway::UsagePlanKey', 2);
    const key = properties(keyed, 'AWS::ApiGateway::ApiKey', /chat/);
    expect(key.Value['Fn::Join'][1]).toEqual(reference);
  });
});

describe('a Slack app that any workspace can install', () => {
  const distributed = templateFor({ slackSecret, slackDistribution: 'true' });
  const installations = (from: Template) =>
    Object.entries(from.findResources('AWS::DynamoDB::Table')).find(([id]) =>
      /^ChatInstallations/.test(id),
    )?.[1];

  test('has a table of its own, which can be restored and outlives the stack', () => {
    expect(installations(template)).toBeUndefined();
    const table = installations(distributed);
    expect(table?.Properties).toMatchObject({
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
    expect(table?.Properties.TimeToLiveSpecification).toBeUndefined();
    expect(table?.DeletionPolicy).toBe('Retain');
    const temporary = { slackSecret, slackDistribution: 'true', removal: 'destroy' };
    expect(installations(templateFor(temporary))?.DeletionPolicy).toBe('Delete');
  });

  test('has pages that browsers open without a key, and the first of them as an output', () => {
    const keyed = templateFor({ slackSecret, slackDistribution: 'true', apiKeys: 'somebody' });
    const methods = Object.values(keyed.findResources('AWS::ApiGateway::Method')).filter(
      ({ Properties }) => JSON.stringify(Properties.Integration ?? {}).includes('Chatslackinstall'),
    );
    expect(methods).toHaveLength(2);
    for (const { Properties } of methods) {
      expect(Properties).toMatchObject({ HttpMethod: 'GET', ApiKeyRequired: false });
    }
    for (const path of ['/slack/install', '/slack/oauth_redirect']) {
      const { ThrottlingRateLimit } = methodSettings(path, 'GET', distributed);
      expect(ThrottlingRateLimit).toBeLessThan(
        methodSettings('/slack/events', 'POST', distributed).ThrottlingRateLimit,
      );
      expect(methodSettings(path, 'GET')).toBeUndefined();
    }
    const { Outputs } = distributed.toJSON();
    expect(JSON.stringify(Outputs.SlackInstallUrl.Value)).toContain('slack/install');
    expect(template.toJSON().Outputs.SlackInstallUrl).toBeUndefined();
  });

  test('lets each function do what it needs with the installations, and nothing else', () => {
    const table = expect.stringMatching(/^\{"Fn::GetAtt":\["ChatInstallations/);
    expect(grantsOf(/^Chatslackinstall/, distributed)).toEqual({
      'dynamodb:PutItem': table,
      'secretsmanager:GetSecretValue': expect.stringContaining(':secret:undertone/slack-??????'),
    });
    expect(Object.keys(grantsOf(/^Chatslackevents/, distributed)).sort()).toEqual([
      'secretsmanager:GetSecretValue',
      'sqs:SendMessage',
    ]);
    const { Statement } = properties(distributed, 'AWS::IAM::Policy', /^ChatRole/).PolicyDocument;
    const own = (Statement as Statement[]).filter(({ Resource }) =>
      JSON.stringify(Resource).includes('ChatInstallations'),
    );
    expect(own.flatMap(({ Action }) => Action).sort()).toEqual([
      'dynamodb:DeleteItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
    ]);
  });

  test('tells the table to the functions that use it, and the template no secret', () => {
    const table = { Ref: expect.stringMatching(/^ChatInstallations/) };
    for (const id of [/^Chatslackinstall/, /^ChatFunction/]) {
      const { Variables } = functionOf(id, distributed).Environment;
      expect(Variables).toMatchObject({
        UNDERTONE_SLACK_INSTALLATIONS_TABLE: table,
        UNDERTONE_SLACK_SECRET: slackSecret,
      });
    }
    const events = functionOf(/^Chatslackevents/, distributed).Environment.Variables;
    expect(events.UNDERTONE_SLACK_INSTALLATIONS_TABLE).toBeUndefined();
  });
});

test('Slack without ffmpeg is warned of: most of its clips could not be decoded', () => {
  const warnings = (context: Context) =>
    Annotations.fromStack(stackFor(context)).findWarning('*', Match.stringLikeRegexp('ffmpeg'));
  expect(warnings({ slackSecret })).toHaveLength(1);
  expect(warnings({ discordPublicKey: PUBLIC_KEY })).toEqual([]);
});

test('unanswered and long-waiting questions raise alarms', () => {
  const alarm = (id: RegExp) => properties(template, 'AWS::CloudWatch::Alarm', id);
  expect(alarm(/ChatDeadLetters/)).toMatchObject({
    MetricName: 'ApproximateNumberOfMessagesVisible',
    Threshold: 1,
  });
  expect(alarm(/ChatBacklog/)).toMatchObject({
    MetricName: 'ApproximateAgeOfOldestMessage',
    Threshold: 300,
  });
  expect(alarm(/ChatErrors/)).toMatchObject({ MetricName: 'Errors' });
  for (const id of [/ChatDeadLetters/, /ChatBacklog/, /ChatErrors/]) {
    expect(alarm(id).AlarmActions).toHaveLength(1);
  }
  const { DashboardBody } = properties(template, 'AWS::CloudWatch::Dashboard', /./);
  expect(JSON.stringify(DashboardBody)).toContain('Questions in chats');
});
