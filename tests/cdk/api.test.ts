import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { ERROR_TABLE, type ErrorCode } from '../../core/index.ts';
import { ROUTES } from '../../functions/routes.ts';
import { CHAT, type Properties, properties, templateFor } from './synth.ts';

const template = templateFor();

const all = (type: string, from = template): Properties[] =>
  Object.values(from.findResources(type)).map((resource) => resource.Properties);

/** Path of a resource of the API, from its parents. */
function pathOf(reference: { Ref?: string }): string {
  const resource = template.findResources('AWS::ApiGateway::Resource')[reference.Ref ?? ''];
  if (!resource) return '';
  return `${pathOf(resource.Properties.ParentId)}/${resource.Properties.PathPart}`;
}

const methods = all('AWS::ApiGateway::Method');
const preflights = methods.filter(({ HttpMethod }) => HttpMethod === 'OPTIONS');

test('every route has a method that a function answers, and there is nothing else', () => {
  const answered = methods.filter(({ HttpMethod }) => HttpMethod !== 'OPTIONS');
  const names = answered.map(({ HttpMethod, ResourceId }) => `${HttpMethod} ${pathOf(ResourceId)}`);
  expect(names.sort()).toEqual(ROUTES.map(({ method, path }) => `${method} ${path}`).sort());
  for (const { Integration } of answered) expect(Integration.Type).toBe('AWS_PROXY');
});

test('a body arrives byte for byte, whatever its content type', () => {
  expect(all('AWS::ApiGateway::RestApi')[0].BinaryMediaTypes).toEqual(['*/*']);
});

test('pages may ask first, for every path', () => {
  const paths = new Set(ROUTES.map(({ path }) => path));
  expect(preflights.map(({ ResourceId }) => pathOf(ResourceId)).sort()).toEqual([...paths].sort());
  for (const { Integration, ApiKeyRequired, ResourceId } of preflights) {
    // Without this API Gateway answers 500: everything is binary, and the template is text.
    expect(Integration.ContentHandling).toBe('CONVERT_TO_TEXT');
    expect(ApiKeyRequired).toBe(false);
    const [{ StatusCode, ResponseParameters }] = Integration.IntegrationResponses;
    expect(StatusCode).toBe('204');
    const allowed = ResponseParameters['method.response.header.Access-Control-Allow-Methods'];
    for (const { method, path } of ROUTES) {
      if (path === pathOf(ResourceId)) expect(allowed).toContain(method);
    }
  }
});

describe('what API Gateway answers by itself', () => {
  const responses = all('AWS::ApiGateway::GatewayResponse');

  test('covers every kind that AWS documents', () => {
    expect(responses.map(({ ResponseType }) => ResponseType).sort()).toEqual([
      'ACCESS_DENIED',
      'API_CONFIGURATION_ERROR',
      'AUTHORIZER_CONFIGURATION_ERROR',
      'AUTHORIZER_FAILURE',
      'BAD_REQUEST_BODY',
      'BAD_REQUEST_PARAMETERS',
      'DEFAULT_4XX',
      'DEFAULT_5XX',
      'EXPIRED_TOKEN',
      'INTEGRATION_FAILURE',
      'INTEGRATION_TIMEOUT',
      'INVALID_API_KEY',
      'INVALID_SIGNATURE',
      'MISSING_AUTHENTICATION_TOKEN',
      'QUOTA_EXCEEDED',
      'REQUEST_TOO_LARGE',
      'RESOURCE_NOT_FOUND',
      'THROTTLED',
      'UNAUTHORIZED',
      'UNSUPPORTED_MEDIA_TYPE',
      'WAF_FILTERED',
    ]);
  });

  test.each(
    responses.map((response) => [response.ResponseType, response] as const),
  )('%s is a problem of our table, and a page may read it', (_, {
    StatusCode,
    ResponseParameters,
    ResponseTemplates,
  }) => {
    const problem = JSON.parse(ResponseTemplates['application/json']);
    const known = ERROR_TABLE[problem.code as ErrorCode];
    expect(problem).toMatchObject({ ...known, type: `/problems/${problem.code}` });
    expect(StatusCode).toBe(String(known.status));
    expect(problem.instance).toBe('$context.requestId');
    expect(problem.detail).toMatch(/\.$/);
    expect(ResponseParameters).toMatchObject({
      'gatewayresponse.header.Content-Type': "'application/problem+json'",
      'gatewayresponse.header.Access-Control-Allow-Origin': "'*'",
      'gatewayresponse.header.X-Request-Id': 'context.requestId',
    });
  });
});

