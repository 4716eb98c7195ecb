import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, test } from 'vitest';
import {
  CHAT,
  policyStatements,
  properties,
  type Statement,
  stackFor,
  templateFor,
  UPLOADER,
} from './synth.ts';

const template = templateFor();
const PAGE_CERTIFICATE = 'arn:aws:acm:us-east-1:123456789012:certificate/abc';

describe('permissions', () => {
  test('no action has a wildcard, and only X-Ray actions apply to all resources', () => {
    for (const context of [{}, { apiKeys: 'discord,slack' }, CHAT]) {
      for (const { Effect, Action, Resource } of policyStatements(templateFor(context))) {
        expect(Effect).toBe('Allow');
        const actions = [Action].flat();
        expect(actions.filter((action) => action.includes('*'))).toEqual([]);
        // Neither does logging in to the image registry.
        if (Resource === '*' && actions[0] !== 'ecr:GetAuthorizationToken') {
          expect(actions).toEqual(['xray:PutTelemetryRecords', 'xray:PutTraceSegments']);
        }
      }
    }
  });

  test('the function that decodes strangers’ audio for the API has access to no bucket and no table', () => {
    const policy = properties(template, 'AWS::IAM::Policy', /^ApiemotionRole/);
    const actions = policy.PolicyDocument.Statement.flatMap((s: Statement) => s.Action);
    expect(actions.sort()).toEqual([
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
  });

  test('the CDK’s function that uploads the page writes to its bucket only', () => {
    const uploader = properties(template, 'AWS::IAM::Policy', UPLOADER);
    for (const { Action, Resource } of uploader.PolicyDocument.Statement as Statement[]) {
      const isWriting = [Action].flat().some((action) => /Put|Delete/.test(action));
      const target = JSON.stringify(Resource);
      if (isWriting) expect(target).toMatch(/^\[.*WebsiteFiles.*WebsiteFiles[^{]*\]$/);
      else if (Resource !== '*') expect(target).toMatch(/-assets-|WebsiteFiles/);
      else expect(Action).toEqual(['cloudfront:CreateInvalidation', 'cloudfront:GetInvalidation']);
    }
  });

  test('labels are written under labels/ only', () => {
    const puts = policyStatements(template).filter(({ Action }) => Action === 's3:PutObject');
    const suffixes = puts.map(({ Resource }) => JSON.stringify(Resource).match(/\/(\w+)\/\*/)?.[1]);
    expect(suffixes.sort()).toEqual(['labels', 'uploads']);
  });

  test('CloudWatch may publish alarms to the topic', () => {
    const { PolicyDocument } = properties(template, 'AWS::SNS::TopicPolicy', /./);
    expect(PolicyDocument.Statement).toContainEqual(
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sns:Publish',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
      }),
    );
  });
});

describe('cdk-nag, AwsSolutions', () => {
  const rulesBrokenBy = (stack: Stack) =>
    new AwsSolutionsChecks().validateScope(stack).violations.map(({ ruleName }) => ruleName);

  test.each([
    [{}],
    [{ apiKeys: 'discord,slack', alarmEmail: 'ops@example.org', emotionConcurrency: '50' }],
    [{ node: '22', architecture: 'x86_64', labelDays: '0' }],
    [{ removal: 'destroy' }],
    [CHAT],
    [{ ...CHAT, apiKeys: 'somebody', architecture: 'x86_64', node: '22' }],
    [{ pageDomain: 'undertone.example', pageCertificate: PAGE_CERTIFICATE }],
    [{ apiDomain: 'api.undertone.example', apiCertificate: PAGE_CERTIFICATE }],
    [{ ...CHAT, slackSecret: CHAT.discordSecret, provisionedConcurrency: '2' }],
  ])('reports nothing with %o', (context) => {
    const stack = stackFor(context);
    Template.fromStack(stack);
    expect(rulesBrokenBy(stack)).toEqual([]);
  });

  test('reports what is not justified', () => {
    const stack = new Stack(new App(), 'Bare');
    new Bucket(stack, 'Bucket');
    expect(rulesBrokenBy(stack)).toEqual(expect.arrayContaining(['AwsSolutions-S10']));
  });
});
