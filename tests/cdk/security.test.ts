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

/** The name of a resource without the hash of its logical id, and what follows it in the ARN. */
function nameOf(resource: unknown): string {
  const text = JSON.stringify(resource);
  const [, name = text] = /"Fn::GetAtt":\["(\w+?)[0-9A-F]{8}",/.exec(text) ?? [];
  const [, rest = ''] = /,"(\/[^"]*)"\]/.exec(text) ?? [];
  return name + rest;
}

describe('permissions', () => {
  test('no action has a wildcard, and only X-Ray actions apply to all resources', () => {
    for (const context of [{}, { apiKeys: 'discord,slack' }, CHAT]) {
      for (const { Effect, Action, Resource } of policyStatements(templateFor(context))) {
        expect(Effect).toMatch(/^(Allow|Deny)$/);
        const actions = [Action].flat();
        expect(actions.filter((action) => action.includes('*'))).toEqual([]);
        // Neither does logging in to the image registry.
        if (Resource === '*' && actions[0] !== 'ecr:GetAuthorizationToken') {
          expect(actions).toEqual(['xray:PutTelemetryRecords', 'xray:PutTraceSegments']);
        }
      }
    }
  });

  /** What each function may do, by the resource, without writing its log and its traces. */
  const allowed = (id: RegExp) => {
    const { PolicyDocument } = properties(template, 'AWS::IAM::Policy', id);
    const statements = PolicyDocument.Statement as Statement[];
    return statements
      .filter(
        ({ Effect, Action }) => Effect === 'Allow' && !/^(logs|xray):/.test([Action].flat()[0]),
      )
      .map(({ Action, Resource }) => [nameOf(Resource), [Action].flat().sort()])
      .sort();
  };
  const consuming = ['ChangeMessageVisibility', 'DeleteMessage', 'GetQueueAttributes']
    .concat(['GetQueueUrl', 'ReceiveMessage'])
    .map((action) => `sqs:${action}`);
  const items = ['Delete', 'Get', 'Put', 'Update'].map((verb) => `dynamodb:${verb}Item`);

  test.each([
    [/^ApiemotionRole/, []],
    [/^ApimodelRole/, []],
    [/^ApiopenapiRole/, []],
    [
      /^UploadsClassifyUploadRole/,
      [
        ['StateResults', ['dynamodb:GetItem', 'dynamodb:UpdateItem']],
        ['StorageUploads/*', ['s3:DeleteObject', 's3:GetObject']],
        ['UploadsQueue', consuming],
      ],
    ],
    [
      /^UploadsFailUploadRole/,
      [
        ['StateResults', ['dynamodb:UpdateItem']],
        ['StorageUploads/*', ['s3:DeleteObject']],
        ['UploadsDeadLetters', consuming],
      ],
    ],
    [
      /^ApiuploadsRole/,
      [
        ['StateResults', ['dynamodb:PutItem']],
        ['StorageUploads/*', ['s3:PutObject']],
      ],
    ],
    [/^ApiresultRole/, [['StateResults', ['dynamodb:GetItem']]]],
    [
      /^ApideleteresultRole/,
      [
        ['StateResults', ['dynamodb:DeleteItem']],
        ['StorageUploads/*', ['s3:DeleteObject']],
      ],
    ],
    [
      /^LabellingLabelRole/,
      [
        ['LabellingQueue', consuming],
        ['StateIdempotency', items],
        ['StorageInbox', ['s3:ListBucket']],
        ['StorageInbox/*', ['s3:GetObject']],
        ['StorageResults/labels/*', ['s3:PutObject']],
      ],
    ],
  ])('%s names exactly what its function needs', (id, expected) => {
    expect(allowed(id)).toEqual(expected);
  });

  test('whatever has taken over the function that decodes uploads learns of no other upload', () => {
    const { PolicyDocument } = properties(template, 'AWS::IAM::Policy', /^UploadsClassifyUpload/);
    const denied = (PolicyDocument.Statement as Statement[]).filter((s) => s.Effect === 'Deny');
    expect(denied).toEqual([
      {
        Effect: 'Deny',
        Action: 'sqs:ReceiveMessage',
        Resource: { 'Fn::GetAtt': [expect.stringMatching(/^UploadsQueue/), 'Arn'] },
        // Of calls from within a function, not of those with which Lambda receives for it.
        Condition: { Null: { 'lambda:SourceFunctionArn': 'false' } },
      },
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
    expect(puts.map(({ Resource }) => nameOf(Resource)).sort()).toEqual([
      'StorageResults/labels/*',
      'StorageUploads/*',
    ]);
  });

  test('CloudWatch and Budgets of this account may publish to the topic of alarms, and nobody else', () => {
    const { PolicyDocument } = properties(template, 'AWS::SNS::TopicPolicy', /./);
    const [, ...allowed] = PolicyDocument.Statement;
    expect(allowed).toEqual([
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sns:Publish',
        Principal: { Service: ['budgets.amazonaws.com', 'cloudwatch.amazonaws.com'] },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
    ]);
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
    [{ ...CHAT, slackDistribution: 'true' }],
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