describe('a custom domain', () => {
  const apiCertificate = 'arn:aws:acm:eu-west-1:123456789012:certificate/abc';
  const named = templateFor({ ...CHAT, apiDomain: 'api.undertone.example', apiCertificate });
  const outputs = (from: Template) => from.toJSON().Outputs as Record<string, Properties>;

  test('leads to the stage, with TLS 1.2 and a certificate of the region', () => {
    const [domain] = all('AWS::ApiGateway::DomainName', named);
    expect(domain).toMatchObject({
      DomainName: 'api.undertone.example',
      RegionalCertificateArn: apiCertificate,
      EndpointConfiguration: { Types: ['REGIONAL'] },
      SecurityPolicy: 'TLS_1_2',
    });
    const [{ BasePath, Stage }] = all('AWS::ApiGateway::BasePathMapping', named);
    expect({ BasePath, Stage }).toEqual({ Stage: { Ref: expect.stringMatching(/Stageprod/) } });
    expect(all('AWS::ApiGateway::DomainName')).toEqual([]);
  });

  test('is what is entered at the platforms and what the bots call, so it outlives the API', () => {
    const values = Object.entries(outputs(named)).map(([name, { Value }]) => [name, Value]);
    expect(Object.fromEntries(values)).toMatchObject({
      Endpoint: 'https://api.undertone.example/',
      DiscordInteractionsUrl: 'https://api.undertone.example/discord/interactions',
      SlackRequestUrl: 'https://api.undertone.example/slack/events',
      ApiDomainTarget: { 'Fn::GetAtt': [expect.anything(), 'RegionalDomainName'] },
    });
    const worker = properties(named, 'AWS::Lambda::Function', /^ChatFunction/);
    const [container] = all('AWS::ECS::TaskDefinition', named)[0].ContainerDefinitions;
    const url = 'https://api.undertone.example/';
    expect(worker.Environment.Variables.UNDERTONE_API_ENDPOINT).toBe(url);
    expect(container.Environment).toContainEqual({ Name: 'UNDERTONE_API_ENDPOINT', Value: url });
    expect(outputs(template)).not.toHaveProperty('ApiDomainTarget');
  });

  test('leaves the address that AWS gave the API to CloudFront', () => {
    expect(all('AWS::ApiGateway::RestApi', named)[0].DisableExecuteApiEndpoint).toBeUndefined();
    const [{ DistributionConfig }] = all('AWS::CloudFront::Distribution', named);
    expect(JSON.stringify(DistributionConfig.Origins)).toContain('execute-api');
  });
});

describe('instances that are kept ready', () => {
  const integrationOf = (from: Template) =>
    JSON.stringify(
      all('AWS::ApiGateway::Method', from).map(({ Integration }) => Integration.Uri ?? null),
    );

  test('are none by default, and then there is no alias', () => {
    expect(all('AWS::Lambda::Alias')).toEqual([]);
  });

  test('belong to POST /v1/emotion, which the API then calls by their alias', () => {
    const ready = templateFor({ provisionedConcurrency: '3' });
    const [[id, alias], ...others] = Object.entries(ready.findResources('AWS::Lambda::Alias'));
    expect(others).toEqual([]);
    expect(alias.Properties).toMatchObject({
      FunctionName: { Ref: expect.stringMatching(/^Apiemotion/) },
      ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 3 },
    });
    expect(integrationOf(ready)).toContain(`{"Ref":"${id}"}`);
    expect(integrationOf(ready)).not.toMatch(/"ApiemotionFunction\w+","Arn"/);
    expect(integrationOf(template)).toMatch(/"ApiemotionFunction\w+","Arn"/);
    const allowed = all('AWS::Lambda::Permission', ready).map(({ FunctionName }) => FunctionName);
    expect(allowed).toContainEqual({ Ref: id });
  });
});

describe('who may ask how much', () => {
  const limited = templateFor({ requestsPerSecond: '7', burst: '9', requestsPerAddress: '123' });

  test('each route, by a throttle of its own', () => {
    const [
      {
        MethodSettings: [others, ...routes],
      },
    ] = all('AWS::ApiGateway::Stage', limited);
    const throttle = ({ ThrottlingRateLimit, ThrottlingBurstLimit }: Properties) => [
      ThrottlingRateLimit,
      ThrottlingBurstLimit,
    ];
    // The preflights.
    expect(others).toMatchObject({ ResourcePath: '/*', HttpMethod: '*' });
    expect(throttle(others)).toEqual([2, 3]);
    const name = ({ ResourcePath, HttpMethod }: Properties) =>
      `${HttpMethod} ${ResourcePath.slice(1).replaceAll('~1', '/')}`;
    expect(
      Object.fromEntries(routes.map((each: Properties) => [name(each), throttle(each)])),
    ).toEqual({
      'POST /v1/emotion': [7, 9],
      'POST /v1/uploads': [2, 3],
      'GET /v1/results/{id}': [14, 18],
      'DELETE /v1/results/{id}': [2, 3],
      'POST /v1/batches': [2, 3],
      'GET /v1/batches/{id}/results': [1, 1],
      'GET /v1/model': [2, 3],
      'GET /openapi.json': [2, 3],
    });
    for (const { MetricsEnabled } of routes) expect(MetricsEnabled).toBe(false);
  });

  test('each address', () => {
    const [{ Rules, DefaultAction }] = all('AWS::WAFv2::WebACL', limited);
    expect(DefaultAction).toEqual({ Allow: {} });
    expect(Rules[0]).toMatchObject({
      Action: { Block: {} },
      Statement: { RateBasedStatement: { AggregateKeyType: 'IP', Limit: 123 } },
    });
    expect(all('AWS::WAFv2::WebACLAssociation', limited)).toHaveLength(1);
  });

  test('with keys, whoever has one', () => {
    expect(all('AWS::ApiGateway::ApiKey')).toEqual([]);
    for (const { ApiKeyRequired } of methods) expect(ApiKeyRequired ?? false).toBe(false);
    const keyed = templateFor({ apiKeys: 'discord, slack', keyRequestsPerDay: '500' });
    expect(all('AWS::ApiGateway::ApiKey', keyed)).toHaveLength(2);
    expect(all('AWS::ApiGateway::UsagePlanKey', keyed)).toHaveLength(2);
    expect(all('AWS::ApiGateway::UsagePlan', keyed)[0].Quota).toEqual({
      Limit: 500,
      Period: 'DAY',
    });
    const guarded = all('AWS::ApiGateway::Method', keyed).filter((m) => m.ApiKeyRequired);
    const open = ['model', 'openapi'];
    expect(guarded).toHaveLength(ROUTES.filter(({ handler }) => !open.includes(handler)).length);
  });
});

test('the access log says nothing about who asked, what they sent and which result they read', () => {
  const [{ AccessLogSetting, MethodSettings }] = all('AWS::ApiGateway::Stage');
  expect(AccessLogSetting.Format).toContain('$context.requestId');
  expect(AccessLogSetting.Format).not.toMatch(/identity|\.path\b|querystring|header|body/i);
  for (const settings of MethodSettings) {
    expect(settings).toMatchObject({ DataTraceEnabled: false, LoggingLevel: 'ERROR' });
  }
});

test('API Gateway keeps nothing beside that: no traces with URLs, no log that never expires', () => {
  const [[, stage]] = Object.entries(template.findResources('AWS::ApiGateway::Stage'));
  expect(stage.Properties.TracingEnabled ?? false).toBe(false);
  const [[id, log]] = Object.entries(template.findResources('AWS::Logs::LogGroup')).filter(
    ([, { Properties }]) => Properties.LogGroupName,
  );
  expect(JSON.stringify(log.Properties.LogGroupName)).toMatch(
    /API-Gateway-Execution-Logs_.*ApiRest.*\/prod/,
  );
  expect(log.Properties.RetentionInDays).toBe(30);
  expect(stage.DependsOn).toContain(id);
});
